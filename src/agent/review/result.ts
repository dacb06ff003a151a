import { type Finding, severities } from '../findings/finding.ts';
import type { TokenUse } from '../tasks/task.ts';
import { cleanText } from '../workspace/clean.ts';
import type { NotReviewed } from '../workspace/snapshot.ts';
import { recommend } from './recommend.ts';

/** What a review says to whoever asked for it. Of a file's text it holds the quotes of the findings and nothing else. */
export interface ReviewResult {
  readonly summary: string;
  readonly findings: readonly WireFinding[];
  readonly recommendations: readonly string[];
  readonly not_reviewed: readonly NotReviewed[];
  /** Files of the workspace that told how to review it. */
  readonly instructions_applied: readonly string[];
  readonly metrics: ReviewMetrics;
}

export interface WireFinding {
  readonly id: string;
  readonly type: string;
  readonly severity: string;
  readonly confidence: number;
  readonly file: string;
  /** Of a notebook: the place of the cell in it, from 1; lines and columns are inside that cell. */
  readonly cell?: number;
  readonly line: number;
  readonly end_line: number;
  readonly column: number;
  readonly end_column: number;
  readonly title: string;
  readonly description: string;
  readonly suggestion?: string;
  readonly rule_id?: string;
  readonly cwe?: string;
  readonly symbol?: string;
  readonly quote: string;
}

export interface ReviewMetrics {
  readonly files: number;
  /** Through every phase, in full. */
  readonly files_reviewed: number;
  /** Through the static checks. */
  readonly files_checked: number;
  readonly static_issues: number;
  readonly ai_suggestions: number;
  /** Findings that said what another finding says: of the model, or of the editor and a rule. */
  readonly merged: number;
  /** Findings of the model whose quote stands nowhere in the file, or in several places alike. */
  readonly dropped_unanchored: number;
  /** Findings of the model that could not be understood. */
  readonly dropped_invalid: number;
  /** Findings that the model took back while it wrote them. */
  readonly dropped_withdrawn: number;
  /** Findings that a second look refuted. */
  readonly dropped_refuted: number;
  /** Below the thresholds, outside the changes, or beyond a limit. */
  readonly dropped_by_filter: number;
  /** Of those the ones below the thresholds or beyond a limit: kept, and shown on demand. */
  readonly hidden: number;
  /** Findings that the workspace's baseline file dismisses. */
  readonly suppressed: number;
  readonly secrets_masked: number;
  readonly model_calls: number;
  readonly model_calls_saved: number;
  readonly tokens: TokenUse;
}

export interface ReviewEnd {
  readonly findings: readonly Finding[];
  /** Findings beyond the limit for one file or for the run. */
  readonly beyond: number;
  /** Findings below the thresholds. */
  readonly below: number;
  /** Languages that no rule of ours is for, with how many files each; most files first. */
  readonly withoutRules: readonly { readonly language: string; readonly files: number }[];
  readonly notReviewed: readonly NotReviewed[];
  /** Paths of the files whose instructions held. */
  readonly instructions: readonly string[];
  /** Files that were to tell how to review, and could not be used. */
  readonly unused: readonly NotReviewed[];
  readonly metrics: ReviewMetrics;
  /** Why the model looked at nothing at all; undefined when it looked at something. */
  readonly withoutModel?: string;
  /** The requester's name for a file. */
  nameOf(file: string): string;
}

export function reviewResult(end: ReviewEnd): ReviewResult {
  const named = end.findings.map((finding) => ({ ...finding, file: end.nameOf(finding.file) }));
  return {
    summary: summaryOf(end),
    findings: named.map(wireFinding),
    recommendations: recommend(named),
    not_reviewed: [...end.notReviewed, ...end.unused].map(({ file, reason }) => ({ file: end.nameOf(file), reason })),
    instructions_applied: end.instructions,
    metrics: end.metrics,
  };
}

/** Never says that files are clean, only that nothing was found, and in how many of them. */
function summaryOf(end: ReviewEnd): string {
  const { beyond, below, metrics } = end;
  const verb = (count: number) => (count === 1 ? 'is' : 'are');
  return [
    reviewedSentence(end),
    ...unruledSentence(end),
    ...end.unused.map(unusedSentence),
    ...(metrics.suppressed > 0
      ? [`${plural(metrics.suppressed, 'finding')} dismissed for everybody ${verb(metrics.suppressed)} left out.`]
      : []),
    ...(beyond > 0 ? [`${plural(beyond, 'more finding')} beyond the limits ${verb(beyond)} left out.`] : []),
    ...(below > 0 ? [`${plural(below, 'finding')} below the set severity or confidence ${verb(below)} hidden.`] : []),
  ].join(' ');
}

/** A reason speaks of the whole file, `not used: ...`, or names what of it is not: `some-rule not used: ...`. */
function unusedSentence({ file, reason }: NotReviewed): string {
  const why = cleanText(reason, 300).replace(/[.:\s]+$/, '');
  return `${cleanText(file, 200)}${why.startsWith('not used') ? ' was' : ':'} ${why}.`;
}

/** Where rules are all there was, silence about a language without any is no judgement. */
function unruledSentence({ withoutModel, withoutRules }: ReviewEnd): string[] {
  if (withoutModel === undefined || withoutRules.length === 0) return [];
  const named = withoutRules.map(({ language, files }) => `${language} (${plural(files, 'file')})`).join(', ');
  return [`There are no rules for ${named}: only secrets, hidden text and what the editor says were looked for there.`];
}

function reviewedSentence({ findings, notReviewed, metrics, withoutModel, withoutRules }: ReviewEnd): string {
  const { files, files_reviewed: reviewed, files_checked: checked } = metrics;
  if (files === 0) return 'There was nothing to review: no file has changed.';
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? `${count} ${severity}` : [];
  });
  const head = findings.length === 0 ? 'Nothing found' : `${plural(findings.length, 'finding')} (${counts.join(', ')})`;
  if (withoutModel !== undefined) {
    const unruled = withoutRules.reduce((sum, { files: count }) => sum + count, 0);
    if (findings.length === 0 && unruled >= files) return `The AI review did not run: ${withoutModel}`;
    if (checked === 0) return `No file was reviewed: no static check could run, nor the AI review: ${withoutModel}`;
    const where = checked === files ? plural(files, 'file') : `${checked} of ${plural(files, 'file')}`;
    return `Static checks alone: ${lowerFirst(head)} in ${where}. The AI review did not run: ${withoutModel}`;
  }
  if (reviewed === files && notReviewed.length === 0) return `${head} in ${plural(files, 'file')}.`;
  const left = files - reviewed;
  const rest = `${plural(left, 'file')} ${left === 1 ? 'was' : 'were'} not reviewed in full; not_reviewed says why.`;
  return `${head} in ${reviewed} of ${plural(files, 'file')}. ${rest}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The finding's words are masked already (`findingMaker`); here they lose what a terminal or an editor could act on. */
function wireFinding(finding: Finding): WireFinding {
  const { range } = finding;
  return {
    id: finding.id,
    type: finding.type,
    severity: finding.severity,
    confidence: finding.confidence,
    file: finding.file,
    ...(finding.cell !== undefined && { cell: finding.cell }),
    line: range.line,
    end_line: range.endLine,
    column: range.column,
    end_column: range.endColumn,
    title: cleanText(finding.title, 200),
    description: cleanText(finding.description, 2000),
    ...(finding.suggestion && { suggestion: cleanText(finding.suggestion, 1000) }),
    ...(finding.ruleId && { rule_id: finding.ruleId }),
    ...(finding.cwe && { cwe: finding.cwe }),
    ...(finding.symbol && { symbol: cleanText(finding.symbol, 200) }),
    quote: finding.quote,
  };
}
