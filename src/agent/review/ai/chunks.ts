import type { LineSpan } from '../../workspace/snapshot.ts';
import type { Lines } from '../lines.ts';

/** A line longer than this is shown in part: it is data or generated, and would push the code out. */
export const longestLine = 4000;
/** Lines that two neighbouring chunks share, so that what stands at the seam is seen whole once. */
const overlap = 20;
/** Lines around a change that are shown with it. */
const surroundings = 80;

/**
 * The 1-based inclusive line spans to show to a model one after the other, each at most `budget` characters long.
 * With `changed`, only what stands around the changes.
 */
export function chunksOf(lines: Lines, budget: number, changed?: readonly LineSpan[]): LineSpan[] {
  const wanted = changed ? around(changed, lines.count) : [{ from: 1, to: lines.count }];
  return wanted.flatMap((span) => split(lines, span, budget));
}

/** The two halves of a span for which the model had not enough room; empty when it cannot be halved. */
export function halvesOf({ from, to }: LineSpan): LineSpan[] {
  if (to - from < 20) return [];
  const middle = Math.floor((from + to) / 2);
  return [
    { from, to: middle },
    { from: middle + 1, to },
  ];
}

function around(changed: readonly LineSpan[], count: number): LineSpan[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...changed].sort((a, b) => a.from - b.from)) {
    const span = { from: Math.max(1, from - surroundings), to: Math.min(count, to + surroundings) };
    const last = merged.at(-1);
    if (last && span.from <= last.to + 1) last.to = Math.max(last.to, span.to);
    else if (span.from <= span.to) merged.push(span);
  }
  return merged;
}

function split(lines: Lines, span: LineSpan, budget: number): LineSpan[] {
  const cost = (line: number) => Math.min(lines.endOf(line) - lines.startOf(line), longestLine) + 10;
  const reach = (from: number) => {
    let to = from;
    for (let left = budget - cost(from); to < span.to && left >= cost(to + 1); to++) left -= cost(to + 1);
    return to < span.to ? niceEnd(lines, from, to) : to;
  };
  const chunks: LineSpan[] = [];
  let from = span.from;
  let to = reach(from);
  chunks.push({ from, to });
  while (to < span.to) {
    const shared = Math.min(overlap, Math.floor((to - from + 1) / 4));
    // Where the next line is so long that it does not fit beside the shared ones, they are not shared.
    from = reach(to + 1 - shared) > to ? to + 1 - shared : to + 1;
    to = reach(from);
    chunks.push({ from, to });
  }
  return chunks;
}

/** The last line in the final quarter after which a new declaration seems to begin; else the given one. */
function niceEnd(lines: Lines, from: number, to: number): number {
  for (let line = to; line > to - (to - from) / 4 && line > from + overlap; line--) {
    if (/^[^\s})\]]/.test(lines.textOf(line + 1)) && lines.textOf(line).trim() === '') return line;
  }
  return to;
}
