import type { Finding } from '../findings/finding.ts';
import type { NotebookCell } from '../workspace/snapshot.ts';

/**
 * Findings of a notebook's text at their place in its cells. One that begins on the comment above a cell begins with
 * the cell; none reaches beyond the cell where it begins.
 */
export function intoCells(cells: readonly NotebookCell[] | undefined): (finding: Finding) => Finding {
  if (!cells) return (finding) => finding;
  return (finding) => {
    const { line, column, endLine, endColumn } = finding.range;
    const cell = cells.find(({ to }) => to >= line);
    if (!cell) return finding;
    const { number, from, to } = cell;
    const start = line < from ? { line: 1, column: 1 } : { line: line - from + 1, column };
    const end =
      endLine > to
        ? { endLine: to - from + 2, endColumn: 1 }
        : { endLine: Math.max(endLine - from + 1, start.line), endColumn: endLine < from ? 1 : endColumn };
    return { ...finding, cell: number, range: { ...start, ...end } };
  };
}
