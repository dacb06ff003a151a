import { cleanText } from '../agent/workspace/clean.ts';

/** Text of a server, a model or a repository on one line, fit to be shown. */
export function plainLine(text: string, limit = 300): string {
  return cleanText(text, limit).replace(/ {2,}/g, ' ').trim();
}

/** The same, but lines and indentation stay. Cut at `limit` UTF-16 units. */
export function plainText(text: string, limit = 4000): string {
  const lines = text
    .slice(0, limit * 2)
    .replaceAll('\t', '    ')
    .split(/\r\n?|\n/)
    .map((line) => cleanText(line, limit));
  const whole = lines.join('\n').trimEnd();
  return whole.length > limit ? `${whole.slice(0, limit - 1).toWellFormed()}…` : whole;
}

/** Breaks long lines between words, for pages that are not wrapped: at most `width` UTF-16 units where words allow it. */
export function wrapped(text: string, width = 80): string {
  return text.split('\n').map(wrapLine).join('\n');

  function wrapLine(line: string): string {
    const rows: string[] = [];
    let row = '';
    for (const word of line.split(/(?<=\S) +/)) {
      if (row !== '' && row.length + 1 + word.length > width) {
        rows.push(row);
        row = word;
      } else row = row === '' ? word : `${row} ${word}`;
    }
    return [...rows, row].join('\n');
  }
}
