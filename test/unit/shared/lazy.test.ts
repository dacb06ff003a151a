import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lazy } from '../../../src/agent/shared/lazy.ts';

test('is made once, on the first call, and again after it was forgotten', async () => {
  let made = 0;
  const value = lazy(async () => ++made);
  assert.equal(made, 0);
  assert.deepEqual(await Promise.all([value(), value()]), [1, 1]);
  value.forget();
  assert.equal(await value(), 2);
});

test('a failure is told to whoever waits and not kept', async () => {
  let tries = 0;
  const value = lazy(async () => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return tries;
  });
  await assert.rejects(value(), /not yet/);
  assert.equal(await value(), 2);
});
