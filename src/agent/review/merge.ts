import { type FoundIssue, severities } from '../findings/finding.ts';
import { byWeight } from './filter.ts';
import { meansTheSame, sameLines } from './meaning.ts';

export interface Merged<T> {
  readonly issues: readonly T[];
  /** Findings of the model that said what another finding says: it was enriched, or stands alone. */
  readonly repeated: number;
}

/**
 * One list out of what the checks and the model found in one file. What the editor says already is not said again; a rule
 * and the model on one line about one thing become one finding, the rule's, with the model's explanation; and what the
 * model said twice stands once, as it was surest of it.
 */
export function merge<T extends FoundIssue>(statics: readonly T[], models: readonly T[]): Merged<T> {
  const merged: T[] = [...statics];
  const enriched = new Set<number>();
  const kept: T[] = [];
  for (const issue of [...models].sort(byWeight)) {
    if (kept.some((other) => isRepeat(issue, other))) continue;
    const place = merged.findIndex((other) => isCounterpart(issue, other));
    const counterpart = merged[place];
    if (!counterpart) kept.push(issue);
    else if (counterpart.source !== 'editor' && !enriched.has(place)) {
      enriched.add(place);
      merged[place] = enrich(counterpart, issue);
    }
  }
  return { issues: [...merged, ...kept].sort(byFileAndLine), repeated: models.length - kept.length };
}

/**
 * The findings of the static checks of one file, with each thing once: where the editor's tools say of a place what a rule
 * of ours says, the rule's finding stands, because it brings the scenario and the fix, and names theirs.
 */
export function mergeStatics<T extends FoundIssue>(statics: readonly T[]): Merged<T> {
  const editors = statics.filter(({ source }) => source === 'editor');
  const said = new Set<T>();
  const issues = statics.map((issue) => {
    if (issue.source !== 'rule') return issue;
    const same = editors.filter(
      (editor) => !said.has(editor) && overlaps(issue, editor) && meansTheSame(issue, editor),
    );
    if (same.length === 0) return issue;
    for (const editor of same) said.add(editor);
    const names = [...new Set(same.map(({ ruleId }) => ruleId ?? 'the editor'))].join(', ');
    const graver = [issue, ...same].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))[0];
    return {
      ...issue,
      severity: graver?.severity ?? issue.severity,
      confidence: Math.max(issue.confidence, ...same.map(({ confidence }) => confidence)),
      description: `${issue.description} Also reported as ${names}.`,
    };
  });
  return { issues: issues.filter((issue) => !said.has(issue)), repeated: said.size };
}

/** Whether the two have text in common; a finding of a whole statement and one of a word in it do. */
function overlaps(a: FoundIssue, b: FoundIssue): boolean {
  const before = (lineA: number, columnA: number, lineB: number, columnB: number) =>
    lineA < lineB || (lineA === lineB && columnA < columnB);
  return (
    before(a.range.line, a.range.column, b.range.endLine, b.range.endColumn) &&
    before(b.range.line, b.range.column, a.range.endLine, a.range.endColumn)
  );
}

/** Whether a finding of the model is about what a static check has already found. */
export function isCounterpart(model: FoundIssue, other: FoundIssue): boolean {
  if (!sameLines(model, other)) return false;
  if (other.source !== 'editor' && model.type === other.type) return true;
  return meansTheSame(model, other);
}

function isRepeat(issue: FoundIssue, other: FoundIssue): boolean {
  if (!sameLines(issue, other)) return false;
  return meansTheSame(issue, other) || (issue.quote === other.quote && issue.type === other.type);
}

/** The rule keeps its name, place and title: its fingerprint must not depend on whether a model was at hand. */
function enrich<T extends FoundIssue>(rule: T, model: T): T {
  const graver = severities.indexOf(model.severity) < severities.indexOf(rule.severity) ? model : rule;
  const fix = rule.fix ?? model.fix;
  const suggestion = model.suggestion ?? rule.suggestion;
  return {
    ...rule,
    severity: graver.severity,
    confidence: Math.max(rule.confidence, model.confidence),
    description: model.description,
    ...(suggestion && { suggestion }),
    ...(fix && { fix }),
    ...(rule.cwe === undefined && model.cwe && { cwe: model.cwe }),
    ...(rule.symbol === undefined && model.symbol && { symbol: model.symbol }),
  };
}

function byFileAndLine(a: FoundIssue, b: FoundIssue): number {
  return (
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.range.line - b.range.line || a.range.column - b.range.column
  );
}
