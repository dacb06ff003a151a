import { type Outcome, succeeded } from '../../src/agent/failures.ts';
import type { Finding } from '../../src/agent/findings/finding.ts';
import { covers, type Suppression, standing, suppress } from '../../src/agent/findings/suppression.ts';
import type { Keeping, Kept, Suppressions } from '../../src/agent/findings/suppressions.ts';
import { Emitter } from '../../src/agent/shared/emitter.ts';

/** One open folder, and nothing on disk. */
export class MemorySuppressions implements Suppressions {
  #kept: readonly Kept[] = [];
  readonly #changes = new Emitter<undefined>((error) => {
    throw error;
  });
  readonly onChange = this.#changes.subscribe;

  async load(): Promise<readonly Outcome<never>[]> {
    return [];
  }

  hiding(finding: Finding, alike: readonly Finding[]): Kept | undefined {
    const here = standing(finding, alike, finding.file);
    return this.#kept.find(({ suppression }) => covers(suppression, here, false));
  }

  all(): readonly Kept[] {
    return this.#kept;
  }

  async add(
    finding: Finding,
    alike: readonly Finding[],
    scope: Suppression['scope'],
    keeping: Keeping,
    reason?: string,
  ): Promise<Outcome<true>> {
    const told = { today: '2026-11-23', ...(reason && { reason }) };
    const suppression = suppress(standing(finding, alike, finding.file), scope, told);
    if (!suppression) throw new Error('this finding has no rule');
    return this.#become([...this.#kept, { suppression, keeping, folder: '' }]);
  }

  async remove(gone: readonly Kept[]): Promise<Outcome<true>> {
    return this.#become(this.#kept.filter((one) => !gone.includes(one)));
  }

  dispose(): void {
    this.#changes.dispose();
  }

  #become(kept: readonly Kept[]): Outcome<true> {
    this.#kept = kept;
    this.#changes.emit(undefined);
    return succeeded(true);
  }
}
