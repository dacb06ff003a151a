/** Findings followed through edits, checked against a text whose every character knows where it came from. */
import type { Finding } from '../../src/agent/findings/finding.ts';
import { type Edit, followEdits } from '../../src/agent/findings/followEdits.ts';
import { linesOf } from '../../src/agent/review/lines.ts';
import { sampleFinding } from '../fakes/sampleFinding.ts';
import type { Chance } from './anchorCases.ts';

/** A character and its index in the first text; -1: it was typed since. */
type Marked = readonly [string, number];

export function followCases(files: readonly (readonly string[])[], chance: Chance, cases: number) {
  const below = (limit: number) => Math.floor(chance() * limit);
  const tally = { cases, right: 0, wrong: 0, stale: 0, removed: 0 };
  for (let turn = 0; turn < cases; turn++) {
    const rows = files[below(files.length)] ?? [];
    const text = rows.join('\n');
    const lines = linesOf(text);
    const start = below(text.length - 1);
    const end = Math.min(text.length, start + 1 + below(200));
    let finding: Finding | undefined = sampleFinding({ range: lines.rangeOf(start, end) });
    let marked: Marked[] = Array.from(text.split(''), (character, index) => [character, index]);
    let touched = false;
    for (let event = 1 + below(6); event > 0; event--) {
      const edits = drawEdits(marked, below, start, chance);
      const now = marked.map(([character]) => character).join('');
      const at = linesOf(now);
      const first = marked.findIndex(([, index]) => index >= start && index < end);
      const last = marked.findLastIndex(([, index]) => index >= start && index < end);
      touched ||= edits.some(({ from, to }) => from <= last && to > first && (to > from || from > first));
      const asEdits: Edit[] = edits.map(({ from, to, text: typed }) => ({ range: at.rangeOf(from, to), text: typed }));
      finding = finding && followEdits([finding], asEdits)[0];
      for (const { from, to, text: typed } of [...edits].sort((a, b) => b.from - a.from)) {
        const inserted = typed.split('').map((character): Marked => [character, -1]);
        marked = [...marked.slice(0, from), ...inserted, ...marked.slice(to)];
      }
    }
    const after = linesOf(marked.map(([character]) => character).join(''));
    const first = marked.findIndex(([, index]) => index >= start && index < end);
    if (!finding) {
      // Removed is right for what was deleted whole, and for nothing else.
      tally.removed += 1;
      if (first === -1) tally.right += 1;
      else tally.wrong += 1;
      continue;
    }
    if (finding.stale) tally.stale += 1;
    const { line, column } = finding.range;
    const offset = after.startOf(line) + column - 1;
    const lineRight = first === -1 || touched || offset === first;
    const markedRight = touched ? finding.stale === true : finding.stale !== true;
    if (lineRight && markedRight) tally.right += 1;
    else tally.wrong += 1;
  }
  return tally;
}

/** One to three edits of one event, none touching another; half of them near the finding. */
function drawEdits(marked: readonly Marked[], below: (limit: number) => number, start: number, chance: Chance) {
  const near = marked.findIndex(([, index]) => index >= start);
  const edits: { from: number; to: number; text: string }[] = [];
  for (let count = 1 + below(3); count > 0; count--) {
    const middle = chance() < 0.5 && near >= 0 ? near - 150 + below(500) : below(marked.length + 1);
    const from = Math.min(Math.max(0, middle), marked.length);
    const to = Math.min(marked.length, from + (chance() < 0.5 ? 0 : below(40)));
    const text = chance() < 0.3 && to > from ? '' : 'ab\n  c'.repeat(below(4));
    if (text === '' && to === from) continue;
    if (edits.every((other) => to < other.from || from > other.to)) edits.push({ from, to, text });
  }
  return edits;
}
