import { createHash } from 'node:crypto';
import type { FoundIssue } from './finding.ts';

/**
 * Names what was found, not where: the same for a finding that moved inside its file, was re-indented, or whose wording
 * or severity changed.
 */
export function fingerprint(issue: FoundIssue): string {
  return digest([issue.file, ...meaning(issue)]);
}

/** As `fingerprint`, without the path: survives the move of the code to another file. */
export function movableFingerprint(issue: FoundIssue): string {
  return digest(meaning(issue));
}

function meaning(issue: FoundIssue): string[] {
  return [issue.ruleId ?? issue.type, issue.quote === '' ? issue.title : issue.quote.replace(/\s+/g, ' ').trim()];
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
