// `npm test`: everything, ended by one line with the real counts. It fails on any failure, crash or run without tests.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { prepareEditors, runEditors, runNames } from '../editor/allRuns.ts';
import { build } from './build.ts';
import { root } from './paths.ts';

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const rooms = ['unit', 'contract', 'faults'];

/** The `*.test.ts` files outside the editor, each in a process of its own. A file that hangs fails. */
async function runOutside(): Promise<Count> {
  const files = rooms.flatMap((room) => globSync(join(root, 'test', room, '**', '*.test.ts'))).sort();
  if (files.length === 0) throw new Error('There are no test files.');
  const tests = run({ files, concurrency: true, timeout: 300_000 });
  let count: Count = { passed: 0, failed: 0 };
  tests.on('test:summary', ({ file, counts, success }) => {
    if (file !== undefined) return;
    // A test that was skipped did not pass.
    const failed = counts.tests - counts.passed;
    // A run that is no success without a failed test has lost a whole file.
    count = { passed: counts.passed, failed: success ? failed : Math.max(failed, 1) };
  });
  const printed = tests.compose(spec);
  for await (const text of printed) process.stdout.write(text);
  return count;
}

/** A step that breaks down counts as one failure, and the steps after it still run. */
async function counted(step: string, work: () => Promise<Count>): Promise<Count> {
  try {
    const count = await work();
    if (count.passed + count.failed > 0) return count;
    console.error(`${step}: no test ran.`);
  } catch (error) {
    console.error(`${step}:`, error);
  }
  return { passed: 0, failed: 1 };
}

async function main(): Promise<Count[]> {
  const built = await build().then(
    () => [],
    (error: unknown) => {
      console.error('the build:', error);
      return [{ passed: 0, failed: 1 }];
    },
  );
  // Fetched while the tests outside the editor run. What fails here fails again, and is reported, when it is needed.
  const prepared = prepareEditors().catch(() => undefined);
  const outside = await counted('tests outside the editor', runOutside);
  await prepared;
  const inside = await counted('tests in the editor', async () => {
    const { passed, failures } = await runEditors({ runs: runNames });
    return { passed, failed: failures.length };
  });
  return [...built, outside, inside];
}

const counts = await main();
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
process.exitCode = failed > 0 ? 1 : 0;
// Last of all, also after what late handles still print.
process.on('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
