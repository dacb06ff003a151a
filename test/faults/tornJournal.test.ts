import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { openJournal } from '../../src/agent/tasks/journal.ts';
import type { Task } from '../../src/agent/tasks/task.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { MemoryFiles } from '../fakes/memoryFiles.ts';
import { completed, TaskDesk } from '../fakes/taskDesk.ts';

/** F35: whatever a disk left of the journal, the agent starts, keeps each promise that is still readable, and goes on. */

const folder = 'storage';
const path = join(folder, 'journal.jsonl');
const log = () => undefined;

const task = (id: string): Task => ({
  id,
  type: 'code_review',
  priority: 'normal',
  payload: { files: ['src/größe.ts'] },
  origin: 'server',
});
let whole: Buffer;

/** One task in every state there is. */
before(async () => {
  const clock = new FakeClock();
  const files = new MemoryFiles();
  const journal = await openJournal(folder, { clock, log, files });
  const desk = new TaskDesk({ clock, journal, limits: { concurrentTasks: 1 } });
  for (const id of ['delivered', 'answered', 'running', 'queued']) await desk.assign(task(id));
  await desk.complete('delivered');
  await desk.deliver('delivered');
  await desk.complete('answered');
  await desk.settle();
  whole = files.content.get(path) ?? assert.fail('there is no journal');
  desk.runner.dispose();
});

interface Damage {
  readonly where: string;
  readonly bytes: Buffer;
  /** Records of which nothing is damaged, as many as stand before the damage. */
  readonly intact: string;
}

/** The tasks that the readable records promise: accepted, and not delivered by them. */
function promised(intact: string): string[] {
  const lines = intact.split('\n').slice(0, -1);
  const accepted = lines.filter((line) => line.includes('"kind":"accepted"')).map(idIn);
  const delivered = lines.filter((line) => line.includes('"kind":"ended"')).map(idIn);
  return accepted.filter((id) => !delivered.includes(id));
}
const idIn = (line: string) => /"kind":"\w+","id":"(\w+)"/.exec(line)?.[1] ?? '';

async function survives({ where, bytes, intact }: Damage): Promise<void> {
  const clock = new FakeClock();
  const files = new MemoryFiles();
  files.content.set(path, bytes);
  const journal = await openJournal(folder, { clock, log, files });
  for (const id of promised(intact)) {
    assert.ok(journal.tasks.has(id) || journal.ended.has(id), `${where}: ${id} is lost`);
  }
  const known = [...journal.tasks.keys()];
  const desk = new TaskDesk({ clock, journal, connected: false });
  desk.runner.start();
  await desk.settle();
  await desk.reconnect();
  for (let turn = 0; turn < known.length; turn++) {
    for (const { end } of desk.work) end(completed);
    await desk.settle();
  }
  const results = desk.results.map(({ task_id }) => task_id);
  assert.deepEqual(results.sort(), [...known].sort(), `${where}: not one result each`);
  desk.runner.dispose();
  // What was appended after the damage can be read.
  const again = await openJournal(folder, { clock, log, files });
  for (const id of known) assert.equal(again.tasks.get(id)?.state.kind, 'result', `${where}: the result of ${id}`);
  again.dispose();
}

test('a journal cut off at any byte keeps every promise before the cut, and is written on', async () => {
  for (let at = 0; at <= whole.length; at++) {
    const bytes = whole.subarray(0, at);
    await survives({ where: `cut at ${at}`, bytes, intact: String(bytes) });
  }
  console.log(`torn at ${whole.length + 1} places, and kept every promise`);
});

test('a journal with damaged bytes anywhere loses at most the records that they are in', async () => {
  const dice = new FakeClock({ seed: 7 });
  const below = (most: number) => Math.floor(dice.random() * most);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole);
    const at = below(bytes.length);
    const length = 1 + below(40);
    for (let n = at; n < Math.min(at + length, bytes.length); n++) bytes[n] = below(256);
    // Line breaks that are new tear a record in two, and never make one that was not there.
    const intact = String(whole.subarray(0, at));
    const where = `${length} bytes at ${at}`;
    await survives({ where, bytes, intact: intact.slice(0, intact.lastIndexOf('\n') + 1) });
  }
});
