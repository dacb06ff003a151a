import type { Range } from '../findings/finding.ts';
import { type Lines, linesOf } from './lines.ts';
import { resembles } from './resemblance.ts';
import { quoteAt } from './static/quote.ts';

/** How far, in lines, a place may lie from the line the model named and still be meant by it. */
const reach = 40;
/** How many left-out lines one `...` in a quote may stand for. */
const longestGap = 20;

export type Anchored =
  | { readonly kind: 'at'; readonly range: Range; readonly quote: string }
  /** Stands at several places, and the hint does not tell which is meant. */
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'absent' };

/** Offsets into the text; `end` is exclusive. `line` is that of `start`. `whole`: nothing else stands on its lines. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly whole: boolean;
}

/**
 * Finds where a quote stands in a text. The position never comes from the hint, a 1-based line: the hint only chooses
 * among places where the quote stands. Each way of looking is tried when the stricter ones found nothing: as it is,
 * with all white space taken as equal, line by line with `...` for lines left out, and line by line with small slips.
 */
export function anchorIn(text: string): (quote: string, hint?: number) => Anchored {
  const lines = linesOf(text);
  let foldedText: ReturnType<typeof foldSpace> | undefined;
  const at = (start: number, end: number): Place => placeOf(text, lines, start, end);

  return (given, givenHint) => {
    const { quote, numbered } = cleanQuote(given);
    if (quote === '') return { kind: 'absent' };
    const hint = [givenHint, numbered].find((line) => line !== undefined && line >= 1 && line <= lines.count + reach);
    const answer = (places: readonly Place[]): Anchored => {
      const place = choose(places, hint);
      if (!place) return { kind: 'ambiguous' };
      return { kind: 'at', ...quoteAt(text, lines, place.start, place.end) };
    };

    const exact = occurrences(text, quote).map((start) => at(start, start + quote.length));
    if (exact.length > 0) return answer(exact);

    foldedText ??= foldSpace(text);
    const folded = foldedText;
    const foldedQuote = foldSpace(quote).text.trim();
    const spaced = occurrences(folded.text, foldedQuote).map((start) =>
      at(folded.offsets[start] ?? 0, (folded.offsets[start + foldedQuote.length - 1] ?? 0) + 1),
    );
    if (spaced.length > 0) return answer(spaced);

    const wanted = quote
      .split(/\r\n|\r|\n/)
      .map(foldLine)
      .filter((line) => line !== '');
    const blocks = blocksOf(lines, wanted).map(([first, last]) => trimmedLines(lines, first, last, at));
    if (blocks.length > 0) return answer(blocks);

    if (hint === undefined) return { kind: 'absent' };
    const similar = mostSimilar(lines, wanted, hint).map(([first, last]) => trimmedLines(lines, first, last, at));
    return similar.length > 0 ? answer(similar) : { kind: 'absent' };
  };
}

/** Takes off what a model adds to a quote: a code fence around it, the line numbers of the prompt, blank edges. */
function cleanQuote(given: string): { quote: string; numbered: number | undefined } {
  let rows = given.replace(/^\s*```[^\n]*\n([\s\S]*?)\n?\s*```\s*$/, '$1').split(/\r\n|\r|\n/);
  const gutter = /^[+ ]?\s*(\d+)\| ?/;
  const filled = rows.filter((row) => row.trim() !== '');
  let numbered: number | undefined;
  if (filled.length > 0 && filled.every((row) => gutter.test(row))) {
    numbered = Number(gutter.exec(filled[0] ?? '')?.[1]);
    rows = rows.map((row) => row.replace(gutter, ''));
  }
  return { quote: rows.join('\n').trim(), numbered };
}

/** Where `wanted` stands, not counting places inside a longer word. */
function occurrences(text: string, wanted: string): number[] {
  const found: number[] = [];
  if (wanted === '') return found;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    if (!splitsWord(text, at) && !splitsWord(text, at + wanted.length)) found.push(at);
  }
  return found;
}

function splitsWord(text: string, offset: number): boolean {
  const word = /[\p{L}\p{N}_$]/u;
  return word.test(text[offset - 1] ?? ' ') && word.test(text[offset] ?? ' ');
}

/** Each run of white space made one space, and for each character left the offset it had. */
function foldSpace(text: string): { text: string; offsets: number[] } {
  const kept: string[] = [];
  const offsets: number[] = [];
  let inSpace = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    const space = /\s/.test(character);
    if (!space || !inSpace) {
      kept.push(space ? ' ' : character);
      offsets.push(at);
    }
    inSpace = space;
  }
  return { text: kept.join(''), offsets };
}

function placeOf(text: string, lines: Lines, start: number, end: number): Place {
  const line = lines.lineAt(start);
  const before = text.slice(lines.startOf(line), start);
  const after = text.slice(end, lines.endOf(lines.lineAt(end)));
  return { start, end, line, whole: before.trim() === '' && after.trim() === '' };
}

/** The place nearest to the hint, within reach of it; without a usable hint the only one. Undefined when two are as good. */
function choose(places: readonly Place[], hint: number | undefined): Place | undefined {
  if (places.length === 1) return places[0];
  const distance = (place: Place) => Math.abs(place.line - (hint ?? 0));
  if (hint !== undefined) {
    const near = places.filter((place) => distance(place) <= reach);
    const least = Math.min(...near.map(distance));
    const nearest = near.filter((place) => distance(place) === least);
    if (nearest.length > 0) return single(nearest);
  }
  return single(places);
}

/** Among equally good places: the only one, the only one that fills its lines, or the first when all are on one line. */
function single(places: readonly Place[]): Place | undefined {
  const whole = places.filter((place) => place.whole);
  const left = whole.length > 0 ? whole : places;
  return left.every((place) => place.line === left[0]?.line) ? left[0] : undefined;
}

function foldLine(line: string): string {
  return line.trim().replace(/\s+/g, ' ');
}

const leftOut = /^(?:\/\/|#|--|\/\*)?\s*(?:\.\.\.|…)\s*(?:\*\/)?$/;

/** First and last line of each run of lines that reads as `wanted`; an ending `,` or `;` and blank lines do not count. */
function blocksOf(lines: Lines, wanted: readonly string[]): [number, number][] {
  const bare = (line: string) => foldLine(line).replace(/[,;]$/, '');
  const rows = wanted.map((row) => (leftOut.test(row) ? undefined : bare(row))).filter((row) => row !== '');
  while (rows.length > 0 && rows[0] === undefined) rows.shift();
  while (rows.length > 0 && rows.at(-1) === undefined) rows.pop();
  const found: [number, number][] = [];
  for (let first = 1; rows.length > 0 && first <= lines.count; first++) {
    if (bare(lines.textOf(first)) !== rows[0]) continue;
    const last = lastOfBlock(lines, rows, first, bare);
    if (last !== undefined) found.push([first, last]);
  }
  return found;
}

function lastOfBlock(
  lines: Lines,
  rows: readonly (string | undefined)[],
  first: number,
  bare: (line: string) => string,
): number | undefined {
  let line = first;
  let gap = 0;
  for (const row of rows.slice(1)) {
    if (row === undefined) {
      gap = longestGap;
      continue;
    }
    line += 1;
    while (line <= lines.count && bare(lines.textOf(line)) !== row) {
      if (lines.textOf(line).trim() !== '' && gap-- <= 0) return undefined;
      line += 1;
    }
    if (line > lines.count) return undefined;
    gap = 0;
  }
  return line;
}

/** Runs of lines near the hint in which each line nearly reads as its line of the quote; only those with the fewest slips. */
function mostSimilar(lines: Lines, wanted: readonly string[], hint: number): [number, number][] {
  const candidates: number[] = [];
  for (let line = Math.max(1, hint - reach); line <= Math.min(lines.count, hint + reach + wanted.length); line++) {
    if (lines.textOf(line).trim() !== '') candidates.push(line);
  }
  let best = 0;
  let found: [number, number][] = [];
  for (let index = 0; index + wanted.length <= candidates.length; index++) {
    const first = candidates[index] ?? 1;
    if (first > hint + reach) break;
    let total = 0;
    const all = wanted.every((row, offset) => {
      const ratio = resembles(row, foldLine(lines.textOf(candidates[index + offset] ?? 0)));
      total += ratio;
      return ratio > 0;
    });
    if (!all || total < best) continue;
    if (total > best) found = [];
    best = total;
    found.push([first, candidates[index + wanted.length - 1] ?? first]);
  }
  return found;
}

function trimmedLines(lines: Lines, first: number, last: number, at: (start: number, end: number) => Place): Place {
  const firstText = lines.textOf(first);
  const start = lines.startOf(first) + firstText.length - firstText.trimStart().length;
  return at(start, lines.startOf(last) + lines.textOf(last).trimEnd().length);
}
