/**
 * Where findings come to stand: quotes that were moved, edited, re-indented, copied and deleted are looked for in the
 * code of this repository and in generated files, and then followed through edits. Prints how many came to stand on the
 * right line, on a wrong one, and were dropped; fails when a goal is missed.
 * Run: `npm run bench:anchor [cases] [seed]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorIn } from '../../src/agent/review/anchor.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { type Chance, caseOf, type Kind, kinds } from './anchorCases.ts';
import { followCases } from './anchorEdits.ts';
import { generatedFiles } from './generatedFiles.ts';

const wanted = Number(process.argv[2] ?? 24_000);
const clock = new FakeClock({ seed: Number(process.argv[3] ?? 7) });
const chance: Chance = () => clock.random();

const root = join(import.meta.dirname, '../../src');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(?:ts|yaml)$/.test(name))
  .sort()
  .map((name) => readFileSync(join(root, name), 'utf8'));
const generated = generatedFiles(chance, 120);
const files = [...sources, ...generated].map((text) => text.split('\n')).filter((rows) => rows.length >= 12);

const tally = new Map<Kind, { right: number; wrong: number; dropped: number }>();
const started = performance.now();
let made = 0;
for (let turn = 0; made < wanted; turn++) {
  const kind = kinds[turn % kinds.length] as Kind;
  const rows = files[Math.floor(chance() * files.length)] ?? [];
  const foreign = files[Math.floor(chance() * files.length)] ?? [];
  const one = caseOf(kind, rows, chance, foreign);
  if (!one) continue;
  made += 1;
  const anchored = anchorIn(one.text)(one.quote, one.hint, one.symbol);
  const counts = tally.get(kind) ?? { right: 0, wrong: 0, dropped: 0 };
  tally.set(kind, counts);
  if (anchored.kind !== 'at') counts.dropped += 1;
  else if (anchored.range.line === one.line) counts.right += 1;
  else {
    counts.wrong += 1;
    if (process.argv.includes('--show')) console.log('WRONG', { ...one, text: undefined }, anchored);
  }
  if (anchored.kind !== 'at' && kind !== 'deleted' && process.argv.includes('--show'))
    console.log('DROPPED', { ...one, text: undefined }, anchored);
}
const seconds = (performance.now() - started) / 1000;

console.log(`${made} cases over ${sources.length} files of this repository and ${generated.length} generated ones`);
for (const [kind, { right, wrong, dropped }] of tally) {
  console.log(`${kind.padEnd(12)} right ${right}, wrong ${wrong}, dropped ${dropped}`);
}
const standing = [...tally].filter(([kind]) => kind !== 'deleted').map(([, counts]) => counts);
const all = [...tally.values()];
const sum = (of: readonly { right: number; wrong: number; dropped: number }[], key: 'right' | 'wrong' | 'dropped') =>
  of.reduce((total, counts) => total + counts[key], 0);
const exist = sum(standing, 'right') + sum(standing, 'wrong') + sum(standing, 'dropped');
const rightShare = sum(standing, 'right') / exist;
const wrongShare = sum(all, 'wrong') / made;
const percent = (share: number) => `${(share * 100).toFixed(3)} %`;
console.log(`right line ${percent(rightShare)} of those that still exist (goal >= 99.5 %)`);
console.log(`wrong line ${percent(wrongShare)} of all (goal <= 0.1 %)`);
console.log(`${((seconds * 1000) / made).toFixed(2)} ms a case`);

const followed = followCases(files, chance, Math.max(2000, Math.floor(wanted / 4)));
console.log(
  `through edits: ${followed.cases} findings, right ${followed.right}, wrong ${followed.wrong}, marked stale ${followed.stale}, removed ${followed.removed} (goal: none wrong)`,
);
if (rightShare < 0.995 || wrongShare > 0.001 || followed.wrong > 0) process.exitCode = 1;
