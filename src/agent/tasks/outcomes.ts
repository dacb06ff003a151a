import type { Ending } from './taskResult.ts';

const remembered = 20;
const fewestFailures = 3;
/** The task's own fault, found out only when it was looked into. */
const notOurFault: ReadonlySet<string> = new Set(['malformed-payload', 'unsupported-task']);

/** How the newest tasks ended that were really run. */
export class Outcomes {
  readonly #failed: boolean[] = [];

  /** A cancelled task says nothing about us, and neither does one that nobody could do. */
  add(ending: Ending): void {
    if (ending.status === 'cancelled') return;
    if (ending.status === 'failed' && notOurFault.has(ending.failure.code)) return;
    this.#failed.push(ending.status === 'failed');
    if (this.#failed.length > remembered) this.#failed.shift();
  }

  /** More failed than did not, and not just one or two. */
  get failOften(): boolean {
    const failed = this.#failed.filter(Boolean).length;
    return failed >= fewestFailures && failed > this.#failed.length - failed;
  }
}
