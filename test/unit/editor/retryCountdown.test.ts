import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failures } from '../../../src/agent/failures.ts';
import { createRetryCountdown } from '../../../src/editor/retryCountdown.ts';
import { FakeAgent } from '../../fakes/fakeAgent.ts';

const url = 'wss://mesh.example.com/ws';

test('the time to the next try counts down while something is waited for, and only then', () => {
  const agent = new FakeAgent();
  const countdown = createRetryCountdown(agent);
  assert.equal(countdown.secondsLeft(), 0);
  agent.become({ kind: 'waiting', url, attempt: 2, retryInMs: 90_000, failure: failures.unreachable('h', '') });
  const first = countdown.left();
  assert.ok(first > 60_000 && first <= 90_000, String(first));
  assert.ok(countdown.secondsLeft() <= 90);
  agent.become({ kind: 'connecting', url, attempt: 3 });
  assert.equal(countdown.left(), 0);
  countdown.dispose();
  assert.equal(agent.listeners, 0);
});
