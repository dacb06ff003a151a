import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { coalesce } from '../../../src/editor/coalesce.ts';

test('the first request runs at once, a flood runs once a period, the last of it is never lost', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let runs = 0;
    const coalesced = coalesce(100, () => {
      runs += 1;
    });
    coalesced.request();
    assert.equal(runs, 1);
    for (let index = 0; index < 50; index++) coalesced.request();
    assert.equal(runs, 1);
    mock.timers.tick(100);
    assert.equal(runs, 2);
    mock.timers.tick(100);
    assert.equal(runs, 2);
    coalesced.request();
    assert.equal(runs, 3);
    coalesced.request();
    coalesced.dispose();
    mock.timers.tick(1000);
    assert.equal(runs, 3);
  } finally {
    mock.timers.reset();
  }
});
