/**
 * Everything that reads what a server, a model or a disk wrote, under a million messages each made from a real one, and
 * the socket under a million frames. `node test/faults/fuzz.ts [--seed N] [--messages N] [--frames N]`.
 */
import { parseArgs } from 'node:util';
import { fuzzFrames } from './fuzzFrames.ts';
import { type FuzzReport, fuzzMessages } from './fuzzMessages.ts';

const goalBytes = 16 * 1024 * 1024;
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    messages: { type: 'string', default: '1000000' },
    frames: { type: 'string', default: '1000000' },
  },
});
const seed = Number(values.seed);

function megabytes(bytes: number): string {
  return `${bytes < 0 ? '' : '+'}${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function print(what: string, { counts, total, wrong, slowest, memory }: FuzzReport, seconds: number): void {
  for (const [name, count] of counts) console.log(`  ${String(count).padStart(9)}  ${name}`);
  for (const line of wrong) console.log(`  WRONG: ${line}`);
  const holds = wrong.length === 0 && memory.resident <= goalBytes;
  console.log(
    `${what}: ${total} in ${seconds.toFixed(0)} s, ${wrong.length} wrong, slowest ${slowest.ms.toFixed(1)} ms (${slowest.name}), ` +
      `memory after the warm-up ${megabytes(memory.resident)} (goal +16), held ${megabytes(memory.held)}: ${holds ? 'holds' : 'does not hold'}`,
  );
  if (!holds) process.exitCode = 1;
}

console.log(`seed ${seed}`);
let before = performance.now();
const messages = Number(values.messages);
if (messages > 0) print('messages', await fuzzMessages(seed, messages), (performance.now() - before) / 1000);
before = performance.now();
const frames = Number(values.frames);
if (frames > 0) print('frames', await fuzzFrames(seed, frames), (performance.now() - before) / 1000);
