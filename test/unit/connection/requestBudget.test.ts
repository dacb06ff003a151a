import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget, edgePace } from '../../../src/agent/connection/dialects/mcp/budget.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';

const day = 24 * 60 * 60_000;

/** Requests of a day in which work is there all the time, or never. */
async function asked(busy: boolean): Promise<number> {
  const clock = new FakeClock();
  const budget = createBudget(clock, edgePace);
  let requests = 0;
  while (clock.monotonic() < day) {
    if (busy) budget.sawWork();
    budget.spend();
    requests += 1;
    clock.stall(budget.wait);
  }
  return requests;
}

test('a day of work stays below the 10,000 requests of a tenant', async () => {
  const busy = await asked(true);
  assert.ok(busy > 9_000 && busy < 10_000, String(busy));
});

test('three agents without work share the requests of their tenant, and none of them counts as gone', async () => {
  const idle = await asked(false);
  assert.ok(3 * idle < 10_000, String(idle));
  assert.ok(edgePace.asleep < 5 * 60_000);
});

test('it asks more often while there is work, and for a while after', () => {
  const clock = new FakeClock();
  const budget = createBudget(clock, edgePace);
  assert.equal(budget.wait, edgePace.idle);
  budget.sawWork();
  assert.equal(budget.wait, edgePace.busy);
  clock.stall(edgePace.alert);
  assert.equal(budget.wait, edgePace.idle);
  clock.stall(edgePace.drowsy);
  assert.equal(budget.wait, edgePace.asleep);
  budget.sawWork();
  assert.equal(budget.wait, edgePace.busy);
});

test('a server that wants to be left alone is left alone, for an hour at most', () => {
  const clock = new FakeClock();
  const budget = createBudget(clock, edgePace);
  budget.rest(100_000);
  assert.deepEqual([budget.resting, budget.wait], [true, 100_000]);
  clock.stall(100_000);
  assert.equal(budget.resting, false);
  budget.rest(Number.MAX_VALUE);
  assert.equal(budget.wait, 60 * 60_000);
});

test('however many results went out, the heartbeat comes before five minutes are over', () => {
  const budget = createBudget(new FakeClock(), edgePace);
  for (let sent = 0; sent < 5000; sent++) budget.spend();
  assert.ok(budget.wait < 5 * 60_000);
});
