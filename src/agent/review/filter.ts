import { type FoundIssue, type Severity, severities } from '../findings/finding.ts';
import type { LineSpan } from '../workspace/snapshot.ts';

export interface FilterRules {
  readonly minimumSeverity: Severity;
  /** 0..1 */
  readonly minimumConfidence: number;
}

/** How far from a changed line a finding may stand in a review of changes. */
const nearChange = 3;

/**
 * Why it is not shown: `outside` the changes, where nobody asked; `hidden`, because a person who set these rules does not
 * want to see it, but may look at it. Undefined: it is shown. With `changed`, only what touches the changes.
 */
export function keepOut(
  issue: FoundIssue,
  rules: FilterRules,
  changed?: readonly LineSpan[],
): 'outside' | 'hidden' | undefined {
  const { line, endLine } = issue.range;
  const near = changed?.some(({ from, to }) => endLine >= from - nearChange && line <= to + nearChange) ?? true;
  if (!near) return 'outside';
  const tooLight = severities.indexOf(issue.severity) > severities.indexOf(rules.minimumSeverity);
  return tooLight || issue.confidence < rules.minimumConfidence ? 'hidden' : undefined;
}

/** The gravest and most certain first; then in the order of files and lines. */
export function byWeight(a: FoundIssue, b: FoundIssue): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    b.confidence - a.confidence ||
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
    a.range.line - b.range.line
  );
}

/** The weightiest of each file, at most `most` of them, in the order they came in. */
export function capPerFile<T extends FoundIssue>(issues: readonly T[], most: number): T[] {
  const counts = new Map<string, number>();
  const kept = new Set<T>();
  for (const issue of [...issues].sort(byWeight)) {
    const count = counts.get(issue.file) ?? 0;
    counts.set(issue.file, count + 1);
    if (count < most) kept.add(issue);
  }
  return issues.filter((issue) => kept.has(issue));
}

/** The weightiest of all, at most `most` of them, in the order they came in. */
export function capAll<T extends FoundIssue>(issues: readonly T[], most: number): T[] {
  if (issues.length <= most) return [...issues];
  const kept = new Set([...issues].sort(byWeight).slice(0, most));
  return issues.filter((issue) => kept.has(issue));
}
