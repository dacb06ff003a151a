import type { LineSpan } from './snapshot.ts';

/**
 * Changed lines of the saved text, moved to where they are in the edited one; the lines edited since count as changed.
 * Everything between the first and the last difference is one edit: too much rather than too little.
 */
export function linesAfterEdits(saved: string, edited: string, spans: readonly LineSpan[]): readonly LineSpan[] {
  if (saved === edited) return spans;
  const before = saved.split('\n');
  const after = edited.split('\n');
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;

  const moved = after.length - before.length;
  const firstOfTail = before.length - tail + 1;
  const result: LineSpan[] = [
    { from: Math.min(head + 1, after.length), to: Math.max(after.length - tail, head + 1, 1) },
  ];
  for (const { from, to } of spans) {
    if (from <= head) result.push({ from, to: Math.min(to, head) });
    if (to >= firstOfTail) result.push({ from: Math.max(from, firstOfTail) + moved, to: to + moved });
  }
  return joined(result, after.length);
}

/** In order, cut at the end of the text, neighbours made one. */
export function joined(spans: readonly LineSpan[], lineCount: number): readonly LineSpan[] {
  const sorted = spans
    .map(({ from, to }) => ({ from: Math.max(1, from), to: Math.min(to, lineCount) }))
    .filter(({ from, to }) => from <= to)
    .sort((a, b) => a.from - b.from);
  const result: LineSpan[] = [];
  for (const span of sorted) {
    const last = result.at(-1);
    if (last && span.from <= last.to + 1)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else result.push(span);
  }
  return result;
}
