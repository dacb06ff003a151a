import { type Severity, severities } from '../findings/finding.ts';
import type { TaskResult } from '../tasks/task.ts';
import { isObject } from './fields.ts';

/** Stands in `result.truncated` of everything that was shortened: how many findings were left out, and of what else. */
export interface Truncated {
  readonly dropped: number;
  readonly reason: string;
}

const reason = 'the full result was larger than a message to the server may be';

/**
 * A result whose JSON has at most `maxBytes` bytes. One that fits comes back as it is. Otherwise the least severe
 * findings go first, the last of equals first; then whatever else is long; and the result says so in its summary
 * and in `truncated`. Status, metadata numbers and task id always stay. From 8 kB on it always fits.
 */
export function fitResult(result: TaskResult, maxBytes: number): TaskResult {
  if (bytesOf(result) <= maxBytes) return result;
  const body = isObject(result.result) ? result.result : {};
  const findings: readonly unknown[] = Array.isArray(body['findings']) ? body['findings'] : [];
  const withFindings = (kept: readonly unknown[]): TaskResult => {
    const dropped = findings.length - kept.length;
    return { ...result, result: { ...body, ...mark(body, dropped), findings: kept } };
  };

  if (findings.length > 0) {
    const most = mostThatFit(findings, maxBytes - bytesOf(withFindings([])));
    // Sizes add up exactly; what is left to try is the text of the mark, whose number may be longer.
    for (let count = most; count >= 0; count--) {
      const candidate = withFindings(leastSevereDropped(findings, count));
      if (bytesOf(candidate) <= maxBytes) return candidate;
    }
  }
  return bare(result, body, findings.length, maxBytes);
}

/** How many of the findings, most severe first, fit into a list of `room` bytes. */
function mostThatFit(findings: readonly unknown[], room: number): number {
  let left = room;
  let count = 0;
  for (const finding of bySeverity(findings)) {
    left -= bytesOf(finding) + 1;
    if (left < 0) break;
    count += 1;
  }
  return Math.min(count, findings.length - 1);
}

function leastSevereDropped(findings: readonly unknown[], count: number): readonly unknown[] {
  const kept = new Set(bySeverity(findings).slice(0, count));
  return findings.filter((finding) => kept.has(finding));
}

function bySeverity(findings: readonly unknown[]): readonly unknown[] {
  return [...findings].sort((one, other) => rank(one) - rank(other));
}

function rank(finding: unknown): number {
  const severity = isObject(finding) ? finding['severity'] : undefined;
  const index = severities.indexOf(severity as Severity);
  return index < 0 ? severities.length : index;
}

function mark(
  body: Readonly<Record<string, unknown>>,
  dropped: number,
  summaryLength = 2000,
): { summary: string; truncated: Truncated } {
  const summary = typeof body['summary'] === 'string' ? body['summary'].slice(0, summaryLength) : '';
  const what = dropped === 0 ? 'Shortened' : `Shortened: ${dropped} of the least severe findings left out`;
  return { summary: `${summary} [${what}; ${reason}.]`.trim(), truncated: { dropped, reason } };
}

/** Even without findings it was too long: what a server needs to close the task, and the summary. */
function bare(
  result: TaskResult,
  body: Readonly<Record<string, unknown>>,
  dropped: number,
  maxBytes: number,
): TaskResult {
  const { not_reviewed, ...metadata } = result.metadata;
  const build = (listed: number): TaskResult => ({
    ...result,
    result: mark(body, dropped, 300),
    metadata: { ...metadata, not_reviewed: not_reviewed.slice(0, listed) },
    ...(result.error !== undefined && { error: result.error.slice(0, 300) }),
  });
  let listed = not_reviewed.length;
  while (listed > 0 && bytesOf(build(listed)) > maxBytes) listed = Math.floor(listed / 2);
  return build(listed);
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '', 'utf8');
}
