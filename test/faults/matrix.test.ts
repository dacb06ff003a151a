import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../fakes/fakeClock.ts';
import { cells, faults } from './matrixTable.ts';
import { states } from './matrixWorld.ts';

/** A share of the fault matrix, another one each time; `npm run test:faults` runs all of it. */

const share = 25;
const seed = Number(process.env['FAULTS_SEED'] ?? Math.floor(Math.random() * 1e9));
console.log(`fault matrix: ${share} of ${cells.length} cells, FAULTS_SEED=${seed}`);
const dice = new FakeClock({ seed });
const drawn = cells
  .filter(({ inShare }) => inShare)
  .map((cell) => ({ cell, lot: dice.random() }))
  .sort((a, b) => a.lot - b.lot)
  .slice(0, share);

for (const { cell } of drawn) test(`survives ${cell.name}`, { timeout: 60_000 }, () => cell.run());

test('the matrix has every fault of the list that it does not leave to the kill points, the races or the chaos run', () => {
  const elsewhere = ['F24', 'F31', 'F33'];
  const numbers = Array.from({ length: 36 }, (_, n) => `F${String(n + 1).padStart(2, '0')}`);
  const here = new Set(faults.map(({ fault }) => fault));
  assert.deepEqual(
    numbers.filter((number) => !here.has(number) && !elsewhere.includes(number)),
    [],
  );
  assert.ok(cells.length >= 120, `${cells.length} cells`);
  assert.equal(new Set(cells.map(({ name }) => name)).size, cells.length, 'two cells have one name');
});

test('a state without a cell has its reason', () => {
  for (const { what, notIn = {} } of faults) {
    for (const state of states) if (state in notIn) assert.ok((notIn[state] ?? '').length > 10, `${what} · ${state}`);
  }
});
