import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { completed, TaskDesk } from '../../fakes/taskDesk.ts';
import { task } from './examples.ts';

test('a task assigned again while it is queued or running runs once, and is accepted again at most once a second', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  for (let n = 0; n < 10_000; n++) desk.runner.hear({ kind: 'task', task: task('a') });
  await desk.settle();
  assert.deepEqual(desk.kinds(), ['accepted']);
  await desk.clock.advance(1000);
  await desk.assign(task('a'));
  assert.deepEqual(desk.kinds(), ['accepted', 'accepted']);
  assert.equal(desk.work.length, 1);
});

test('a task assigned again after its result gets the same result again, and no second run', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  for (let n = 0; n < 100; n++) await desk.assign(task('a'));
  assert.equal(desk.results.length, 1, 'not while the first one is on its way');
  await desk.clock.advance(1000);
  assert.equal(desk.results.length, 2);
  assert.deepEqual(desk.results[0], desk.results[1]);
  await desk.deliver('a');
  assert.equal(desk.events.filter(({ type }) => type === 'task-delivered').length, 1);
  assert.equal(desk.work.length, 1);
});

test('a task assigned again after its delivery is answered with the stored result, also after a restart', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  await desk.assign(task('a'));
  await desk.complete('a');
  await desk.deliver('a');
  await desk.assign(task('a'));
  assert.deepEqual(desk.results[1], desk.results[0]);
  await desk.deliver('a');
  assert.equal(desk.events.filter(({ type }) => type === 'task-delivered').length, 1, 'delivered is told once');
  const later = new TaskDesk({ journal: new MemoryJournal(journal.recorded) });
  later.runner.start();
  await later.assign(task('a'));
  assert.deepEqual(later.results, [desk.results[0]]);
  assert.equal(later.work.length, 0);
});

test('of a large result that was delivered only the status is said again', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a', { ...completed, result: { text: 'x'.repeat(20_000) } });
  await desk.deliver('a');
  await desk.assign(task('a'));
  const [first, second] = desk.results;
  assert.equal(second?.status, 'completed');
  assert.equal(second?.result, null);
  assert.equal(second?.completed_at, first?.completed_at);
  assert.match(String(second?.error), /delivered before/);
});

test('cancelling a running task aborts it and answers with one cancelled result', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.hear({ kind: 'cancel', taskId: 'a', reason: 'no longer needed' });
  assert.equal(desk.working('a').signal.aborted, true);
  await desk.complete('a');
  assert.deepEqual(
    desk.results.map(({ status, error }) => [status, error]),
    [['cancelled', 'no longer needed']],
  );
  assert.deepEqual(desk.runner.counts, { completed: 0, failed: 0 });
});

test('cancelling a queued task answers without any work', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  await desk.assign(task('a'));
  await desk.assign(task('b'));
  await desk.hear({ kind: 'cancel', taskId: 'b' });
  await desk.complete('a');
  assert.deepEqual(
    desk.results.map(({ task_id, status }) => [task_id, status]),
    [
      ['b', 'cancelled'],
      ['a', 'completed'],
    ],
  );
  assert.equal(desk.work.length, 1);
});

test('a task cancelled while it is being journalled is neither accepted nor run', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  journal.hold();
  await desk.assign(task('a'));
  await desk.hear({ kind: 'cancel', taskId: 'a' });
  journal.release();
  await desk.settle();
  assert.deepEqual(desk.kinds(), ['result']);
  assert.equal(desk.results[0]?.status, 'cancelled');
  assert.equal(desk.work.length, 0);
});

test('a cancel that comes before its task is remembered, also across a restart', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  await desk.hear({ kind: 'cancel', taskId: 'a' });
  assert.deepEqual(desk.sent, []);
  const later = new TaskDesk({ journal: new MemoryJournal(journal.recorded) });
  later.runner.start();
  await later.assign(task('a'));
  assert.deepEqual(
    later.results.map(({ status }) => status),
    ['cancelled'],
  );
  assert.equal(later.work.length, 0);
});

test('a cancel that comes after the result changes nothing', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  await desk.hear({ kind: 'cancel', taskId: 'a' });
  await desk.deliver('a');
  await desk.hear({ kind: 'cancel', taskId: 'a' });
  assert.deepEqual(
    desk.results.map(({ status }) => status),
    ['completed'],
  );
});

test('a worker that ignores its abort loses its place after a while', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  await desk.assign(task('a'));
  await desk.assign(task('b'));
  await desk.hear({ kind: 'cancel', taskId: 'a' });
  assert.deepEqual(desk.runner.running, []);
  assert.equal(desk.work.length, 1);
  await desk.clock.advance(10_000);
  assert.equal(desk.work.length, 2);
  await desk.complete('a');
  assert.equal(desk.results.length, 1);
});

test('ten thousand cancels that race the end of the work give ten thousand tasks exactly one result each', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 10 } });
  const hops = async (count: number) => {
    for (let n = 0; n < count; n++) await null;
  };
  const total = 10_000;
  for (let n = 0; n < total; n++) {
    const id = `t${n}`;
    desk.runner.hear({ kind: 'task', task: task(id) });
    // Where in the journey the cancel comes, and how close behind it the end of the work.
    const racing = [
      hops(Math.floor(desk.clock.random() * 24)).then(() => desk.runner.hear({ kind: 'cancel', taskId: id })),
      hops(Math.floor(desk.clock.random() * 24)).then(() =>
        desk.work.findLast((each) => each.task.id === id)?.end(completed),
      ),
    ];
    await Promise.all(racing);
    await hops(24);
    desk.work.findLast((each) => each.task.id === id)?.end(completed);
    desk.work.length = 0;
    desk.order.length = 0;
    if (n % 100 === 0) await desk.settle();
  }
  for (const { id, message } of [...desk.sent]) {
    if (message.kind === 'result') desk.runner.hear({ kind: 'delivered', messageId: id });
  }
  // Also not a second time, later.
  await desk.clock.advance(60_000);
  const seen = new Map<string, number>();
  for (const { task_id } of desk.results) seen.set(task_id, (seen.get(task_id) ?? 0) + 1);
  assert.equal(seen.size, total);
  assert.equal([...seen.values()].filter((count) => count !== 1).length, 0);
  const statuses = new Set(desk.results.map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), ['cancelled', 'completed'], 'both sides win at times');
  assert.deepEqual([desk.runner.running, desk.runner.queued], [[], []]);
});
