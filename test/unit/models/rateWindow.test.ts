import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../../../src/agent/failures.ts';
import { type Admitted, RateWindow } from '../../../src/agent/models/rateWindow.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { never } from './bedrockSetup.ts';

const hour = 3_600_000;
const twoAMinute = { requestsPerMinute: 2, tokensPerHour: 0 };
const thousandAnHour = { requestsPerMinute: 0, tokensPerHour: 1000 };

function failure(outcome: Admitted | Failure): Failure {
  assert.ok('code' in outcome, 'it was let through');
  return outcome;
}

function admitted(outcome: Admitted | Failure): Admitted {
  assert.ok('settle' in outcome, 'it was refused');
  return outcome;
}

test('a request beyond the minute waits until the oldest is a minute old, in order', async () => {
  const clock = new FakeClock();
  const window = new RateWindow(clock);
  const gone: number[] = [];
  const calls = [1, 2, 3, 4, 5].map((name) =>
    window.admit(1, twoAMinute, hour, never).then((outcome) => {
      admitted(outcome);
      gone.push(name);
    }),
  );
  await clock.advance(0);
  assert.deepEqual(gone, [1, 2]);
  await clock.advance(59_000);
  assert.deepEqual(gone, [1, 2]);
  await clock.advance(1000);
  assert.deepEqual(gone, [1, 2, 3, 4]);
  await clock.advance(60_000);
  await Promise.all(calls);
  assert.deepEqual(gone, [1, 2, 3, 4, 5]);
  assert.equal(clock.pending, 0);
});

test('tokens count for an hour, and what a call took in the end replaces what was supposed', async () => {
  const clock = new FakeClock();
  const window = new RateWindow(clock);
  const first = admitted(await window.admit(900, thousandAnHour, hour, never));
  let second: Admitted | undefined;
  const waiting = window.admit(500, thousandAnHour, hour, never).then((outcome) => {
    second = admitted(outcome);
  });
  await clock.advance(1000);
  assert.equal(second, undefined);
  first.settle(100);
  await waiting;
  assert.ok(second);
  const third = window.admit(500, thousandAnHour, hour, never);
  await clock.advance(hour);
  admitted(await third);
});

test('a wait that is too long is refused at once, and says when it would be', async () => {
  const clock = new FakeClock();
  const window = new RateWindow(clock);
  admitted(await window.admit(1000, thousandAnHour, hour, never));
  const refused = failure(await window.admit(10, thousandAnHour, 60_000, never));
  assert.equal(refused.code, 'rate-limited');
  assert.match(refused.message, /1000 tokens an hour.* 60 min/);
  assert.equal(refused.retryable, false);
  assert.equal(clock.pending, 0);
});

test('nobody waits behind one whose wait is longer than he may wait himself', async () => {
  const clock = new FakeClock();
  const window = new RateWindow(clock);
  admitted(await window.admit(1000, thousandAnHour, hour, never));
  const abort = new AbortController();
  const patient = window.admit(10, thousandAnHour, 2 * hour, abort.signal);
  await clock.advance(0);
  failure(await window.admit(10, thousandAnHour, 60_000, never));
  abort.abort();
  await assert.rejects(patient);
});

test('a call that is larger than the hour allows never fits', async () => {
  const refused = failure(await new RateWindow(new FakeClock()).admit(1001, thousandAnHour, hour, never));
  assert.match(refused.message, /larger/);
});

test('an abort ends the wait, leaves no timer, and the next has its turn', async () => {
  const clock = new FakeClock();
  const window = new RateWindow(clock);
  admitted(await window.admit(800, thousandAnHour, hour, never));
  const abort = new AbortController();
  const first = window.admit(900, thousandAnHour, hour, abort.signal);
  const second = window.admit(100, thousandAnHour, hour, never);
  await clock.advance(1000);
  abort.abort();
  await assert.rejects(first);
  admitted(await second);
  assert.equal(clock.pending, 0);
});

test('whoever was expected to wait for long and does not is nobody to wait behind', async () => {
  const clock = new FakeClock();
  const window = new RateWindow(clock);
  const first = admitted(await window.admit(500, thousandAnHour, hour, never));
  const abort = new AbortController();
  const aborted = window.admit(900, thousandAnHour, 2 * hour, abort.signal);
  await clock.advance(0);
  abort.abort();
  await assert.rejects(aborted);
  admitted(await window.admit(100, thousandAnHour, 60_000, never));
  const early = window.admit(900, thousandAnHour, 2 * hour, never);
  await clock.advance(0);
  first.settle(0);
  admitted(await early);
  assert.match(failure(await window.admit(900, thousandAnHour, 60_000, never)).message, /60 min/);
});

test('without rates nothing waits', async () => {
  const window = new RateWindow(new FakeClock());
  const none = { requestsPerMinute: 0, tokensPerHour: 0 };
  for (let call = 0; call < 100; call += 1) admitted(await window.admit(1e9, none, 0, never));
});
