import { type Failure, failures } from '../failures.ts';
import type { Finding, FoundIssue } from '../findings/finding.ts';
import type { Log } from '../host.ts';
import type { Settings } from '../settings.ts';
import { abreast } from '../shared/abreast.ts';
import { orAborted } from '../shared/orAborted.ts';
import type { NotReviewed } from '../workspace/snapshot.ts';
import { injectionIssues } from './ai/injectionGuard.ts';
import { capPerFile, passes } from './filter.ts';
import type { ReviewedFile } from './reviewedFile.ts';
import type { StaticCheck } from './static/staticCheck.ts';

export interface StaticPhase {
  readonly dropped: number;
  readonly notReviewed: readonly NotReviewed[];
  readonly failure?: Failure;
}

export interface StaticParts {
  checks(): Promise<readonly StaticCheck[]>;
  readonly rules: Settings['review'];
  readonly log: Log;
  toFinding(file: ReviewedFile, issue: FoundIssue): Finding;
  /** A file is through all checks. */
  checked(file: ReviewedFile): void;
}

/** Runs every check over every file, a few files at once. A check that breaks costs only its own findings of that file. */
export async function staticPhase(
  files: readonly ReviewedFile[],
  parts: StaticParts,
  signal: AbortSignal,
): Promise<StaticPhase> {
  const notReviewed: NotReviewed[] = [];
  let dropped = 0;
  let failure: Failure | undefined;
  const broke = (what: string, file: string, error: unknown) => {
    signal.throwIfAborted();
    const detail = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    parts.log('error', 'A static check broke down', { file, detail });
    failure ??= failures.crashed(detail);
    notReviewed.push({ file, reason: `${what} broke down` });
  };
  let checks: readonly StaticCheck[] = [];
  try {
    checks = await orAborted(parts.checks(), signal);
  } catch (error) {
    for (const { snapshot } of files) broke('loading the static checks', snapshot.file, error);
  }
  await abreast(files, 3, async (file) => {
    const { snapshot } = file;
    const issues = injectionIssues(snapshot);
    for (const check of checks) {
      signal.throwIfAborted();
      try {
        issues.push(...(await check.check(snapshot, signal)));
      } catch (error) {
        broke(`the ${check.name} check`, snapshot.file, error);
      }
    }
    const wanted = issues.filter((issue) => passes(issue, parts.rules, snapshot.changed));
    const kept = capPerFile(wanted, parts.rules.findingsPerFile);
    dropped += issues.length - kept.length;
    file.statics = kept.map((issue) => parts.toFinding(file, issue));
    parts.checked(file);
  });
  return { dropped, notReviewed, ...(failure && { failure }) };
}
