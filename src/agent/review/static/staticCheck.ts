import type { FoundIssue } from '../../findings/finding.ts';
import type { NotReviewed, Snapshot } from '../../workspace/snapshot.ts';

/** One source of findings that needs no model. */
export interface StaticCheck {
  readonly name: 'rules' | 'editor' | 'secrets';
  /**
   * The issues of one file, in the order of their lines. A language the check does not know gives none.
   * Never modifies the snapshot; rejects only with the signal's reason.
   */
  check(snapshot: Snapshot, signal: AbortSignal): Promise<readonly FoundIssue[]>;
  /** Why the check could not look, one sentence, once it knows; the files are then not reviewed by it, rather than clean. */
  unavailable?(): string | undefined;
  /** What of the workspace's own set-up could not be used in the run of this signal, such as a rule; the rest was. */
  problems?(signal: AbortSignal): readonly NotReviewed[];
}
