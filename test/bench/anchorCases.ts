/** Quotes as a model writes them about texts as they may have become, with the line where each then stands. */
import { enclosing } from '../../src/agent/review/enclosing.ts';
import { linesOf } from '../../src/agent/review/lines.ts';

export const kinds = ['verbatim', 'moved', 'edited', 're-indented', 'duplicated', 'deleted'] as const;
export type Kind = (typeof kinds)[number];

export interface Case {
  readonly kind: Kind;
  readonly text: string;
  readonly quote: string;
  readonly hint: number | undefined;
  readonly symbol: string | undefined;
  /** First line of the quote; undefined: it is gone. */
  readonly line: number | undefined;
}

/** 0 <= value < 1 */
export type Chance = () => number;
const below = (chance: Chance, limit: number) => Math.floor(chance() * limit);
const pick = <T>(chance: Chance, items: readonly T[]): T => items[below(chance, items.length)] as T;
const fold = (text: string) => text.replace(/\s+/g, ' ').trim();

/** One case of a kind from the lines of a file; undefined where the lines that were drawn do not allow it. */
export function caseOf(
  kind: Kind,
  rows: readonly string[],
  chance: Chance,
  foreign: readonly string[],
): Case | undefined {
  const length = 1 + below(chance, 6);
  const first = below(chance, Math.max(1, rows.length - length));
  let block = rows.slice(first, first + length);
  if (block[0]?.trim() === '') return undefined;
  // The manual asks to quote a line that stands there twice together with its neighbour; seven of ten answers do.
  const heeds = chance() < 0.7;
  const all = rows.join('\n');
  for (let more = 0; heeds && more < 2 && length + more < 6; more++) {
    const joined = block.join('\n');
    if (all.indexOf(joined) === all.lastIndexOf(joined)) break;
    block = rows.slice(first, first + block.length + 1);
  }
  while (block.length > 0 && block.at(-1)?.trim() === '') block = block.slice(0, -1);
  // A model quotes code that does something: not a lone bracket, and not a word alone.
  if (!block.some((row) => (row.match(/\w/g)?.length ?? 0) >= 6)) return undefined;
  const symbol = symbolAt(rows, first + 1, chance);
  const made = { kind, symbol };
  switch (kind) {
    case 'verbatim':
      return { ...made, ...stands(rows, block, first, chance) };
    case 'moved': {
      const at = below(chance, first + 1);
      const inserted = Array.from({ length: 1 + below(chance, 200) }, () => pick(chance, foreign));
      const text = [...rows.slice(0, at), ...inserted, ...rows.slice(at)];
      return { ...stands(text, block, first + inserted.length, chance), ...made, hint: first + 1 };
    }
    case 'edited': {
      const quote = slipped(block, chance);
      return quote === undefined ? undefined : { ...made, ...stands(rows, block, first, chance), quote };
    }
    case 're-indented':
      return { ...made, ...stands(rows, block, first, chance), quote: reindented(block, first + 1, chance) };
    case 'duplicated': {
      const at = below(chance, rows.length + 1);
      if (at > first && at < first + block.length) return undefined;
      const text = [...rows.slice(0, at), ...block, ...rows.slice(at)];
      return { ...made, ...stands(text, block, at <= first ? first + block.length : first, chance) };
    }
    case 'deleted': {
      const left = [...rows.slice(0, first), ...rows.slice(first + block.length)];
      if (fold(left.join('\n')).includes(fold(block.join('\n')))) return undefined;
      return { ...made, text: left.join('\n'), quote: block.join('\n'), hint: first + 1, line: undefined };
    }
  }
}

/** Of a thousand hints 950 are right, 47 are up to three lines off, and 3 are missing: the form demands one. */
function stands(text: readonly string[], block: readonly string[], index: number, chance: Chance) {
  const line = index + 1;
  const drawn = chance();
  const off = (1 + below(chance, 3)) * (chance() < 0.5 ? -1 : 1);
  const hint = drawn < 0.95 ? line : drawn < 0.997 ? Math.max(1, line + off) : undefined;
  return { text: text.join('\n'), quote: block.join('\n'), hint, line };
}

/** Nine of ten answers name the declaration around the quote, for the form asks for it; one in fifty names another. */
function symbolAt(rows: readonly string[], line: number, chance: Chance): string | undefined {
  const drawn = chance();
  if (drawn >= 0.92) return undefined;
  const lines = linesOf(rows.join('\n'));
  const at = drawn < 0.02 ? 1 + below(chance, lines.count) : line;
  return enclosing(lines, at)[0]?.name;
}

/** A slip or two of those that models make while they copy. Undefined where there was nothing to slip on. */
function slipped(block: readonly string[], chance: Chance): string | undefined {
  const rows = [...block];
  for (let count = 1 + below(chance, 2); count > 0; count--) {
    const at = below(chance, rows.length);
    const row = rows[at] ?? '';
    switch (below(chance, 6)) {
      case 0:
        rows[at] = row.replace(/[;,]\s*$/, '');
        break;
      case 1:
        rows[at] = row.replace(/(\S) {1,}(\S)/, '$1  $2');
        break;
      case 2:
        if (row.trim().length >= 40) rows[at] = swapQuotes(row);
        break;
      case 3:
        if (row.trim().length >= 32) rows[at] = withTypo(row, chance);
        break;
      case 4:
        if (rows.length >= 4) rows.splice(1, rows.length - 2, '  ...');
        break;
      default:
        rows[at] = row.trimEnd() === row ? `${row}  ` : row.trimEnd();
    }
  }
  const quote = rows.join('\n');
  return quote === block.join('\n') || quote.trim() === '' ? undefined : quote;
}

function swapQuotes(row: string): string {
  return row.replace(/^([^'"`]*)'([^'"`]*)'([^'"`]*)$/, '$1"$2"$3');
}

/** One letter of a word doubled, dropped or changed. */
function withTypo(row: string, chance: Chance): string {
  const letters = Array.from(row.matchAll(/[a-z]/g), ({ index }) => index);
  const at = pick(chance, letters);
  const letter = row.charAt(at);
  const instead = pick(chance, ['', letter + letter, 'abcdefghijklmnopqrstuvwxyz'.charAt(below(chance, 26))]);
  return row.slice(0, at) + instead + row.slice(at + 1);
}

function reindented(block: readonly string[], line: number, chance: Chance): string {
  switch (below(chance, 7)) {
    case 0:
      return block.map((row) => row.trim()).join('\n');
    case 1:
      return block.map((row) => row.replace(/^ +/, (space) => '\t'.repeat(Math.ceil(space.length / 2)))).join('\n');
    case 2:
      return block.map((row) => `      ${row}`).join('\r\n');
    case 3:
      return block.map((row, index) => ` ${line + index}| ${row}`).join('\n');
    case 4:
      return `\`\`\`ts\n${block.join('\n')}\n\`\`\``;
    case 5:
      return block.map((row) => row.trim()).join(' ');
    default:
      return `\n${block.join('\n\n')}\n`;
  }
}
