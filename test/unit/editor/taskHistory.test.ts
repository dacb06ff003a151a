import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failures } from '../../../src/agent/failures.ts';
import { keepTaskHistory } from '../../../src/editor/taskHistory.ts';
import { FakeAgent } from '../../fakes/fakeAgent.ts';

const task = (id: string) => ({ id, type: 'code_review', title: id, origin: 'server', priority: 'normal' }) as const;
const raise = (error: unknown) => {
  throw error;
};

test('running comes first, then what waits, then what is done, the newest first', () => {
  const agent = new FakeAgent();
  const history = keepTaskHistory(agent, raise);
  for (const id of ['a', 'b', 'c', 'd']) agent.queue(task(id));
  for (const id of ['a', 'b', 'c']) agent.start(task(id));
  agent.progress('c', 0.4, 'reading');
  agent.end(task('a'), 'completed');
  agent.end(task('b'), 'failed', null, failures.throttled(''));
  assert.deepEqual(
    history.rows().map((row) => [row.task.id, row.kind]),
    [
      ['c', 'running'],
      ['d', 'queued'],
      ['b', 'done'],
      ['a', 'done'],
    ],
  );
  const [running] = history.rows();
  assert.ok(running?.kind === 'running' && running.progress === 0.4 && running.message === 'reading');
  assert.equal(history.lastFailure(), failures.throttled('').message);
  assert.equal(history.done('b')?.failure?.code, 'throttled');
});

test('only the newest tasks are remembered', () => {
  const agent = new FakeAgent();
  const history = keepTaskHistory(agent, raise);
  for (let index = 0; index < 100; index++) {
    agent.start(task(`t${index}`));
    agent.end(task(`t${index}`), 'completed');
  }
  assert.equal(history.rows().length, 30);
  assert.equal(history.rows()[0]?.task.id, 't99');
});

test('dispose ends the listening', () => {
  const agent = new FakeAgent();
  keepTaskHistory(agent, raise).dispose();
  assert.equal(agent.listeners, 0);
});
