import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../../src/agent/host.ts';
import { checkSettings } from '../../../src/agent/settings.ts';
import { createConsent, type TaskRequest } from '../../../src/agent/tasks/consent.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { TaskDesk, type TaskDeskOptions } from '../../fakes/taskDesk.ts';
import { task } from './examples.ts';

interface Asked {
  readonly request: TaskRequest;
  readonly signal: AbortSignal;
  answer(may: boolean): void;
}

/** A runner whose host asks the test. */
function deskThatAsks(options: TaskDeskOptions & { server?: object; nobody?: boolean } = {}) {
  const asked: Asked[] = [];
  const mayRun: NonNullable<Host['mayRun']> = (request, signal) =>
    new Promise((answer, reject) => {
      asked.push({ request, signal, answer });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  let settings = checkSettings({
    server: { url: 'wss://mesh.example.com/ws', tasks: 'ask', ...options.server },
  }).settings;
  const clock = options.clock ?? new FakeClock();
  const consent = createConsent(options.nobody ? {} : { mayRun }, () => settings, clock);
  const desk = new TaskDesk({ ...options, clock, consent });
  const setTasks = async (tasks: 'allow' | 'ask') => {
    settings = { ...settings, server: { ...settings.server, tasks } };
    consent.settingsChanged();
    await desk.settle();
  };
  const answer = async (index: number, may: boolean) => {
    asked[index]?.answer(may);
    await desk.settle();
  };
  return { desk, asked, answer, setTasks };
}

const files = { files: ['a.ts', 'b.ts', 'c.ts'] };

test('a task that the person is asked about is journalled and accepted, and does not run', async () => {
  const { desk, asked } = deskThatAsks();
  await desk.assign(task('a', { payload: files }));
  assert.deepEqual(desk.order, ['durable received', 'durable accepted', 'send accepted', 'event task-asking']);
  assert.deepEqual(
    desk.runner.asking.map(({ id }) => id),
    ['a'],
  );
  assert.deepEqual(desk.runner.queued, []);
  assert.deepEqual(desk.runner.unfinished, ['a']);
  const [question] = asked;
  assert.equal(question?.request.wish, 'review 3 files');
  assert.equal(question?.request.host, 'mesh.example.com');
  assert.equal(question?.request.origin, 'wss://mesh.example.com:443');
});

test('once it is allowed it runs like any other', async () => {
  const { desk, answer } = deskThatAsks();
  await desk.assign(task('a', { payload: files }));
  await answer(0, true);
  assert.deepEqual(desk.runner.asking, []);
  await desk.complete('a');
  assert.equal(desk.results[0]?.status, 'completed');
});

test('a refusal is the result of the task, in a sentence, and no work is done', async () => {
  const { desk, answer } = deskThatAsks();
  await desk.assign(task('a', { payload: files }));
  await answer(0, false);
  assert.equal(desk.work.length, 0);
  assert.equal(desk.results[0]?.status, 'failed');
  assert.match(desk.results[0]?.error ?? '', /did not allow the task/);
  assert.equal(desk.runner.failsOften, false);
});

test('what waits for an answer takes no place from the person’s own tasks', async () => {
  const { desk } = deskThatAsks({ limits: { concurrentTasks: 1, queuedTasks: 1 } });
  await desk.assign(task('a', { payload: files }));
  const ran = desk.runner.run(task('mine', { origin: 'local' }), new AbortController().signal);
  await desk.settle();
  await desk.complete('mine');
  assert.equal((await ran).status, 'completed');
});

test('it does take room from further tasks of the server, so that questions cannot pile up', async () => {
  const { desk, asked } = deskThatAsks({ limits: { queuedTasks: 2 } });
  for (const id of ['a', 'b', 'c']) await desk.assign(task(id, { payload: files }));
  assert.equal(asked.length, 2);
  assert.match(desk.results[0]?.error ?? '', /queue is full/);
});

test('a task that is cancelled while the person is asked is over, and the question is withdrawn', async () => {
  const { desk, asked, answer } = deskThatAsks();
  await desk.assign(task('a', { payload: files }));
  await desk.hear({ kind: 'cancel', taskId: 'a' });
  assert.equal(asked[0]?.signal.aborted, true);
  await answer(0, true);
  assert.equal(desk.work.length, 0);
  assert.deepEqual(
    desk.results.map(({ status }) => status),
    ['cancelled'],
  );
});

test('a deadline holds while the person is asked', async () => {
  const { desk, asked } = deskThatAsks();
  await desk.assign(task('a', { payload: files, deadline: desk.clock.now() + 1000 }));
  await desk.clock.advance(1001);
  assert.equal(asked[0]?.signal.aborted, true);
  assert.equal(desk.results[0]?.status, 'failed');
});

test('a task that comes again while the person is asked is one task and one question', async () => {
  const { desk, asked } = deskThatAsks();
  await desk.assign(task('a', { payload: files }));
  await desk.clock.advance(2000);
  await desk.assign(task('a', { payload: files }));
  assert.equal(asked.length, 1);
  assert.deepEqual(desk.kinds(), ['accepted', 'accepted']);
});

test('after a restart the person is asked again', async () => {
  const journal = new MemoryJournal();
  const first = deskThatAsks({ journal });
  await first.desk.assign(task('a', { payload: files }));
  first.desk.runner.dispose();
  await first.desk.settle();
  assert.equal(first.asked[0]?.signal.aborted, true);
  assert.deepEqual(first.desk.results, []);
  const second = deskThatAsks({ journal });
  second.desk.runner.start();
  await second.desk.settle();
  assert.equal(second.asked.length, 1);
  assert.equal(second.desk.work.length, 0);
});

test('when the settings do not want a question any more, what waits goes on', async () => {
  const { desk, asked, setTasks } = deskThatAsks();
  await desk.assign(task('a', { payload: files }));
  await setTasks('allow');
  assert.equal(asked[0]?.signal.aborted, true);
  assert.equal(desk.work.length, 1);
});

test('where nobody can be asked nothing is allowed', async () => {
  const { desk } = deskThatAsks({ nobody: true });
  await desk.assign(task('a', { payload: files }));
  assert.equal(desk.work.length, 0);
  assert.match(desk.results[0]?.error ?? '', /nobody to ask/);
});

test('nobody is asked about a task that cannot be read', async () => {
  const { desk, asked } = deskThatAsks();
  await desk.assign(task('a', { payload: { nothing: true } }));
  assert.equal(asked.length, 0);
  assert.match(desk.results[0]?.error ?? '', /payload cannot be read/);
});

test('tasks beyond so many in a minute are refused in a sentence, and a minute later taken again', async () => {
  const { desk } = deskThatAsks({ server: { tasks: 'allow', tasksPerMinute: 3 } });
  for (const id of ['a', 'b', 'c', 'd']) await desk.assign(task(id, { payload: files }));
  assert.match(desk.results[0]?.error ?? '', /more than 3 tasks within a minute/);
  assert.match(desk.results[0]?.error ?? '', /may succeed later/);
  await desk.clock.advance(60_000);
  await desk.assign(task('e', { payload: files }));
  assert.ok(desk.results.every(({ task_id }) => task_id === 'd'));
  assert.equal(desk.runner.unfinished.includes('e'), true);
});
