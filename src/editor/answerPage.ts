import * as z from 'zod/mini';
import { plainLine, plainText, wrapped } from './plainText.ts';

const counted = z.object({ file: z.string(), lines: z.number() });
const analysisSchema = z.object({
  summary: z.string(),
  answer: z.optional(z.string()),
  facts: z.optional(
    z.object({
      largest_files: z.array(counted),
      longest_functions: z.array(z.extend(counted, { name: z.string(), line: z.number() })),
      dependencies: z.object({
        most_imported: z.array(z.object({ file: z.string(), importers: z.number() })),
        cycles: z.array(z.array(z.string())),
        packages: z.array(z.object({ name: z.string(), files: z.number() })),
      }),
    }),
  ),
  not_reviewed: z.optional(z.array(z.object({ file: z.string(), reason: z.string() }))),
});

/** The result of an analysis as a page of plain text: the question, the answer, then what was measured. */
export function answerPage(question: string, result: unknown): string {
  const parsed = analysisSchema.safeParse(result);
  const parts = [wrapped(plainLine(question, 8000))];
  if (parsed.success) {
    const { summary, answer, facts, not_reviewed: left = [] } = parsed.data;
    if (answer) parts.push(wrapped(plainText(answer, 200_000)));
    parts.push(wrapped(plainText(summary)));
    if (facts) {
      const { largest_files, longest_functions, dependencies } = facts;
      parts.push(
        list('Largest files', largest_files, ({ file, lines }) => `${file}: ${count(lines, 'line')}`),
        list(
          'Longest functions',
          longest_functions,
          (row) => `${row.name}, ${row.file}:${row.line}: ${count(row.lines, 'line')}`,
        ),
        list(
          'Most imported files',
          dependencies.most_imported,
          (row) => `${row.file}: by ${count(row.importers, 'file')}`,
        ),
        list('Cycles of dependencies', dependencies.cycles, (files) => files.join(' -> ')),
        list('Packages', dependencies.packages, ({ name, files }) => `${name}: in ${count(files, 'file')}`),
      );
    }
    parts.push(list('Not looked at', left, ({ file, reason }) => `${file}: ${reason}`));
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function list<T>(title: string, rows: readonly T[], line: (row: T) => string): string {
  return rows.length === 0 ? '' : [title, ...rows.map((row) => `    ${plainLine(line(row))}`)].join('\n');
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
