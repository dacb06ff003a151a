import type { FoundIssue, Range } from '../../findings/finding.ts';
import type { Lines } from '../lines.ts';

/** A squiggle covers no more lines than this, and a quote, for the sake of minified files, no more characters. */
const longestRange = 10;
const longestQuote = 2000;

/** The text from `start` to `end` without white space at its end, cut to what a squiggle may cover, and where it stands. */
export function quoteAt(text: string, lines: Lines, start: number, end: number): { quote: string; range: Range } {
  let last = Math.min(end, lines.endOf(lines.lineAt(start) + longestRange - 1), start + longestQuote);
  // Never between the halves of a character outside the basic plane.
  if (last < end && /[\uD800-\uDBFF]/.test(text.charAt(last - 1))) last--;
  const quote = text.slice(start, last).trimEnd();
  return { quote, range: lines.rangeOf(start, start + quote.length) };
}

export function byPlace(a: FoundIssue, b: FoundIssue): number {
  return a.range.line - b.range.line || a.range.column - b.range.column;
}
