// `npm run test:editor -- [--only latest|minimum|installed|byHand] [--grep TEXT] [--desktop]`
import { parseArgs } from 'node:util';
import { type RunName, runEditors, runNames } from './allRuns.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, grep: { type: 'string' }, desktop: { type: 'boolean', default: false } },
});
const wanted = values.only ? runNames.filter((name) => name === values.only) : runNames;
if (wanted.length === 0) {
  console.error(`--only takes one of ${runNames.join(', ')}.`);
  process.exit(1);
}
const runs: readonly RunName[] = values.desktop ? ['desktop'] : wanted;
const result = await runEditors({ runs, ...(values.grep !== undefined && { grep: values.grep }) });
if (result.passed + result.failures.length === 0) console.log('No test matched.');
console.log(`${result.passed} passed, ${result.failures.length} failed`);
process.exit(result.failures.length === 0 && result.passed > 0 ? 0 : 1);
