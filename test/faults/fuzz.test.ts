import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzFrames } from './fuzzFrames.ts';
import { type FuzzReport, fuzzMessages } from './fuzzMessages.ts';

/** A share of what `fuzz.ts` does; a run of another seed each time would not be a test. */
const seed = 1;
const count = 20_000;
const mostHeld = 16 * 1024 * 1024;

function assertUnharmed({ wrong, memory, total }: FuzzReport): void {
  assert.deepEqual(wrong, []);
  assert.ok(memory.held <= mostHeld, `${memory.held} bytes more are held`);
  assert.ok(total >= count);
}

test('no message makes a reader throw, hang or touch a prototype', async () => {
  const report = await fuzzMessages(seed, count);
  assertUnharmed(report);
  for (const [name, given] of report.counts) assert.ok(given > 0, `${name} got none`);
});

test('no frame makes the socket throw, hang or say something after its end', async () => {
  const report = await fuzzFrames(seed, count);
  assertUnharmed(report);
  assert.ok((report.counts.get('texts delivered') ?? 0) > 1000, 'hardly any text came through');
  assert.ok((report.counts.get('of these the agent hung up on') ?? 0) > 20, 'hardly any frame was bad');
});
