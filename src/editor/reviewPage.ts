import type { TaskResult } from '../agent/tasks/task.ts';
import { placeText, severityName } from './findingText.ts';
import { plainLine, plainText, wrapped } from './plainText.ts';
import { type Review, readReview, reviewSentence } from './taskResults.ts';

/** The result of a review as a page of plain text: what was found and where, and what was not looked at and why. */
export function reviewPage(title: string, { status, result, error, metadata }: TaskResult): string {
  const review = readReview(result);
  const parts = [wrapped(plainLine(title, 300))];
  if (!review) return `${[...parts, plainLine(error ?? status)].join('\n\n')}\n`;
  const sentence = reviewSentence(result);
  parts.push(wrapped(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`));
  if (status === 'inconclusive' && error) parts.push(wrapped(`It is not complete: ${plainLine(error)}`));
  parts.push(
    list('Not reviewed, or not in full', review.not_reviewed, ({ file, reason }) => `${file}: ${reason}`),
    list('Instructions that were applied', review.instructions_applied, (file) => file),
    list('Left out', leftOut(review.counts), (row) => row),
    list('The model', modelRows(metadata), (row) => row),
    list('Findings', review.findings, (row) => {
      const place = placeText({ cell: row.cell, range: { line: row.line } });
      return `${severityName[row.severity]}, ${row.file}, ${place}: ${row.title}`;
    }),
    list('What to do', review.recommendations, (row) => row),
  );
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function leftOut({ hidden, suppressed, unanchored, refuted }: Review['counts']): readonly string[] {
  const rows: readonly (readonly [number, string])[] = [
    [hidden, 'below the set severity or confidence, or beyond a limit: the Findings view can show them'],
    [suppressed, 'dismissed for everybody'],
    [unanchored, 'of the model, because their quote stands nowhere in the file or in several places'],
    [refuted, 'of the model, because a second look refuted them'],
  ];
  return rows.flatMap(([count, why]) => (count > 0 ? `${count} ${why}` : []));
}

function modelRows({ model, tokens, cost_usd: cost }: TaskResult['metadata']): readonly string[] {
  if (typeof model !== 'string') return [];
  const used = tokens ? tokens.input + tokens.output + tokens.cache_read + tokens.cache_write : 0;
  const price = cost === undefined ? 'price unknown' : `$${cost.toFixed(cost < 0.01 ? 4 : 2)}`;
  return [model, ...(used > 0 ? [`${used.toLocaleString('en-US')} tokens · ${price}`] : [])];
}

function list<T>(title: string, rows: readonly T[], line: (row: T) => string): string {
  return rows.length === 0 ? '' : [title, ...rows.map((row) => indented(plainText(line(row), 2000)))].join('\n');
}

function indented(text: string): string {
  return wrapped(text, 76).replace(/^(?=.)/gm, '    ');
}
