import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChaosRun, holds } from './chaosRun.ts';

/** A share of what `chaos.ts` does; the seed is one in which the agent is killed, begun anew, and loses its disk. */
const seed = 7;
const tasks = 100;

test(`among faults of every kind each task gets one result (seed ${seed})`, async () => {
  const verdict = await ChaosRun.of(seed, tasks);
  assert.ok(verdict.faults >= 5, 'hardly anything went wrong');
  assert.ok(holds(verdict), JSON.stringify(verdict));
});
