import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outgoing, Refusal } from '../../../src/agent/connection/messages.ts';
import type { JournalRecord } from '../../../src/agent/tasks/journalState.ts';
import { MemoryJournal } from '../../fakes/memoryJournal.ts';
import { completed, TaskDesk } from '../../fakes/taskDesk.ts';
import { result, task } from './examples.ts';

const ofKind = <K extends Outgoing['kind']>(desk: TaskDesk, kind: K) =>
  desk.sent.flatMap(({ message }) => (message.kind === kind ? [message as Extract<Outgoing, { kind: K }>] : []));

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

test('a result refused for good is over: told of once, kept whole with the reason, and sent again only when asked for', async () => {
  const journal = new MemoryJournal();
  const desk = new TaskDesk({ journal });
  const summary = 'long '.repeat(20_000);
  await desk.assign(task('a'));
  await desk.complete('a', { ...completed, result: { summary } });
  await about(desk, 'final');
  await desk.reconnect();
  await desk.clock.advance(600_000);
  assert.equal(desk.results.length, 1);
  assert.equal(desk.journal.tasks.size, 0);
  const ended = desk.journal.ended.get('a');
  assert.deepEqual([ended?.how, ended?.reason], ['refused', 'because final']);
  assert.deepEqual(ended?.result?.result, { summary });
  assert.deepEqual(
    desk.events.flatMap((event) => (event.type === 'notice' ? [event.failure.code] : [])),
    ['result-refused'],
  );
  assert.equal(desk.runner.undelivered, 0);
  assert.deepEqual(desk.runner.unfinished, []);

  const next = new TaskDesk({ journal: new MemoryJournal(journal.recorded) });
  next.runner.start();
  await next.reconnect();
  assert.deepEqual(next.sent, [], 'a restart does not try it either');
  await next.assign(task('a'));
  assert.deepEqual(next.work, []);
  assert.deepEqual(
    next.results.map(({ result }) => result),
    [{ summary }],
  );
});

test('a result that nobody answers goes out again after 30, 60 and 120 seconds, and then with the next connection', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  const counts: number[] = [];
  for (const seconds of [29, 2, 58, 3, 116, 5, 3600]) {
    await desk.clock.advance(seconds * 1000);
    counts.push(desk.results.length);
  }
  assert.deepEqual(counts, [1, 2, 2, 3, 3, 4, 4]);
  await desk.reconnect();
  assert.equal(desk.results.length, 5);
  await desk.clock.advance(31_000);
  assert.equal(desk.results.length, 6, 'a new connection begins anew');
  await desk.deliver('a');
  await desk.clock.advance(3_600_000);
  assert.equal(desk.results.length, 6);
  assert.equal(desk.clock.pending, 0);
});

test('a late answer to the first sending counts, whether it takes or refuses the result', async () => {
  for (const word of ['delivered', 'refused'] as const) {
    const desk = new TaskDesk();
    await desk.assign(task('a'));
    await desk.complete('a');
    const first = desk.resultId('a');
    await desk.clock.advance(31_000);
    assert.equal(desk.results.length, 2);
    if (word === 'delivered') await desk.hear({ kind: 'delivered', messageId: first });
    else await desk.hear({ kind: 'refused', reason: 'finished', text: 'task already completed', about: first });
    assert.equal(desk.runner.undelivered, 0);
    assert.equal(desk.journal.ended.get('a')?.how, 'delivered');
    await desk.clock.advance(600_000);
    assert.equal(desk.results.length, 2);
  }
});

test('a result that is repeated because the server asked is not pressed on it', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  await desk.deliver('a');
  await desk.assign(task('a'));
  await desk.clock.advance(600_000);
  assert.equal(desk.results.length, 2);
});

test('ten thousand results without an answer are watched by one timer', async () => {
  const earlier: JournalRecord[] = Array.from({ length: 10_000 }, (_, n) => ({
    kind: 'result',
    result: result(`t${n}`),
  }));
  const desk = new TaskDesk({ journal: new MemoryJournal(earlier) });
  desk.runner.start();
  await desk.clock.advance(20_000);
  assert.equal(desk.results.length, 10_000);
  assert.equal(desk.clock.pending, 1);
  await desk.clock.advance(20_000);
  assert.equal(desk.results.length, 20_000);
});

test('a result that is too large is tried a few times, as the connection shortens it, and then kept', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  for (let n = 1; n <= 6; n++) {
    assert.equal(desk.results.length, n);
    await about(desk, 'tooLarge');
    while (n < 6 && desk.results.length === n) await desk.clock.advance(1000);
  }
  await desk.clock.advance(600_000);
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
      for (let second = 0; second < 300 && desk.results.length === round; second++) await desk.clock.advance(1000);
      assert.equal(desk.results.length, round + 1);
    }
    await about(desk, reason);
    await desk.reconnect();
    assert.equal(desk.results.length, 6, 'a new connection does not wait');
    await desk.deliver('a');
    assert.equal(desk.clock.pending, 0);
  });
}

test('a result that was refused for the moment and then delivered after all is not sent again', async () => {
  const desk = new TaskDesk();
  await desk.assign(task('a'));
  await desk.complete('a');
  await about(desk, 'passing');
  await desk.clock.advance(500);
  await desk.deliver('a');
  await desk.clock.advance(600_000);
  assert.equal(desk.results.length, 1);
  assert.equal(desk.journal.ended.get('a')?.how, 'delivered');
  assert.equal(desk.clock.pending, 0);
});

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
