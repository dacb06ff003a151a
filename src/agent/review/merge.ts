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
  };
}

function byFileAndLine(a: FoundIssue, b: FoundIssue): number {
  return (
    (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.range.line - b.range.line || a.range.column - b.range.column
  );
}
