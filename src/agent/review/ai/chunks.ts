import type { LineSpan } from '../../workspace/snapshot.ts';
import { enclosing } from '../enclosing.ts';
import type { Lines } from '../lines.ts';

/** A line longer than this is shown in part: it is data or generated, and would push the code out. */
export const longestLine = 4000;
/** Lines that two neighbouring chunks share, so that what stands at the seam is seen whole once. */
const overlap = 20;
/** Lines around a change that are shown with it where no function stands around it, and where one does. */
const surroundings = 20;
const margin = 5;
/** A function or class longer than this does not come whole with a change inside it. */
const longestEnclosing = 160;
/** Lines of comments and decorators that come along above a declaration. */
const longestLead = 20;
/** Lines left out between two shown spans cost a line of their own; fewer than this are shown instead. */
const shortestGap = 8;

/** The 1-based inclusive line spans of a whole text to show to a model one after the other, each within the budget. */
export function chunksOf(lines: Lines, budget: number): LineSpan[] {
  return split(lines, { from: 1, to: lines.count }, budget);
}

/**
 * What to show to a model one after the other: each part is the 1-based inclusive line spans, in order, that are shown
 * together, at most `budget` characters of them. With `changed`, only the functions around the changes, whole.
 */
export function partsOf(lines: Lines, budget: number, changed?: readonly LineSpan[]): LineSpan[][] {
  const wanted = changed ? around(lines, changed) : [{ from: 1, to: lines.count }];
  const parts: LineSpan[][] = [];
  let room = 0;
  for (const span of wanted.flatMap((one) => split(lines, one, budget))) {
    const cost = costOf(lines, span);
    const last = parts.at(-1);
    const follows = (last?.at(-1)?.to ?? span.from) < span.from;
    if (last && follows && changed && cost <= room) last.push(span);
    else {
      parts.push([span]);
      room = budget;
    }
    room -= cost;
  }
  return parts;
}

/** Characters that a span takes up, the gutter included. */
export function costOf(lines: Lines, { from, to }: LineSpan): number {
  let cost = 0;
  for (let line = from; line <= to; line++) cost += lineCost(lines, line);
  return cost;
}

/** The two halves of a part for which the model had not enough room; empty when it cannot be halved. */
export function halvesOf(part: readonly LineSpan[]): LineSpan[][] {
  const [only, ...others] = part;
  if (!only) return [];
  if (others.length > 0) {
    const middle = Math.ceil(part.length / 2);
    return [part.slice(0, middle), part.slice(middle)];
  }
  const { from, to } = only;
  if (to - from < 20) return [];
  const middle = Math.floor((from + to) / 2);
  return [[{ from, to: middle }], [{ from: middle + 1, to }]];
}

function around(lines: Lines, changed: readonly LineSpan[]): LineSpan[] {
  const merged: { from: number; to: number }[] = [];
  const spans = changed.map((change) => surrounding(lines, change)).sort((a, b) => a.from - b.from);
  for (const { from, to } of spans) {
    const last = merged.at(-1);
    if (last && from <= last.to + shortestGap) last.to = Math.max(last.to, to);
    else if (from <= to) merged.push({ from, to });
  }
  return merged;
}

/** The change with the functions at its two ends; of a long function, and where there is none, the lines around it. */
function surrounding(lines: Lines, { from, to }: LineSpan): LineSpan {
  const end = Math.min(to, lines.count);
  const spans = [from, end].map((line) => {
    const best = wholeAround(lines, line);
    if (best) return { from: Math.min(best.from, line - margin), to: Math.max(best.to, line + margin) };
    // What the lines around it begin or end in the middle of comes whole as well.
    const above = Math.max(1, line - surroundings);
    const below = Math.min(lines.count, line + surroundings);
    return { from: wholeAround(lines, above)?.from ?? above, to: wholeAround(lines, below)?.to ?? below };
  });
  return {
    from: Math.max(1, Math.min(...spans.map((span) => span.from))),
    to: Math.min(lines.count, Math.max(...spans.map((span) => span.to))),
  };
}

/** The largest declaration around a line that comes whole, with the comments, decorators and annotations above it. */
function wholeAround(lines: Lines, line: number): LineSpan | undefined {
  const best = enclosing(lines, line)
    .filter((span) => span.to - span.from < longestEnclosing)
    .at(-1);
  if (!best) return undefined;
  let { from } = best;
  while (from > 1 && best.from - from < longestLead && /^\s*(?:@|#|\/\/|\/?\*|\[|--)/.test(lines.textOf(from - 1)))
    from--;
  return { from, to: best.to };
}

function lineCost(lines: Lines, line: number): number {
  return Math.min(lines.endOf(line) - lines.startOf(line), longestLine) + 10;
}

function split(lines: Lines, span: LineSpan, budget: number): LineSpan[] {
  const cost = (line: number) => lineCost(lines, line);
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
