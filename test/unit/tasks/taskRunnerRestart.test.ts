import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Outgoing } from '../../../src/agent/connection/messages.ts';
import { failures } from '../../../src/agent/failures.ts';
import { openJournal } from '../../../src/agent/tasks/journal.ts';
import type { JournalRecord } from '../../../src/agent/tasks/journalState.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { TaskDesk } from '../../fakes/taskDesk.ts';
import { result, task } from './examples.ts';

const ofKind = <K extends Outgoing['kind']>(desk: TaskDesk, kind: K) =>
  desk.sent.flatMap(({ message }) => (message.kind === kind ? [message as Extract<Outgoing, { kind: K }>] : []));

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
  assert.equal(desk.order.filter((step) => /^(durable|written) /.test(step)).length, 4);
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

test('a task that comes while draining is declined at once, kept nowhere and not ended, so that another agent can have it', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  let told = 0;
  desk.runner.onDraining(() => {
    told += 1;
  });
  await desk.assign(task('running'));
  const draining = desk.runner.drain(new AbortController().signal);
  assert.equal(told, 1);
  const recorded = journal.recorded.length;
  desk.sent.length = 0;
  await desk.assign(task('late'));
  assert.deepEqual(
    desk.sent.map(({ message }) => message),
    [
      {
        kind: 'error',
        code: 'agent_draining',
        text: 'this agent is stopping and takes no more tasks',
        about: 'late',
      },
    ],
  );
  assert.equal(journal.recorded.length, recorded);
  assert.deepEqual(desk.runner.unfinished, ['running']);
  await desk.complete('running');
  await draining;
  await desk.runner.drain(new AbortController().signal);
  assert.equal(told, 1);
});

test('a higher limit starts what waits at once', async () => {
  const desk = new TaskDesk({ limits: { concurrentTasks: 1 } });
  for (const id of ['a', 'b', 'c']) await desk.assign(task(id));
  assert.equal(desk.work.length, 1);
  desk.limits = { ...desk.limits, concurrentTasks: 3 };
  desk.runner.limitsChanged();
  await desk.settle();
  assert.deepEqual(
    desk.work.map(({ task: { id } }) => id),
    ['a', 'b', 'c'],
  );
});

test('a cancellation that came before its task is on disk at once, and holds after the process was killed', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'tombstone-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const clock = new FakeClock();
  const log = () => undefined;
  const desk = new TaskDesk({ clock, journal: await openJournal(folder, { clock, log }) });
  desk.runner.hear({ kind: 'cancel', taskId: 'early' });
  await desk.journal.flush();
  // Killed: nothing is disposed. The next life reads what is on disk.
  const next = new TaskDesk({ clock, journal: await openJournal(folder, { clock, log }) });
  next.runner.start();
  next.runner.hear({ kind: 'task', task: task('early') });
  await next.journal.flush();
  await next.settle();
  assert.deepEqual(next.work, []);
  assert.deepEqual(
    next.results.map(({ task_id, status }) => [task_id, status]),
    [['early', 'cancelled']],
  );
  next.runner.dispose();
  desk.runner.dispose();
});

test('what is not this window’s at the start is taken up later, and accepted then', async () => {
  const journal = new MemoryJournal([
    { kind: 'received', task: task('a') },
    { kind: 'accepted', id: 'a' },
    { kind: 'received', task: task('b') },
    { kind: 'accepted', id: 'b' },
    { kind: 'running', id: 'b', attempt: 2 },
    { kind: 'result', result: result('c') },
  ]);
  const desk = new TaskDesk({ journal, mine: (id) => id === 'a' });
  desk.runner.start();
  await desk.settle();
  assert.deepEqual(desk.runner.unfinished, ['a']);
  desk.runner.takeUp('b');
  desk.runner.takeUp('c');
  desk.runner.takeUp('unknown');
  desk.runner.takeUp('b');
  await desk.settle();
  assert.deepEqual(desk.runner.unfinished, ['a', 'b', 'c']);
  assert.deepEqual(
    desk.sent.map(({ message }) => (message.kind === 'accepted' ? message.taskId : message.kind)),
    ['b', 'result'],
  );
  assert.equal(desk.work.filter(({ task: { id } }) => id === 'b').length, 1);
});
