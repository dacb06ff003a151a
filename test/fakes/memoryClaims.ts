import type { Claim, Claims } from '../../src/agent/tasks/claims.ts';

/** What windows share: a table. `window` is one of them; a dead one is told of by `die`. */
export class ClaimTable {
  readonly #owner = new Map<string, string>();
  readonly #before = new Map<string, string[]>();
  readonly #over = new Set<string>();
  #held: (() => void)[] | undefined;
  readonly log: string[] = [];

  window(name: string): Claims {
    return {
      take: async (what) => {
        this.log.push(`${name} take ${what}`);
        if (this.#held) await new Promise<void>((go) => this.#held?.push(go));
        return this.#take(name, what);
      },
      release: async (what) => {
        this.log.push(`${name} release ${what}`);
        if (this.#owner.get(what) === name) this.#owner.delete(what);
      },
      finish: async (what) => {
        this.log.push(`${name} finish ${what}`);
        this.#owner.delete(what);
        this.#over.add(what);
      },
      dispose: () => undefined,
    };
  }

  /** What it had can be had by others, who are told of its folder. */
  die(name: string, folder: string): void {
    for (const [what, owner] of this.#owner) {
      if (owner !== name) continue;
      this.#owner.delete(what);
      this.#before.set(what, [folder, ...(this.#before.get(what) ?? [])]);
    }
  }

  /** From now on no claim is decided until `go`, the newest first. */
  hold(): void {
    this.#held = [];
  }

  go(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const each of held.reverse()) each();
  }

  #take(name: string, what: string): Claim {
    if (this.#over.has(what)) return { kind: 'over' };
    const owner = this.#owner.get(what);
    if (owner !== undefined && owner !== name) return { kind: 'held' };
    this.#owner.set(what, name);
    return { kind: 'ours', before: this.#before.get(what) ?? [] };
  }
}
