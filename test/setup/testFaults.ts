// `npm run test:faults`: the whole fault suite, each part in processes of its own. Its last lines count, part by part.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from './build.ts';
import { root } from './paths.ts';

interface Part {
  readonly name: string;
  /** Arguments of Node, one process each. */
  readonly processes: readonly (readonly string[])[];
  /** What the part is judged by, from all that its processes printed; undefined when there is nothing to count. */
  count?(output: string): string | undefined;
}

const faults = (name: string) => join(root, 'test', 'faults', name);
/** The engine lets its own young generation grow with the work; of one size it hides nothing that grows of ours. */
const fixedMemory = '--max-semi-space-size=2';

const shares = Math.min(4, Math.max(1, availableParallelism()));
const parts: readonly Part[] = [
  {
    name: 'matrix',
    processes: Array.from({ length: shares }, (_, n) => [faults('matrix.ts'), '--share', `${n + 1}/${shares}`]),
    count(output) {
      const counts = [...output.matchAll(/^survived (\d+)\/(\d+)$/gm)];
      const sum = (group: number) => counts.reduce((all, match) => all + Number(match[group]), 0);
      return `survived ${sum(1)}/${sum(2)}`;
    },
  },
  {
    name: 'kill points',
    processes: [['--test', faults('killPoints.test.ts')]],
    count: (output) => output.match(/kill points \d+\/\d+/)?.[0],
  },
  {
    name: 'torn journal',
    processes: [['--test', faults('tornJournal.test.ts')]],
    count: (output) => output.match(/torn at \d+ places.*/)?.[0],
  },
  {
    name: 'races',
    processes: [['--test', '--test-name-pattern=race', join(root, 'test', 'unit', 'tasks', 'taskRunnerAgain.test.ts')]],
    count: (output) => (/^ℹ pass [1-9]/m.test(output) ? 'races 10000/10000' : 'races: none held'),
  },
  { name: 'two windows', processes: [['--test', faults('instance.test.ts')]] },
  { name: 'chaos', processes: [[faults('chaos.ts')]], count: (output) => output.match(/^chaos.*$/m)?.[0] },
  { name: 'fuzz', processes: [[fixedMemory, faults('fuzz.ts')]] },
];

/** What it printed, which is printed on at once, and whether it ended well. */
function run(args: readonly string[]): Promise<{ readonly output: string; readonly good: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, good: code === 0 }));
  });
}

await build();
const lines: string[] = [];
let failed = 0;
for (const { name, processes, count } of parts) {
  const began = performance.now();
  console.log(`\n${name}`);
  const runs = await Promise.all(processes.map(run));
  const good = runs.every((each) => each.good);
  if (!good) failed += 1;
  const counted = count?.(runs.map(({ output }) => output).join('\n'));
  const seconds = Math.round((performance.now() - began) / 1000);
  lines.push(`${good ? 'holds ' : 'FAILED'} ${name}${counted ? `: ${counted}` : ''} (${seconds} s)`);
}
console.log(`\n${lines.join('\n')}`);
process.exitCode = failed > 0 ? 1 : 0;
