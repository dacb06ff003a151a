import type { Finding, Range } from './finding.ts';

/** One replacement in a document: the text at `range` became `text`. Positions are those before the edit. */
export interface Edit {
  readonly range: Range;
  readonly text: string;
}

/**
 * The findings of one file after edits were made to it. An edit before a finding moves it, an edit that touches its text
 * makes it stale, an edit that deletes all of it removes it. Edits of one change event never overlap and all speak of
 * the document before the event (as VS Code reports them), so they are applied from the last to the first.
 */
export function followEdits(findings: readonly Finding[], edits: readonly Edit[]): Finding[] {
  const lastFirst = [...edits].sort((a, b) => compare(b.range.line, b.range.column, a.range.line, a.range.column));
  return findings.flatMap((finding) => {
    let current: Finding | undefined = finding;
    for (const edit of lastFirst) {
      current = followEdit(current, edit);
      if (!current) return [];
    }
    return [current];
  });
}

function followEdit(finding: Finding, edit: Edit): Finding | undefined {
  const at = finding.range;
  const gone = edit.range;
  if (compare(gone.line, gone.column, at.endLine, at.endColumn) >= 0) return finding;
  const end = endOf(edit);
  if (compare(gone.endLine, gone.endColumn, at.line, at.column) <= 0) {
    return { ...finding, range: { ...moved(at.line, at.column, gone, end), ...movedEnd(at, gone, end) } };
  }
  const startsBefore = compare(gone.line, gone.column, at.line, at.column) <= 0;
  const endsAfter = compare(gone.endLine, gone.endColumn, at.endLine, at.endColumn) >= 0;
  if (startsBefore && endsAfter && edit.text.trim() === '') return undefined;
  const start = startsBefore ? { line: gone.line, column: gone.column } : { line: at.line, column: at.column };
  const finish = endsAfter ? { endLine: end.line, endColumn: end.column } : movedEnd(at, gone, end);
  return { ...finding, range: { ...start, ...finish }, stale: true };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

function endOf(edit: Edit): Position {
  const lines = edit.text.split(/\r\n|\r|\n/);
  const last = lines[lines.length - 1] ?? '';
  return {
    line: edit.range.line + lines.length - 1,
    column: (lines.length === 1 ? edit.range.column : 1) + last.length,
  };
}

/** Where a position at or after the end of the replaced text comes to stand. */
function moved(line: number, column: number, gone: Range, end: Position): Position {
  return {
    line: line + end.line - gone.endLine,
    column: line === gone.endLine ? column + end.column - gone.endColumn : column,
  };
}

function movedEnd(at: Range, gone: Range, end: Position): Pick<Range, 'endLine' | 'endColumn'> {
  const { line, column } = moved(at.endLine, at.endColumn, gone, end);
  return { endLine: line, endColumn: column };
}

function compare(lineA: number, columnA: number, lineB: number, columnB: number): number {
  return lineA - lineB || columnA - columnB;
}
