import { type Failure, failures } from '../failures.ts';
import type { Finding, FoundIssue } from '../findings/finding.ts';
import type { Log } from '../host.ts';
import type { Settings } from '../settings.ts';
import { abreast } from '../shared/abreast.ts';
import { orAborted } from '../shared/orAborted.ts';
import type { NotReviewed } from '../workspace/snapshot.ts';
import { injectionIssues } from './ai/injectionGuard.ts';
import { capPerFile, keepOut } from './filter.ts';
import type { ReviewedFile } from './reviewedFile.ts';
import type { StaticCheck } from './static/staticCheck.ts';

export interface StaticPhase {
  /** Findings outside the changes. */
  readonly outside: number;
  /** Findings left out by the limit for one file; they are among the hidden ones of their file. */
  readonly beyond: number;
  readonly notReviewed: readonly NotReviewed[];
  /** What of the workspace's own rules could not be used. */
  readonly unused: readonly NotReviewed[];
  readonly failure?: Failure;
}

export interface StaticParts {
  checks(): Promise<readonly StaticCheck[]>;
  readonly rules: Settings['review'];
  /** Whether the workspace does not want a rule for a file. */
  disabled?(file: string, ruleId: string): boolean;
  readonly log: Log;
  toFinding(file: ReviewedFile, issue: FoundIssue): Finding;
  /** The moment they exist; those of one file by one check. */
  found(findings: readonly Finding[]): void;
  /** One more of all the checks of all the files is done. 0..1 */
  progress(share: number): void;
}

/**
 * Runs check after check over all files, a few files at once, so that the quick checks are through with everything
 * before a slow one, which may wait for a language server, begins. A check that breaks costs only its own findings.
 */
export async function staticPhase(
  files: readonly ReviewedFile[],
  parts: StaticParts,
  signal: AbortSignal,
): Promise<StaticPhase> {
  const notReviewed: NotReviewed[] = [];
  const unused: NotReviewed[] = [];
  let outside = 0;
  let beyond = 0;
  let done = 0;
  let failure: Failure | undefined;
  const broke = (what: string, file: string, error: unknown) => {
    signal.throwIfAborted();
    const detail = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    parts.log('error', 'A static check broke down', { file, detail });
    failure ??= failures.crashed(detail);
    notReviewed.push({ file, reason: `${what} broke down` });
  };
  const take = (file: ReviewedFile, issues: readonly FoundIssue[]) => {
    const findings: Finding[] = [];
    for (const issue of issues) {
      // A repository does not keep its secrets, or words to the model, out of a review.
      const isRule = issue.source === 'rule' && issue.type !== 'injection-attempt';
      if (isRule && issue.ruleId !== undefined && parts.disabled?.(issue.file, issue.ruleId)) continue;
      const reason = keepOut(issue, parts.rules, file.snapshot.changed);
      if (reason === 'outside') outside += 1;
      else if (reason) file.hidden = [...file.hidden, parts.toFinding(file, issue)];
      else findings.push(parts.toFinding(file, issue));
    }
    file.statics = [...file.statics, ...findings];
    if (findings.length > 0) parts.found(findings);
  };

  for (const file of files) take(file, injectionIssues(file.snapshot));
  let checks: readonly StaticCheck[] = [];
  try {
    checks = await orAborted(parts.checks(), signal);
  } catch (error) {
    for (const { snapshot } of files) broke('loading the static checks', snapshot.file, error);
  }
  for (const check of checks) {
    await abreast(files, 3, async (file) => {
      signal.throwIfAborted();
      try {
        take(file, await check.check(file.snapshot, signal));
      } catch (error) {
        broke(`the ${check.name} check`, file.snapshot.file, error);
      }
      done += 1;
      parts.progress(done / (files.length * checks.length));
    });
    unused.push(...(check.problems?.(signal) ?? []));
    const reason = check.unavailable?.();
    if (reason === undefined) continue;
    failure ??= failures.crashed(reason);
    for (const { snapshot } of files) notReviewed.push({ file: snapshot.file, reason });
  }
  for (const file of files) {
    const kept = capPerFile(file.statics, parts.rules.findingsPerFile);
    beyond += file.statics.length - kept.length;
    file.hidden = [...file.hidden, ...file.statics.filter((finding) => !kept.includes(finding))];
    file.statics = kept;
  }
  return { outside, beyond, notReviewed, unused, ...(failure && { failure }) };
}
