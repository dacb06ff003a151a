import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { replay } from '../../src/agent/tasks/journalLines.ts';
import type { Task } from '../../src/agent/tasks/task.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { KillPointServer, type Life } from './killPointServer.ts';

const root = await mkdtemp(join(tmpdir(), 'kill-points-'));
after(() => rm(root, { recursive: true, force: true }));

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  type: 'code_review',
  priority: 'normal',
  payload: { files: ['a.ts'] },
  origin: 'server',
  ...more,
});

/** Between any two steps of a task's journey, in the order of the journey. */
const disk = (step: string) =>
  ['before the write', 'half written', 'written, not synced', 'synced', 'durable'].map((where) => `${step}: ${where}`);
const journey: readonly string[] = [
  'registered: heard',
  'task: heard',
  'task: taken',
  ...disk('accepted'),
  'accepted: sent',
  'event task-queued',
  ...['before the write', 'half written', 'written, not synced', 'written'].map((where) => `running: ${where}`),
  'event task-start',
  'progress: sent',
  'work: under way',
  'work: done',
  ...disk('result'),
  'event task-end',
  'result: sent',
  'server: before the commit',
  'server: committed, not acknowledged',
  'server: acknowledged',
  'delivered: heard',
  'delivered: taken',
  ...disk('ended'),
  'event task-delivered',
];
/** Before these the work was not safe yet, so it may have been done twice; after them never. */
const workIsSafeFrom = journey.indexOf('result: synced');

const compaction = ['before the write', 'half written', 'written, not synced', 'synced', 'renamed'].map(
  (where) => `compaction: ${where}`,
);
const cancelling = ['cancel: heard', 'cancel: taken', 'result: before the write', 'result: durable', 'result: sent'];

interface Case {
  readonly what: string;
  readonly lives: readonly Life[];
  readonly tasks: readonly Task[];
  /** What the journal already holds, to no use any more. */
  readonly deadBytes?: number;
  readonly check?: (server: KillPointServer) => void;
}

const two = [task('a'), task('b')];
/** Hangs until it is cancelled. */
const endless = [task('a', { type: 'analysis' }), task('b')];
const allCompleted = ({ tasks }: KillPointServer) => {
  for (const { runs, committed } of tasks) {
    assert.equal(committed?.status, 'completed');
    assert.ok(runs <= 2, `${runs} runs`);
  }
};

const cases: readonly Case[] = [
  ...journey.map((point, index) => ({
    what: point,
    lives: [{ point }],
    tasks: two,
    check: (server: KillPointServer) => {
      allCompleted(server);
      if (index >= workIsSafeFrom) assert.equal(server.tasks[0]?.runs, 1, 'work whose result was safe was done again');
    },
  })),
  ...compaction.map((point) => ({
    what: point,
    lives: [{ point }],
    tasks: two,
    deadBytes: 1_200_000,
    check: allCompleted,
  })),
  ...cancelling.map((point) => ({
    what: `${point}, of a cancelled task`,
    lives: [{ point, cancel: true }],
    tasks: endless,
    check: ({ tasks: [first] }: KillPointServer) => assert.equal(first?.committed?.status, 'cancelled'),
  })),
  ...[
    'registered: heard',
    'running: written',
    'result: written, not synced',
    'result: sent',
    'ended: half written',
  ].map((point) => ({
    what: `work: under way, and in the next life at ${point}`,
    lives: [{ point: 'work: under way' }, { point }],
    tasks: two,
  })),
];

async function survives(server: KillPointServer, folder: string, lives: readonly Life[]): Promise<void> {
  for (const life of lives) assert.equal(await server.live(life), false, `${life.point} was never reached`);
  const { cancel = false } = lives.at(-1) ?? {};
  assert.equal(await server.live({ cancel }), true, 'the agent did not finish');
  for (const {
    task: { id },
    commits,
    said,
  } of server.tasks) {
    assert.equal(commits, 1, `${id} has ${commits} effective results`);
    for (const each of said) assert.deepEqual(each, said[0], `${id} was answered in two ways`);
  }
  const { state } = replay(await readFile(join(folder, 'journal.jsonl'), 'utf8'));
  assert.equal(state.tasks.size, 0);
  for (const {
    task: { id },
  } of server.tasks)
    assert.equal(state.ended.get(id)?.how, 'delivered');
}

test('an agent killed between any two steps loses nothing and answers each task once', {
  concurrency: 3,
}, async (t) => {
  let survived = 0;
  await Promise.all(
    cases.map(({ what, lives, tasks, deadBytes = 0, check }, number) =>
      t.test(`killed at "${what}"`, async () => {
        const folder = join(root, String(number));
        await mkdir(folder);
        await writeFile(join(folder, 'journal.jsonl'), `${'-'.repeat(999)}\n`.repeat(deadBytes / 1000));
        const server = new KillPointServer(folder, tasks, number % 2 === 1);
        await survives(server, folder, lives);
        check?.(server);
        survived += 1;
      }),
    ),
  );
  console.log(`kill points ${survived}/${cases.length}`);
  assert.equal(survived, cases.length);
});

test('a task that brings the agent down three times is given up, and its neighbour is not', async () => {
  const folder = join(root, 'poison');
  const server = new KillPointServer(folder, [task('poison', { type: 'analysis' }), task('b')], false);
  const lives = Array.from({ length: 3 }, () => ({ point: 'work: endless' }));
  await survives(server, folder, lives);
  const [poison, neighbour] = server.tasks;
  assert.equal(poison?.committed?.status, 'failed');
  assert.match(String(poison?.committed?.error), /brought the agent down 3 times/);
  assert.equal(poison?.runs, 3);
  assert.equal(neighbour?.committed?.status, 'completed');
});

for (const seed of [1, 2]) {
  test(`killed again and again at any moment, thirty tasks still get one result each (seed ${seed})`, async () => {
    const folder = join(root, `random-${seed}`);
    const random = new FakeClock({ seed });
    const tasks = Array.from({ length: 30 }, (_, n) => task(`t${n}`));
    const server = new KillPointServer(folder, tasks, seed % 2 === 0);
    const deaths: Life[] = Array.from({ length: 12 }, () => ({ killAfter: 150 + random.random() * 250 }));
    for (const death of deaths) await server.live(death);
    await survives(server, folder, []);
    for (const { runs } of server.tasks) assert.ok(runs <= 3, `${runs} runs`);
  });
}
