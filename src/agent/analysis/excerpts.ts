import { linesOf } from '../review/lines.ts';
import type { Facts } from './measure.ts';

export interface Excerpt {
  readonly file: string;
  /** With line numbers. */
  readonly text: string;
  /** The last line that is shown, and how many there are. */
  readonly to: number;
  readonly of: number;
}

export interface ShownFile {
  readonly file: string;
  /** As it may leave this machine. */
  readonly shownText: string;
}

/** Characters of code in one question, about 20,000 tokens, and of one file in it. */
const budget = 70_000;
const perFile = 14_000;

/** The beginnings of the files that matter most for a question, as many as fit. */
export function excerptsFor(files: readonly ShownFile[], question: string, facts: Facts): Excerpt[] {
  const wanted = new Set(question.toLowerCase().match(/[\p{L}_]{4,}/gu) ?? []);
  const importers = new Map(facts.dependencies.most_imported.map((entry) => [entry.file, entry.importers]));
  const weight = ({ file, shownText }: ShownFile) => {
    const path = file.toLowerCase();
    const text = shownText.slice(0, 200_000).toLowerCase();
    let sum = Math.min(5, importers.get(file) ?? 0);
    for (const word of wanted) sum += (path.includes(word) ? 10 : 0) + (text.includes(word) ? 2 : 0);
    return sum;
  };
  const ranked = files.map((file) => ({ file, weight: weight(file) })).sort((a, b) => b.weight - a.weight);
  const excerpts: Excerpt[] = [];
  let left = budget;
  for (const { file } of ranked) {
    const excerpt = excerptOf(file, Math.min(left, perFile));
    if (!excerpt) continue;
    excerpts.push(excerpt);
    left -= excerpt.text.length;
  }
  return excerpts;
}

function excerptOf({ file, shownText }: ShownFile, room: number): Excerpt | undefined {
  const lines = linesOf(shownText);
  const width = String(lines.count).length;
  const rows: string[] = [];
  let used = 0;
  for (let line = 1; line <= lines.count; line++) {
    const row = `${String(line).padStart(width)}| ${lines.textOf(line).slice(0, 1000)}`;
    used += row.length + 1;
    if (used > room) break;
    rows.push(row);
  }
  // A few lines of a long file tell nothing.
  if (rows.length < Math.min(lines.count, 10)) return undefined;
  return { file, text: rows.join('\n'), to: rows.length, of: lines.count };
}
