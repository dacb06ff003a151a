import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outgoing } from '../../../src/agent/connection/messages.ts';
import { failures } from '../../../src/agent/failures.ts';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { completed, TaskDesk } from '../../fakes/taskDesk.ts';
import { task } from './examples.ts';

const ofKind = <K extends Outgoing['kind']>(desk: TaskDesk, kind: K) =>
  desk.sent.flatMap(({ message }) => (message.kind === kind ? [message as Extract<Outgoing, { kind: K }>] : []));

test('a task takes its steps in the order that the promise needs', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  await desk.deliver('a');
  assert.deepEqual(desk.order, [
    'durable received',
    'durable accepted',
    'send accepted',
    'event task-queued',
    'written running',
    'event task-start',
    'work a',
    'durable result',
    'event task-end',
    'send result',
    'durable ended',
    'event task-delivered',
  ]);
  assert.equal(desk.journal.tasks.size, 0);
  assert.equal(desk.journal.ended.get('a')?.how, 'delivered');
});

test('nothing is accepted, and nothing runs, before the journal has it', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  journal.hold();
  await desk.assign(task('a'));
  await desk.assign(task('a'));
  assert.deepEqual([desk.sent, desk.work, desk.events], [[], [], []]);
  journal.release();
  await desk.settle();
  assert.deepEqual(desk.kinds(), ['accepted']);
  assert.equal(desk.work.length, 1);
});

test('a result is not sent before the journal has it', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  await desk.assign(task('a'));
  journal.hold();
  await desk.complete('a');
  assert.deepEqual(desk.kinds(), ['accepted']);
  assert.equal(desk.runner.undelivered, 1);
  journal.release();
  await desk.settle();
  assert.deepEqual(desk.kinds(), ['accepted', 'result']);
});

test('the result carries what the worker found, how long it took, and when it ended', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.clock.advance(1234);
  desk.clock.setWall(Date.UTC(2026, 4, 5, 6, 7, 8));
  await desk.complete('a');
  assert.deepEqual(desk.results, [
    {
      task_id: 'a',
      status: 'completed',
      result: { summary: 'fine' },
      metadata: {
        static_issues: 1,
        ai_suggestions: 2,
        confidence: 0.5,
        tokens: { input: 0, output: 0, cache_read: 0, cache_write: 0 },
        model: null,
        not_reviewed: [],
        duration_ms: 1234,
      },
      completed_at: '2026-05-05T06:07:08.000Z',
    },
  ]);
});

test('an inconclusive result says why', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  const failure = failures.modelTimeout();
  await desk.complete('a', { ...completed, status: 'inconclusive', failure });
  assert.equal(desk.results[0]?.status, 'inconclusive');
  assert.equal(desk.results[0]?.error, failure.message);
  const end = desk.events.find((event) => event.type === 'task-end');
  assert.deepEqual(end?.type === 'task-end' && end.failure, failure);
});

test('as many run at once as the limit allows, the urgent ones first', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 2 } });
  for (const [id, priority] of [
    ['a', 'low'],
    ['b', 'low'],
    ['c', 'low'],
    ['d', 'critical'],
    ['e', 'high'],
  ] as const) {
    await desk.assign(task(id, { priority }));
  }
  assert.deepEqual(
    desk.runner.running.map(({ id }) => id),
    ['a', 'b'],
  );
  assert.deepEqual(
    desk.runner.queued.map(({ id }) => id),
    ['d', 'e', 'c'],
  );
  await desk.complete('a');
  assert.deepEqual(
    desk.runner.running.map(({ id }) => id),
    ['b', 'd'],
  );
  assert.deepEqual(desk.runner.unfinished, ['b', 'c', 'd', 'e', 'a']);
});

test('a task of an unknown type fails with exactly that sentence and is never accepted', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a', { type: 'make_coffee' }));
  assert.deepEqual(desk.kinds(), ['result']);
  assert.equal(desk.results[0]?.status, 'failed');
  assert.equal(desk.results[0]?.error, 'unsupported task type: make_coffee');
  assert.deepEqual(desk.order.slice(0, 2), ['durable result', 'event task-end']);
  assert.equal(desk.runner.counts.failed, 1);
});

test('a task named after something every object has is unknown too', async () => {
  const desk = new TaskDesk();
  for (const type of ['constructor', '__proto__', 'toString']) await desk.assign(task(type, { type }));
  assert.deepEqual(
    desk.results.map(({ error }) => error),
    ['unsupported task type: constructor', 'unsupported task type: __proto__', 'unsupported task type: toString'],
  );
});

test('a deadline that is past fails the task without any work', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a', { deadline: desk.clock.now() - 1 }));
  assert.equal(desk.results[0]?.error, failures.taskTimedOut().message);
  assert.equal(desk.work.length, 0);
});

test('a deadline that passes while running aborts the work, and only one result goes out', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a', { deadline: desk.clock.now() + 5000 }));
  await desk.clock.advance(4999);
  assert.equal(desk.working('a').signal.aborted, false);
  await desk.clock.advance(1);
  assert.equal(desk.working('a').signal.aborted, true);
  await desk.complete('a');
  assert.deepEqual(
    desk.results.map(({ error }) => error),
    [failures.taskTimedOut().message],
  );
});

test('a deadline that passes while queued fails the task without any work', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  await desk.assign(task('a'));
  await desk.assign(task('b', { deadline: desk.clock.now() + 1000 }));
  await desk.clock.advance(1000);
  assert.deepEqual(
    desk.results.map(({ task_id, error }) => [task_id, error]),
    [['b', failures.taskTimedOut().message]],
  );
  await desk.complete('a');
  assert.equal(desk.work.length, 1);
});

test('a deadline is kept by steady time, whatever the wall clock does meanwhile', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a', { deadline: desk.clock.now() + 5000 }));
  desk.clock.setWall(desk.clock.now() - 86_400_000);
  await desk.clock.advance(5000);
  assert.equal(desk.results[0]?.error, failures.taskTimedOut().message);
});

test('a deadline a year away neither fires at once nor is forgotten', async () => {
  const desk = new TaskDesk();
  const year = 365 * 86_400_000;
  await desk.assign(task('a', { deadline: desk.clock.now() + year }));
  await desk.clock.advance(year - 1);
  assert.deepEqual(desk.results, []);
  await desk.clock.advance(1);
  assert.equal(desk.results.length, 1);
});

test('a full queue turns a task away, says that later may help, and keeps the answer', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1, queuedTasks: 2 }, connected: false });
  for (const id of ['a', 'b', 'c', 'd']) await desk.assign(task(id));
  await desk.reconnect();
  const [refused] = desk.results;
  assert.equal(refused?.task_id, 'd');
  assert.equal(refused?.error, 'The queue is full (2 tasks). The same task may succeed later.');
  assert.equal(desk.journal.tasks.get('d')?.state.kind, 'result');
});

test('a payload above two megabytes, or that is no JSON, is refused at the door', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  await desk.assign(task('large', { payload: 'x'.repeat(2 * 1024 * 1024) }));
  let deep: unknown = 0;
  for (let n = 0; n < 100_000; n++) deep = [deep];
  await desk.assign(task('deep', { payload: deep }));
  await desk.assign(task('fits', { payload: 'x'.repeat(2 * 1024 * 1024 - 2) }));
  assert.deepEqual(
    desk.results.map(({ task_id }) => task_id),
    ['large', 'deep'],
  );
  assert.match(String(desk.results[0]?.error), /larger than 2 MB/);
  assert.ok(JSON.stringify(journal.recorded.filter(({ kind }) => kind === 'result')).length < 5000);
});

test('the payloads of all waiting tasks together are bounded', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  const payload = 'x'.repeat(2 * 1024 * 1024 - 2);
  for (let n = 0; n < 40; n++) await desk.assign(task(`t${n}`, { payload }));
  assert.equal(desk.results.length, 8);
  assert.equal(desk.runner.queued.length, 31);
});

test('a worker that throws fails its own task, is logged with its stack, and the agent goes on', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  await desk.assign(task('a'));
  await desk.assign(task('b'));
  desk.working('a').crash(new TypeError('undefined is not a function'));
  await desk.settle();
  assert.equal(desk.results[0]?.error, failures.crashed('').message);
  assert.deepEqual(desk.logged, ['error a task failed unexpectedly']);
  await desk.complete('b');
  assert.deepEqual(
    desk.results.map(({ status }) => status),
    ['failed', 'completed'],
  );
});

test('a result that cannot be written as JSON becomes a failed one', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a', { ...completed, result: { count: 1n } });
  assert.deepEqual(
    desk.results.map(({ status, result: what }) => [status, what]),
    [['failed', null]],
  );
  assert.equal(desk.runner.counts.failed, 1);
});

test('findings and progress are told as they come, and not after the end', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  const { report } = desk.working('a');
  const finding = sampleFinding();
  report.found([finding]);
  report.replaceFindings([finding], ['a.ts']);
  await desk.complete('a');
  const before = desk.events.length;
  report.found([finding]);
  report.replaceFindings([], []);
  report.progress(1, 'late', 'model');
  await desk.clock.advance(5000);
  assert.equal(desk.events.length, before);
  assert.deepEqual(
    desk.events.map(({ type }) => type),
    ['task-queued', 'task-start', 'finding', 'findings', 'task-end'],
  );
});

test('progress goes out at most twice a second, and the newest wins', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  const { report } = desk.working('a');
  for (let n = 0; n < 1000; n++) {
    report.progress(n / 1000, `step ${n}`, 'model');
    await desk.clock.advance(10);
  }
  await desk.clock.advance(1000);
  const progress = ofKind(desk, 'progress');
  assert.ok(progress.length >= 20 && progress.length <= 21, `${progress.length} in 10 s`);
  assert.equal(progress[0]?.message, 'step 0');
  assert.equal(progress[1]?.message, 'step 49');
  assert.equal(progress.at(-1)?.message, 'step 999');
  assert.equal(desk.events.filter(({ type }) => type === 'task-progress').length, progress.length);
});

test('progress outside of 0 to 1 is brought inside', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  for (const value of [Number.NaN, -5, 7, Number.POSITIVE_INFINITY]) {
    desk.working('a').report.progress(value, 'm', 's');
    await desk.clock.advance(500);
  }
  assert.deepEqual(
    ofKind(desk, 'progress').map(({ progress }) => progress),
    [0, 0, 1, 0],
  );
});

test('a secret in the title of a task is shown to nobody', async () => {
  const desk = new TaskDesk();
  const token = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4xY7z'}0123abcd`;
  await desk.assign(task('a', { title: `Review with ${token}` }));
  await desk.complete('a');
  assert.doesNotMatch(JSON.stringify([desk.events, desk.logged]), /aB3dE6gH/);
  assert.match(JSON.stringify(desk.events), /Review with \*+/);
});
