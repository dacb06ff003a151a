import { type Finding, severities } from '../agent/findings/finding.ts';

export interface FindingGroup {
  readonly file: string;
  readonly findings: readonly Finding[];
}

/** Files with the gravest finding first, then by name; inside a file by line. */
export function groupFindings(findings: readonly Finding[]): readonly FindingGroup[] {
  const byFile = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = byFile.get(finding.file);
    if (group) group.push(finding);
    else byFile.set(finding.file, [finding]);
  }
  const groups = [...byFile].map(([file, found]) => ({ file, findings: found.sort(byPosition) }));
  return groups.sort((a, b) => gravest(a) - gravest(b) || (a.file < b.file ? -1 : 1));
}

/** The finding after (or before) a place, going round through all files; undefined when there is none. */
export function neighbour(
  findings: readonly Finding[],
  from: { readonly file: string; readonly cell?: number; readonly line: number; readonly column: number },
  direction: 'next' | 'previous',
): Finding | undefined {
  const ordered = [...findings].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : byPosition(a, b)));
  const after = (finding: Finding) =>
    finding.file === from.file
      ? (finding.cell ?? 0) - (from.cell ?? 0) || finding.range.line - from.line || finding.range.column - from.column
      : finding.file < from.file
        ? -1
        : 1;
  return direction === 'next'
    ? (ordered.find((finding) => after(finding) > 0) ?? ordered[0])
    : (ordered.findLast((finding) => after(finding) < 0) ?? ordered[ordered.length - 1]);
}

function gravest(group: FindingGroup): number {
  return Math.min(...group.findings.map((finding) => severities.indexOf(finding.severity)));
}

function byPosition(a: Finding, b: Finding): number {
  return (a.cell ?? 0) - (b.cell ?? 0) || a.range.line - b.range.line || a.range.column - b.range.column;
}
