/**
 * What the wire is held to, each figure beside what it is compared with in the same run. Ratios mean something on any
 * machine that is not busy with something else. `npm run bench:wire [name ...]` for some of them.
 */

import { heap, hostile } from './wireMemory.ts';
import { printRow, type Row } from './wireRows.ts';
import { flood, parsing, roundTrips } from './wireSpeed.ts';
import { backOnline, halfOpen, halfOpenForReal, herd } from './wireTimes.ts';

/** The memory first: a process that has grown hides what is added. */
const benches: Readonly<Record<string, () => readonly Row[] | Promise<readonly Row[]>>> = {
  hostile,
  trip: roundTrips,
  flood,
  parse: parsing,
  heap,
  halfOpen,
  back: backOnline,
  herd,
  halfOpenForReal: async () => [await halfOpenForReal()],
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0)
  throw new Error(`no such bench: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
const rows: Row[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const row of await bench()) {
    printRow(row);
    rows.push(row);
  }
}
const held = rows.filter(({ holds }) => holds).length;
console.log(`wire: ${held}/${rows.length} hold`);
if (held < rows.length) process.exitCode = 1;
