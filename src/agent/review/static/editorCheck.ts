import type { FoundIssue, Severity } from '../../findings/finding.ts';
import type { ExistingDiagnostic, Host } from '../../host.ts';
import { cleanText } from '../../workspace/clean.ts';
import { redact } from '../../workspace/redact.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import { type Lines, linesOf } from '../lines.ts';
import { byPlace, quoteAt } from './quote.ts';
import type { StaticCheck } from './staticCheck.ts';

/** Hints are matters of taste, or fade out code; they are left out. */
const judgement: Readonly<
  Partial<Record<ExistingDiagnostic['severity'], { severity: Severity; confidence: number; type: FoundIssue['type'] }>>
> = {
  error: { severity: 'high', confidence: 0.95, type: 'correctness' },
  warning: { severity: 'medium', confidence: 0.7, type: 'maintainability' },
  information: { severity: 'low', confidence: 0.5, type: 'maintainability' },
};

const longestDescription = 2000;
/** UTF-16 units that are looked at. */
const longestMessage = 64_000;

/** What the editor's own language tools say already, as findings. A file that is not on disk has nothing said about it. */
export function createEditorCheck(host: Pick<Host, 'diagnostics'>): StaticCheck {
  return {
    name: 'editor',
    check: async (snapshot, signal) => {
      signal.throwIfAborted();
      // The tools speak of a notebook's cells, each a document of its own, and show it there.
      if (snapshot.absolutePath === undefined || snapshot.cells) return [];
      try {
        const diagnostics = await host.diagnostics(snapshot.absolutePath, signal);
        const lines = linesOf(snapshot.text);
        return diagnostics.flatMap((diagnostic) => issueOf(diagnostic, snapshot, lines)).sort(byPlace);
      } finally {
        signal.throwIfAborted();
      }
    },
  };
}

/** Nothing for a hint, and for a place the snapshot does not have: the document has moved on since. */
function issueOf(diagnostic: ExistingDiagnostic, snapshot: Snapshot, lines: Lines): FoundIssue[] {
  const judged = judgement[diagnostic.severity];
  // Before anything is cut: half a secret does not look like one.
  const description = descriptionOf(redact(diagnostic.message.slice(0, longestMessage)).text);
  const { line, column, endLine, endColumn } = diagnostic.range;
  const start = lines.startOf(line) + column - 1;
  if (!judged || description === '' || line < 1 || line > lines.count || start > lines.endOf(line)) return [];
  const end = Math.min(lines.startOf(endLine) + endColumn - 1, lines.endOf(endLine));
  const at = quoteAt(snapshot.text, lines, ...widened(snapshot.text, lines, line, start, end));
  const source = cleanText(diagnostic.source, 40);
  return [
    {
      source: 'editor',
      ...judged,
      file: snapshot.file,
      range: at.range,
      title: cleanText(description.split('\n')[0] ?? '', 100),
      description,
      ruleId: diagnostic.code === undefined ? source : `${source}(${cleanText(diagnostic.code, 100)})`,
      quote: at.quote,
    },
  ];
}

/** An empty range means the word that stands there, or else its line. */
function widened(text: string, lines: Lines, line: number, start: number, end: number): [number, number] {
  if (end > start) return [start, end];
  const word = /^[\p{L}\p{N}_$]+/u.exec(text.slice(start, Math.min(start + 200, lines.endOf(line))));
  if (word) return [start, start + word[0].length];
  const content = lines.textOf(line);
  return [lines.startOf(line) + (content.length - content.trimStart().length), lines.endOf(line)];
}

/** Language tools quote the code they speak of, so nothing hidden may come through; the lines of the message stay. */
function descriptionOf(message: string): string {
  const lines = message.slice(0, longestDescription * 2).split(/\r\n|\r|\n/);
  return lines
    .map((line) => cleanText(line, longestDescription).trim())
    .join('\n')
    .slice(0, longestDescription)
    .trim();
}
