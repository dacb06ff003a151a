/**
 * Everything that can go wrong, at once and at random, judged by the server's own log: no task is lost, none is answered
 * in two ways, and none is run more often than its retries allow.
 * `node test/faults/chaos.ts [--seed N] [--seeds 20] [--tasks 1000]`; `--seed` alone plays one again.
 */
import { parseArgs } from 'node:util';
import { ChaosRun, type ChaosVerdict, holds } from './chaosRun.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string' }, tasks: { type: 'string', default: '1000' } },
});
const first = values.seed === undefined ? Math.floor(Math.random() * 1e6) * 100 : Number(values.seed);
const count = Number(values.seeds ?? (values.seed === undefined ? 20 : 1));
const tasks = Number(values.tasks);

function print(verdict: ChaosVerdict): void {
  const { seed, faults, kills, restarts, connections, executions, lost, contradicted, overrun, recalled } = verdict;
  const { broken, seconds } = verdict;
  console.log(
    `seed ${seed}: ${verdict.tasks} tasks, ${faults} faults (${kills} killed, ${restarts} begun anew), ` +
      `${connections} connections, lost ${lost.length}, contradicted ${contradicted.length}, ` +
      `${executions} executions, ${overrun.length} too often, ${recalled} recalled, ${seconds.toFixed(1)} s`,
  );
  for (const [what, list] of Object.entries({ lost, contradicted, overrun, broken })) {
    for (const line of list.slice(0, 5)) console.log(`  ${what.toUpperCase()}: ${line}`);
  }
}

const began = performance.now();
let held = 0;
for (let n = 0; n < count; n++) {
  const verdict = await ChaosRun.of(first + n, tasks);
  print(verdict);
  if (holds(verdict)) held += 1;
  else console.log(`  again: node test/faults/chaos.ts --seed ${verdict.seed} --tasks ${tasks}`);
}
console.log(`chaos: ${held}/${count} seeds hold, ${((performance.now() - began) / 1000).toFixed(0)} s`);
if (held < count) process.exitCode = 1;
