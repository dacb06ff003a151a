import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryDelay } from '../../../src/agent/connection/backoff.ts';

const almostOne = 0.999999;
const fiveMinutes = 300_000;

test('the first retry comes within a quarter of a second', () => {
  assert.equal(retryDelay({ failures: 1, random: 0 }), 0);
  assert.equal(retryDelay({ failures: 1, random: almostOne }), 250);
});

test('the window starts at half a second and doubles up to five minutes', () => {
  const windows = Array.from({ length: 14 }, (_, index) => retryDelay({ failures: index + 2, random: almostOne }));
  assert.deepEqual(windows.slice(0, 5), [500, 1000, 2000, 4000, 8000]);
  assert.deepEqual(windows.slice(-3), [fiveMinutes, fiveMinutes, fiveMinutes]);
});

test('the whole window is jitter', () => {
  const delays = Array.from({ length: 10 }, (_, index) => retryDelay({ failures: 5, random: index / 10 }));
  assert.deepEqual(delays, [0, 400, 800, 1200, 1600, 2000, 2400, 2800, 3200, 3600]);
});

test('what the server asked for is never undercut, jitter stays on top, and no server sends us away for longer than five minutes', () => {
  assert.equal(retryDelay({ failures: 1, random: 0, retryAfterMs: 7000 }), 7000);
  assert.equal(retryDelay({ failures: 2, random: 0.5, retryAfterMs: 7000 }), 7250);
  assert.equal(retryDelay({ failures: 1, random: 0, retryAfterMs: 86_400_000 }), fiveMinutes);
});

test('a slow try comes after a minute at least, and is spread over one more', () => {
  assert.equal(retryDelay({ failures: 1, random: 0, slow: true }), 60_000);
  assert.equal(retryDelay({ failures: 1, random: almostOne, slow: true }), 120_000);
  assert.equal(retryDelay({ failures: 14, random: almostOne, slow: true }), 60_000 + fiveMinutes);
  assert.equal(retryDelay({ failures: 1, random: 0, slow: true, retryAfterMs: 90_000 }), 90_000);
});

test('every delay is a finite number of milliseconds that is not negative', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: almostOne, noNaN: true }),
      fc.integer(),
      (failures, random, retryAfterMs) => {
        const delay = retryDelay({ failures, random, retryAfterMs });
        assert.ok(delay >= 0 && delay <= 2 * fiveMinutes, String(delay));
      },
    ),
  );
});
