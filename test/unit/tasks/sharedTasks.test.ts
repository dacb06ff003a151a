import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Incoming } from '../../../src/agent/connection/messages.ts';
import { openJournal } from '../../../src/agent/tasks/journal.ts';
import type { JournalRecord } from '../../../src/agent/tasks/journalState.ts';
import { openSharedTasks, type SharedTasks } from '../../../src/agent/tasks/sharedTasks.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { ClaimTable } from '../../fakes/memoryClaims.ts';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { result, task } from './examples.ts';

const root = await mkdtemp(join(tmpdir(), 'shared-tasks-'));
after(() => rm(root, { recursive: true, force: true }));

const server = 'wss://mesh.example.com:443';
const nameOf = (id: string) => `task\n${server}\n${id}`;
const given = (id: string): Incoming => ({ kind: 'task', task: task(id) });
const quiet = () => undefined;

/** One window whose runner writes down what it hears, and takes every task that it hears of. */
class Window {
  readonly heard: string[] = [];
  readonly clock: FakeClock;
  readonly shared: SharedTasks;
  takes = true;

  private constructor(shared: SharedTasks, clock: FakeClock) {
    this.shared = shared;
    this.clock = clock;
    shared.attach({
      hear: (word) => {
        const id = word.kind === 'task' ? word.task.id : word.kind === 'cancel' ? word.taskId : '';
        this.heard.push(`${word.kind} ${id}`);
        if (word.kind === 'task' && this.takes) {
          void shared.journal.record({ kind: 'received', task: word.task }, { kind: 'accepted', id });
        }
      },
      takeUp: (id) => this.heard.push(`takeUp ${id}`),
    });
  }

  static async open(
    table: ClaimTable,
    { name = 'me', journal = new MemoryJournal(), origin = server, most = 100, clock = new FakeClock() }: Given = {},
  ): Promise<Window> {
    const parts = { journal, most: () => most, clock, log: quiet };
    const shared = await openSharedTasks({ claims: table.window(name), origin: () => origin || undefined, ...parts });
    return new Window(shared, clock);
  }

  async hear(...words: readonly Incoming[]): Promise<void> {
    for (const word of words) this.shared.hear(word);
    await this.clock.advance(0);
  }
}

interface Given {
  readonly name?: string;
  readonly journal?: MemoryJournal;
  readonly origin?: string;
  readonly most?: number;
  readonly clock?: FakeClock;
}

const accepted = (id: string): JournalRecord[] => [
  { kind: 'received', task: task(id) },
  { kind: 'accepted', id },
];

test('tasks reach the runner in the order in which they came, whichever claim is decided first', async () => {
  const table = new ClaimTable();
  const me = await Window.open(table);
  table.hold();
  await me.hear(given('a'), given('b'), given('a'), given('c'));
  assert.deepEqual(me.heard, []);
  table.go();
  await me.clock.advance(0);
  assert.deepEqual(me.heard, ['task a', 'task b', 'task c']);
});

test('a cancellation that overtakes the claim comes after the task', async () => {
  const table = new ClaimTable();
  const me = await Window.open(table);
  table.hold();
  await me.hear(given('a'), { kind: 'cancel', taskId: 'a' }, { kind: 'cancel', taskId: 'unknown' });
  table.go();
  await me.clock.advance(0);
  assert.deepEqual(me.heard, ['cancel unknown', 'task a', 'cancel a']);
});

test('a task of another window is not heard of until that window lets go of it', async () => {
  const table = new ClaimTable();
  const other = table.window('other');
  await other.take(nameOf('a'));
  const me = await Window.open(table);
  await me.hear(given('a'));
  await me.clock.advance(20_000);
  assert.deepEqual(me.heard, []);
  await other.release(nameOf('a'));
  await me.clock.advance(5000);
  assert.deepEqual(me.heard, ['task a']);
});

test('a task that another window has done is never heard of', async () => {
  const table = new ClaimTable();
  const other = table.window('other');
  await other.take(nameOf('a'));
  const me = await Window.open(table);
  await me.hear(given('a'));
  await other.finish(nameOf('a'));
  await me.clock.advance(5000);
  await me.hear(given('a'));
  const looked = table.log.length;
  await me.clock.advance(60_000);
  assert.deepEqual(me.heard, []);
  assert.equal(table.log.length, looked, 'and is no longer looked at');
  assert.equal(me.clock.pending, 0);
});

test('a server that goes on assigning what another window has is looked at once a second', async () => {
  const table = new ClaimTable();
  await table.window('other').take(nameOf('a'));
  const me = await Window.open(table);
  for (let times = 0; times < 100; times++) await me.hear(given('a'));
  assert.equal(table.log.filter((line) => line.startsWith('me')).length, 1);
  await me.clock.advance(1000);
  await me.hear(given('a'), given('a'));
  assert.equal(table.log.filter((line) => line.startsWith('me')).length, 2);
});

test('no more tasks of others are remembered than there is room for', async () => {
  const table = new ClaimTable();
  const other = table.window('other');
  const me = await Window.open(table, { most: 2 });
  for (const id of ['a', 'b', 'c']) {
    await other.take(nameOf(id));
    await me.hear(given(id));
  }
  for (const id of ['a', 'b', 'c']) await other.release(nameOf(id));
  await me.clock.advance(5000);
  assert.deepEqual(me.heard, ['task a', 'task b']);
});

test('a task of another window that is cancelled is forgotten, and the runner hears nothing', async () => {
  const table = new ClaimTable();
  const other = table.window('other');
  await other.take(nameOf('a'));
  const me = await Window.open(table);
  await me.hear(given('a'), { kind: 'cancel', taskId: 'a' });
  await me.hear(given('b'));
  await other.release(nameOf('a'));
  await me.clock.advance(5000);
  assert.deepEqual(me.heard, ['task b']);
});

test('what the runner does not take is let go of', async () => {
  const table = new ClaimTable();
  const me = await Window.open(table);
  me.takes = false;
  await me.hear(given('a'));
  assert.deepEqual(table.log, [`me take ${nameOf('a')}`, `me release ${nameOf('a')}`]);
});

test('the claim of a delivered or refused task is finished, that of a dropped one let go of', async () => {
  const table = new ClaimTable();
  const me = await Window.open(table);
  await me.hear(given('a'), given('b'), given('c'));
  await me.shared.journal.record({ kind: 'ended', id: 'a', how: 'delivered', at: 1 });
  await me.shared.journal.record({ kind: 'ended', id: 'b', how: 'refused', at: 1 });
  await me.shared.journal.record({ kind: 'ended', id: 'c', how: 'dropped', at: 1 });
  assert.deepEqual(table.log.slice(3), [
    `me finish ${nameOf('a')}`,
    `me finish ${nameOf('b')}`,
    `me release ${nameOf('c')}`,
  ]);
});

test('what this window has done, or is doing, it hears of at once and claims no more', async () => {
  const table = new ClaimTable();
  const me = await Window.open(table);
  await me.hear(given('a'));
  await me.hear(given('a'));
  await me.shared.journal.record({ kind: 'result', result: result('a') });
  await me.shared.journal.record({ kind: 'ended', id: 'a', how: 'delivered', at: 1 });
  me.shared.hear(given('a'));
  assert.deepEqual(me.heard, ['task a', 'task a', 'task a']);
  assert.equal(table.log.filter((line) => line.includes('take')).length, 1);
});

test('without a server nothing is claimed', async () => {
  const table = new ClaimTable();
  const me = await Window.open(table, { origin: '', journal: new MemoryJournal(accepted('a')) });
  me.shared.hear(given('b'));
  assert.equal(me.shared.mine('a'), true);
  assert.deepEqual(me.heard, ['task b']);
  assert.deepEqual(table.log, []);
});

test('a journalled task that another window does meanwhile is not taken up, and dropped when that has done it', async () => {
  const table = new ClaimTable();
  const other = table.window('other');
  for (const id of ['done', 'doing', 'given up']) await other.take(nameOf(id));
  await other.finish(nameOf('done'));
  const journal = new MemoryJournal(['done', 'doing', 'given up', 'mine'].flatMap(accepted));
  const me = await Window.open(table, { journal });
  assert.deepEqual(
    ['done', 'doing', 'given up', 'mine'].map((id) => me.shared.mine(id)),
    [false, false, false, true],
  );
  assert.equal(journal.ended.get('done')?.how, 'dropped');
  await other.finish(nameOf('doing'));
  await other.release(nameOf('given up'));
  await me.clock.advance(5000);
  assert.equal(journal.ended.get('doing')?.how, 'dropped');
  assert.deepEqual(me.heard, ['takeUp given up']);
  assert.deepEqual([...journal.tasks.keys()], ['given up', 'mine']);
});

/** The slot of a window that died with this in its journal. */
async function deadSlot(records: readonly JournalRecord[]): Promise<string> {
  const folder = await mkdtemp(join(root, 'agent-'));
  const journal = await openJournal(folder, { clock: new FakeClock(), log: quiet });
  await journal.record(...records);
  journal.dispose();
  await journal.flush();
  return folder;
}

async function eventually(me: Window, holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    assert.ok(turns < 10_000, 'it never came to that');
    await me.clock.advance(0);
  }
}

test('a result that a dead window left is the only one, and nothing is run again', async () => {
  const table = new ClaimTable();
  await table.window('dead').take(nameOf('a'));
  const left = result('a', { result: { summary: 'found out before' } });
  const records: JournalRecord[] = [...accepted('a'), { kind: 'running', id: 'a', attempt: 1 }];
  table.die('dead', await deadSlot([...records, { kind: 'result', result: left }]));
  const journal = new MemoryJournal();
  const me = await Window.open(table, { journal });
  await me.hear(given('a'));
  await eventually(me, () => me.heard.length > 0);
  assert.deepEqual(me.heard, ['takeUp a']);
  assert.deepEqual(journal.tasks.get('a')?.state, { kind: 'result', result: left });
});

test('the attempts of dead windows count on', async () => {
  const table = new ClaimTable();
  for (const [name, attempt] of [
    ['first', 2],
    ['second', 1],
  ] as const) {
    await table.window(name).take(nameOf('a'));
    table.die(name, await deadSlot([...accepted('a'), { kind: 'running', id: 'a', attempt }]));
  }
  const journal = new MemoryJournal();
  const me = await Window.open(table, { journal });
  await me.hear(given('a'));
  await eventually(me, () => me.heard.length > 0);
  assert.deepEqual(me.heard, ['takeUp a']);
  assert.deepEqual(journal.tasks.get('a')?.attempts, 2);
});

test('a task whose result a dead window had delivered is over', async () => {
  const table = new ClaimTable();
  await table.window('dead').take(nameOf('a'));
  table.die('dead', await deadSlot([...accepted('a'), { kind: 'ended', id: 'a', how: 'delivered', at: 1 }]));
  const me = await Window.open(table);
  await me.hear(given('a'));
  await eventually(me, () => table.log.some((line) => line.startsWith('me finish')));
  assert.deepEqual(me.heard, []);
});

test('a window that comes back finds in its place the result that another left and died with', async () => {
  const table = new ClaimTable();
  await table.window('other').take(nameOf('a'));
  const left = result('a');
  table.die('other', await deadSlot([...accepted('a'), { kind: 'result', result: left }]));
  const journal = new MemoryJournal(accepted('a'));
  const me = await Window.open(table, { journal });
  assert.equal(me.shared.mine('a'), true);
  assert.deepEqual(journal.tasks.get('a')?.state, { kind: 'result', result: left });
});
