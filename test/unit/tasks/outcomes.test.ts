import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failures } from '../../../src/agent/failures.ts';
import { Outcomes } from '../../../src/agent/tasks/outcomes.ts';
import { completed, TaskDesk } from '../../fakes/taskDesk.ts';
import { task } from './examples.ts';

const crashed = { status: 'failed', failure: failures.crashed('x') } as const;

test('one or two failures are no rule, three of three are', () => {
  const outcomes = new Outcomes();
  outcomes.add(crashed);
  outcomes.add(crashed);
  assert.equal(outcomes.failOften, false);
  outcomes.add(crashed);
  assert.equal(outcomes.failOften, true);
});

test('only the last twenty count, so that a bad morning is forgotten', () => {
  const outcomes = new Outcomes();
  for (let n = 0; n < 100; n++) outcomes.add(crashed);
  for (let n = 0; n < 10; n++) outcomes.add(completed);
  assert.equal(outcomes.failOften, false);
  for (let n = 0; n < 11; n++) outcomes.add(crashed);
  assert.equal(outcomes.failOften, true);
});

test('what nobody could do, and what was cancelled, says nothing about us', () => {
  const outcomes = new Outcomes();
  for (let n = 0; n < 10; n++) {
    outcomes.add({ status: 'failed', failure: failures.malformedPayload('x') });
    outcomes.add({ status: 'failed', failure: failures.unsupportedTask('x') });
    outcomes.add({ status: 'cancelled' });
  }
  assert.equal(outcomes.failOften, false);
});

test('the runner counts the tasks it ran and not those it turned away', async () => {
  const desk = new TaskDesk();
  for (let n = 0; n < 5; n++) await desk.assign(task(`wrong${n}`, { type: 'laundry' }));
  assert.equal(desk.runner.failsOften, false);
  for (let n = 0; n < 3; n++) {
    await desk.assign(task(`t${n}`));
    await desk.complete(`t${n}`, { status: 'failed', failure: failures.streamCut() });
  }
  assert.equal(desk.runner.failsOften, true);
});
