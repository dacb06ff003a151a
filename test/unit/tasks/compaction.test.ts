import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompactionPlan } from '../../../src/agent/tasks/compaction.ts';

const megabyte = 1024 * 1024;

test('a file is written anew above a megabyte, and again when it has grown by one, or by half', () => {
  const plan = new CompactionPlan();
  assert.equal(plan.isDue(megabyte, false), false);
  assert.equal(plan.isDue(megabyte + 1, false), true);
  plan.judged(megabyte / 2, false);
  assert.equal(plan.isDue(1.5 * megabyte, false), false);
  assert.equal(plan.isDue(1.5 * megabyte + 1, false), true);
  plan.judged(8 * megabyte, false);
  assert.equal(plan.isDue(12 * megabyte, false), false);
  assert.equal(plan.isDue(12 * megabyte + 1, false), true);
});

test('what was in use during a flood is looked at once more when the flood is over, and only once', () => {
  const plan = new CompactionPlan();
  plan.judged(8 * megabyte, true);
  assert.equal(plan.isDue(9 * megabyte, true), false);
  assert.equal(plan.isDue(9 * megabyte, false), true);
  plan.judged(9 * megabyte, false);
  assert.equal(plan.isDue(10 * megabyte, false), false);
});
