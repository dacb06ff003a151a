import type { Range } from '../findings/finding.ts';

/** A text seen as lines, as an editor counts them: CRLF, LF and a lone CR each end one. Lines and columns are 1-based. */
export interface Lines {
  readonly count: number;
  /** Offset of the first character of a line; the text's length beyond the last. */
  startOf(line: number): number;
  /** Offset behind the last character of a line, its line break not counted. */
  endOf(line: number): number;
  /** Without the line break; empty outside the text. */
  textOf(line: number): string;
  lineAt(offset: number): number;
  /** `end` is exclusive. */
  rangeOf(start: number, end: number): Range;
}

export function linesOf(text: string): Lines {
  const starts = [0];
  const ends: number[] = [];
  for (const found of text.matchAll(/\r\n|\r|\n/g)) {
    ends.push(found.index);
    starts.push(found.index + found[0].length);
  }
  ends.push(text.length);

  const startOf = (line: number) => starts[line - 1] ?? text.length;
  const endOf = (line: number) => ends[line - 1] ?? text.length;
  const lineAt = (offset: number) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  return {
    count: starts.length,
    startOf,
    endOf,
    textOf: (line) => (line < 1 ? '' : text.slice(startOf(line), endOf(line))),
    lineAt,
    rangeOf: (start, end) => {
      const line = lineAt(start);
      const endLine = lineAt(end);
      return { line, column: start - startOf(line) + 1, endLine, endColumn: end - startOf(endLine) + 1 };
    },
  };
}
