import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outgoing, Refusal } from '../../../src/agent/connection/messages.ts';
import { failures } from '../../../src/agent/failures.ts';
import type { JournalRecord } from '../../../src/agent/tasks/journalState.ts';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { completed, TaskDesk } from '../../fakes/taskDesk.ts';
import { result, task } from './examples.ts';

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
    'durable running',
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

test('while there is no connection everything waits, and goes out in order at the next registration', async () => {
  const desk = new TaskDesk({ connected: false });
  for (const id of ['a', 'b', 'c']) await desk.assign(task(id));
  await desk.complete('b');
  await desk.complete('a');
  assert.deepEqual(desk.sent, []);
  assert.deepEqual(desk.runner.unfinished, ['c', 'b', 'a']);
  await desk.reconnect();
  assert.deepEqual(
    desk.results.map(({ task_id }) => task_id),
    ['b', 'a'],
  );
  assert.deepEqual(
    ofKind(desk, 'accepted').map(({ taskId }) => taskId),
    ['c'],
  );
});

test('a result that was sent but not acknowledged is sent again at every registration until it is', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  const lost = desk.resultId('a');
  await desk.reconnect();
  await desk.reconnect();
  assert.equal(desk.results.length, 3);
  await desk.hear({ kind: 'delivered', messageId: lost });
  assert.equal(desk.runner.undelivered, 1, 'an ack for a connection that is gone proves nothing here');
  await desk.deliver('a');
  await desk.reconnect();
  assert.equal(desk.results.length, 3);
  assert.equal(desk.runner.undelivered, 0);
});

test('an acceptance that the server confirmed is not said again', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.assign(task('b'));
  await desk.hear({ kind: 'delivered', messageId: String(desk.sent[0]?.id) });
  await desk.reconnect();
  assert.deepEqual(
    ofKind(desk, 'accepted').map(({ taskId }) => taskId),
    ['a', 'b', 'b'],
  );
});

test('a thousand waiting results go out in turns, in order', async () => {
  const earlier: JournalRecord[] = Array.from({ length: 1000 }, (_, n) => ({
    kind: 'result',
    result: result(`t${n}`),
  }));
  const desk = new TaskDesk({ journal: new MemoryJournal(earlier), connected: false });
  desk.runner.start();
  desk.connected = true;
  desk.runner.registered();
  assert.equal(desk.results.length, 50);
  await desk.clock.advance(1);
  assert.deepEqual(
    desk.results.map(({ task_id }) => task_id),
    earlier.map((_, n) => `t${n}`),
  );
});

const about = (desk: TaskDesk, reason: Refusal) =>
  desk.hear({ kind: 'refused', reason, text: `because ${reason}`, about: desk.resultId('a') });

for (const [reason, how, told] of [
  ['finished', 'delivered', 1],
  ['disowned', 'dropped', 0],
] as const) {
  test(`a result refused as ${reason} is ${how} and never sent again`, async () => {
    const desk = new TaskDesk();
    await desk.assign(task('a'));
    await desk.complete('a');
    await about(desk, reason);
    await desk.reconnect();
    assert.equal(desk.results.length, 1);
    assert.equal(desk.journal.ended.get('a')?.how, how);
    assert.equal(desk.events.filter(({ type }) => type === 'task-delivered').length, told);
  });
}

test('a refusal that names the task and not the message is understood as well', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  await desk.hear({ kind: 'refused', reason: 'finished', text: 'task already completed', about: 'a' });
  await desk.reconnect();
  assert.equal(desk.results.length, 1);
  assert.equal(desk.journal.ended.get('a')?.how, 'delivered');
  await desk.assign(task('b'));
  await desk.hear({ kind: 'refused', reason: 'disowned', text: 'not assigned to this agent', about: 'b' });
  assert.equal(desk.working('b').signal.aborted, true);
  assert.equal(desk.journal.ended.get('b')?.how, 'dropped');
});

test('a result refused for good stays in the journal, is told of once, and does not go out again', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  await about(desk, 'final');
  await desk.reconnect();
  await desk.clock.advance(600_000);
  assert.equal(desk.results.length, 1);
  assert.equal(desk.journal.tasks.get('a')?.state.kind, 'result');
  assert.deepEqual(
    desk.events.flatMap((event) => (event.type === 'notice' ? [event.failure.code] : [])),
    ['result-refused'],
  );
  assert.equal(desk.runner.undelivered, 0);
});

test('a result that is too large is tried a few times, as the connection shortens it, and then kept', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  for (let n = 0; n < 6; n++) {
    await about(desk, 'tooLarge');
    await desk.clock.advance(600_000);
  }
  assert.equal(desk.results.length, 6);
  assert.equal(desk.events.filter(({ type }) => type === 'notice').length, 1);
});

for (const reason of ['rate', 'passing'] as const) {
  test(`a result refused as ${reason} rests a while, longer each time, and goes out again`, async () => {
    const desk = new TaskDesk();
    await desk.assign(task('a'));
    await desk.complete('a');
    for (let round = 1; round <= 4; round++) {
      await about(desk, reason);
      await desk.clock.advance(900);
      assert.equal(desk.results.length, round, 'not at once');
      await desk.clock.advance(300_000);
      assert.equal(desk.results.length, round + 1);
    }
    await about(desk, reason);
    await desk.reconnect();
    assert.equal(desk.results.length, 6, 'a new connection does not wait');
    assert.equal(desk.clock.pending, 0);
  });
}

test('a task that the server gave to another agent is stopped and no result of it is sent', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.hear({
    kind: 'refused',
    reason: 'disowned',
    text: 'not assigned to this agent',
    about: String(desk.sent[0]?.id),
  });
  assert.equal(desk.working('a').signal.aborted, true);
  await desk.complete('a');
  assert.deepEqual(desk.results, []);
  assert.equal(desk.journal.ended.get('a')?.how, 'dropped');
  assert.deepEqual(desk.runner.unfinished, []);
  assert.equal(desk.events.at(-1)?.type, 'task-end');
  await desk.assign(task('a'));
  assert.equal(desk.work.length, 2, 'and it may come back to us');
});

test('a restart runs what was unfinished again, counts the attempts, and gives up after three', async () => {
  const records = (id: string, attempts: number): JournalRecord[] => [
    { kind: 'received', task: task(id) },
    { kind: 'accepted', id },
    ...Array.from({ length: attempts }, (_, n): JournalRecord => ({ kind: 'running', id, attempt: n + 1 })),
  ];
  const earlier = [...records('fresh', 0), ...records('second', 1), ...records('poison', 3)];
  const desk = new TaskDesk({ journal: new MemoryJournal(earlier) });
  desk.runner.start();
  desk.runner.start();
  await desk.settle();
  assert.deepEqual(
    desk.results.map(({ task_id, error }) => [task_id, error]),
    [['poison', failures.tooManyAttempts(3).message]],
  );
  const starts = desk.events.flatMap((event) => (event.type === 'task-start' ? [[event.task.id, event.attempt]] : []));
  assert.deepEqual(starts, [
    ['fresh', 1],
    ['second', 2],
  ]);
  await desk.reconnect();
  assert.deepEqual(
    ofKind(desk, 'accepted').map(({ taskId }) => taskId),
    ['fresh', 'second'],
  );
});

test('two tasks that may have brought the agent down do not run together', async () => {
  const earlier: JournalRecord[] = ['poison', 'innocent', 'new'].flatMap((id): JournalRecord[] => [
    { kind: 'received', task: task(id) },
    { kind: 'accepted', id },
    ...(id === 'new' ? [] : [{ kind: 'running', id, attempt: 1 } as const]),
  ]);
  const desk = new TaskDesk({ journal: new MemoryJournal(earlier), limits: { concurrentTasks: 3 } });
  desk.runner.start();
  await desk.settle();
  assert.deepEqual(
    desk.runner.running.map(({ id }) => id),
    ['poison', 'new'],
  );
  await desk.complete('poison');
  assert.deepEqual(
    desk.runner.running.map(({ id }) => id),
    ['new', 'innocent'],
  );
});

test('a task that was received and not yet accepted is accepted after the restart', async () => {
  const desk = new TaskDesk({ journal: new MemoryJournal([{ kind: 'received', task: task('a') }]) });
  desk.runner.start();
  await desk.settle();
  assert.deepEqual(desk.order.slice(0, 2), ['durable accepted', 'send accepted']);
  assert.equal(desk.work.length, 1);
});

test('a deadline that passed while the agent was away fails the task at the start', async () => {
  const clock = new TaskDesk().clock;
  const deadline = clock.now() - 1;
  const desk = new TaskDesk({
    journal: new MemoryJournal([
      { kind: 'received', task: task('a', { deadline }) },
      { kind: 'accepted', id: 'a' },
    ]),
  });
  desk.runner.start();
  await desk.settle();
  assert.equal(desk.results[0]?.error, failures.taskTimedOut().message);
});

test('a local task uses the same queue, and neither the journal nor the server hears of it', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  await desk.assign(task('server'));
  const local = desk.runner.run(task('local', { origin: 'local' }), new AbortController().signal);
  await desk.settle();
  assert.deepEqual(
    desk.runner.queued.map(({ id }) => id),
    ['local'],
  );
  await desk.complete('server');
  await desk.complete('local');
  assert.equal((await local).status, 'completed');
  assert.deepEqual(
    desk.results.map(({ task_id }) => task_id),
    ['server'],
  );
  assert.equal(desk.order.filter((step) => step.startsWith('durable')).length, 4);
  assert.deepEqual(desk.runner.counts, { completed: 2, failed: 0 });
});

test('a local task ends as cancelled when its signal aborts, and leaves no listener behind', async () => {
  const desk = new TaskDesk();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listeners += 1;
    add(...given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...given);
  };
  for (let n = 0; n < 20; n++) {
    const run = desk.runner.run(task(`l${n}`, { origin: 'local' }), signal);
    await desk.complete(`l${n}`);
    await run;
  }
  assert.equal(listeners, 0);
  const run = desk.runner.run(task('last', { origin: 'local' }), signal);
  controller.abort();
  assert.equal((await run).status, 'cancelled');
  assert.equal(desk.working('last').signal.aborted, true);
  assert.equal((await desk.runner.run(task('late', { origin: 'local' }), signal)).status, 'cancelled');
});

test('a server can neither cancel a local task nor have its id accepted', async () => {
  const desk = new TaskDesk();
  void desk.runner.run(task('mine', { origin: 'local' }), new AbortController().signal);
  await desk.hear({ kind: 'cancel', taskId: 'mine' });
  await desk.assign(task('mine'));
  assert.deepEqual(desk.sent, []);
  assert.deepEqual(
    desk.runner.running.map(({ id }) => id),
    ['mine'],
  );
  desk.runner.cancel('mine');
  assert.deepEqual(desk.runner.running, []);
});

test('draining finishes what runs, takes nothing new, and leaves the queue to the next life', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal, limits: { concurrentTasks: 1 } });
  await desk.assign(task('a'));
  await desk.assign(task('b'));
  const local = desk.runner.run(task('l', { origin: 'local' }), new AbortController().signal);
  let drained = false;
  const draining = desk.runner.drain(new AbortController().signal).then(() => {
    drained = true;
  });
  await desk.assign(task('c'));
  assert.equal((await local).status, 'cancelled');
  assert.equal(drained, false);
  assert.equal(desk.runner.draining, true);
  await desk.complete('a');
  await draining;
  assert.deepEqual(
    desk.results.map(({ task_id }) => task_id),
    ['a'],
  );
  assert.equal(journal.tasks.has('c'), false);
  const later = new TaskDesk({ journal: new MemoryJournal(journal.recorded) });
  later.runner.start();
  await later.settle();
  assert.deepEqual(
    later.runner.running.map(({ id }) => id),
    ['b'],
  );
});

test('draining that is cut short stops the work, which does not count as an attempt', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  await desk.assign(task('a'));
  const hurry = new AbortController();
  const draining = desk.runner.drain(hurry.signal);
  await desk.settle();
  hurry.abort();
  await draining;
  assert.equal(desk.working('a').signal.aborted, true);
  assert.deepEqual(desk.results, []);
  assert.equal(new MemoryJournal(journal.recorded).tasks.get('a')?.attempts, 0);
});

test('disposing stops everything, leaves the tasks to the next life, and no timer behind', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal, limits: { concurrentTasks: 1 } });
  await desk.assign(task('a', { deadline: desk.clock.now() + 60_000 }));
  await desk.assign(task('b', { deadline: desk.clock.now() + 60_000 }));
  desk.working('a').report.progress(0.5, 'half', 'model');
  const local = desk.runner.run(task('l', { origin: 'local' }), new AbortController().signal);
  const { report, signal } = desk.working('a');
  desk.runner.dispose();
  assert.equal((await local).status, 'cancelled');
  assert.equal(signal.aborted, true);
  const before = desk.events.length;
  report.progress(1, 'done', 'model');
  await desk.complete('a');
  await desk.assign(task('c'));
  assert.equal(desk.events.length, before);
  assert.deepEqual(desk.results, []);
  assert.equal(desk.clock.pending, 0);
  assert.equal(journal.disposed, true);
  const again = new MemoryJournal(journal.recorded);
  assert.deepEqual(
    [...again.tasks.values()].map(({ task: { id }, attempts }) => [id, attempts]),
    [
      ['a', 0],
      ['b', 0],
    ],
  );
});

test('storage that degrades is told of, whether before the start or after', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  journal.degraded = failures.storageDegraded('ENOSPC');
  desk.runner.start();
  journal.degrade(failures.storageDegraded('EROFS'));
  assert.deepEqual(
    desk.events.map((event) => event.type === 'notice' && event.failure.detail),
    ['ENOSPC', 'EROFS'],
  );
});

test('a flood of ten thousand tasks is bounded: some run, some wait, the rest is refused', async () => {
  const desk = new TaskDesk();
  for (let n = 0; n < 10_000; n++) desk.runner.hear({ kind: 'task', task: task(`t${n}`) });
  for (let n = 0; n < 1000; n++) await desk.clock.advance(1);
  assert.equal(desk.runner.running.length, 2);
  assert.equal(desk.runner.queued.length, 198);
  assert.equal(desk.results.length, 9800);
});

test('a server that takes no answers is not answered without end', async () => {
  const desk = new TaskDesk({ connected: false });
  for (let n = 0; n < 12_000; n++) desk.runner.hear({ kind: 'task', task: task(`t${n}`, { type: 'unknown' }) });
  await desk.settle();
  assert.equal(desk.journal.tasks.size, 10_000);
  assert.equal(desk.runner.unfinished.length, 1000);
});
