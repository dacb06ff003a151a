import type { Range } from '../findings/finding.ts';
import { enclosing } from './enclosing.ts';
import { type Lines, linesOf } from './lines.ts';
import { resembles } from './resemblance.ts';
import { quoteAt } from './static/quote.ts';

/** How far, in lines, a place may lie from the line the model named and still be meant by it. */
const reach = 40;
/** A hint that is off by more than this does not choose between places that read the same. */
const slip = 3;
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
 * Finds where a quote stands in a text. The position never comes from the hint, a 1-based line, nor from the symbol, the
 * name of the declaration around it: both only choose among places where the quote stands. Each way of looking is tried
 * when the stricter ones found nothing: as it is, with all white space taken as equal, line by line with `...` for lines
 * left out, and line by line with small slips.
 */
export function anchorIn(text: string): (quote: string, hint?: number, symbol?: string) => Anchored {
  const lines = linesOf(text);
  let foldedText: ReturnType<typeof foldSpace> | undefined;
  const at = (start: number, end: number): Place => placeOf(text, lines, start, end);

  return (given, givenHint, symbol) => {
    const { quote, numbered } = cleanQuote(given);
    if (quote === '') return { kind: 'absent' };
    const hint = [givenHint, numbered].find((line) => line !== undefined && line >= 1 && line <= lines.count + reach);
    const answer = (places: readonly Place[]): Anchored => {
      const place = choose(lines, places, hint, symbol);
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
    const blocks = blocksOf(lines, wanted, hint).map(([first, last]) => trimmedLines(lines, first, last, at));
    if (blocks.length > 0) return answer(blocks);

    if (hint === undefined) return { kind: 'absent' };
    const similar = wanted.some((row) => leftOut.test(row))
      ? blocksOf(lines, wanted, hint, (line, row) => resembles(line, row) > 0)
      : mostSimilar(lines, wanted, hint);
    const inReach = similar.filter(([first]) => Math.abs(first - hint) <= reach);
    if (inReach.length === 0) return { kind: 'absent' };
    return answer(inReach.map(([first, last]) => trimmedLines(lines, first, last, at)));
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

/**
 * Of several places the one that the hint names; or else, among those inside the named symbol where there are such, the
 * only one, or the one that the hint missed by a few lines when no other is near. Undefined when that is not one place.
 */
function choose(
  lines: Lines,
  all: readonly Place[],
  hint: number | undefined,
  symbol: string | undefined,
): Place | undefined {
  if (all.length === 1) return all[0];
  const distance = (place: Place) => Math.abs(place.line - (hint ?? 0));
  const hinted = hint === undefined ? [] : all.filter((place) => place.line === hint);
  if (hinted.length > 0) return single(hinted);

  const name = /([\p{L}\p{N}_$]+)\W*$/u.exec(symbol ?? '')?.[1];
  const named = name === undefined ? [] : all.filter((place) => isInside(lines, place.line, name));
  const places = (named.length > 0 ? named : [...all]).sort((a, b) => distance(a) - distance(b));
  const [first] = places;
  if (hint === undefined || !first || named.length === 1) return single(places);
  const least = distance(first);
  if (least > slip) return single(places);
  const next = places.find((place) => distance(place) > least);
  const clear = !next || distance(next) > 2 * least + slip;
  return clear ? single(places.filter((place) => distance(place) === least)) : undefined;
}

function isInside(lines: Lines, line: number, name: string): boolean {
  return enclosing(lines, line).some((declaration) => declaration.name === name);
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

/** As it is compared: indentation, runs of white space and an ending `,` or `;` do not count. */
function bare(line: string): string {
  return foldLine(line).replace(/[,;]$/, '');
}

/** First and last line of each run of lines that reads as `wanted`; blank lines do not count. */
function blocksOf(
  lines: Lines,
  wanted: readonly string[],
  hint: number | undefined,
  equal = (line: string, row: string) => line === row,
): [number, number][] {
  const rows = wanted.map((row) => (leftOut.test(row) ? undefined : bare(row))).filter((row) => row !== '');
  while (rows.length > 0 && rows[0] === undefined) rows.shift();
  while (rows.length > 0 && rows.at(-1) === undefined) rows.pop();
  const [begin] = rows;
  // Of those that end alike, which lines left out make possible, the one the hint names, or the one that leaves out least.
  const found = new Map<number, [number, number]>();
  for (let first = 1; begin !== undefined && first <= lines.count; first++) {
    if (!equal(bare(lines.textOf(first)), begin)) continue;
    const last = lastOfBlock(lines, rows, first, equal);
    const named = hint !== undefined && last !== undefined && found.get(last)?.[0] === hint;
    if (last !== undefined && !named) found.set(last, [first, last]);
  }
  return [...found.values()];
}

function lastOfBlock(
  lines: Lines,
  rows: readonly (string | undefined)[],
  first: number,
  equal: (line: string, row: string) => boolean,
): number | undefined {
  let line = first;
  let gap = 0;
  for (const row of rows.slice(1)) {
    if (row === undefined) {
      gap = longestGap;
      continue;
    }
    line += 1;
    while (line <= lines.count && !equal(bare(lines.textOf(line)), row)) {
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
      const ratio = resembles(bare(row), bare(lines.textOf(candidates[index + offset] ?? 0)));
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
