import type { Claims } from './tasks/claims.ts';

/** The id that a person chose for all windows, made one that no other window of this computer has at that server. */
export interface ChosenIds {
  /** `chosen` itself, or with `-2`, `-3` … behind it; the same again for as long as this window lives and asks for no other. */
  idFor(origin: string, chosen: string): Promise<string>;
}

const mostLength = 255;
const mostWindows = 100;

export function createChosenIds(claims: Claims): ChosenIds {
  let held: { readonly origin: string; readonly chosen: string; readonly id: string } | undefined;
  const nameOf = (origin: string, id: string) => `agent\n${origin}\n${id}`;
  return {
    async idFor(origin, chosen) {
      if (held?.origin === origin && held.chosen === chosen) return held.id;
      if (held) await claims.release(nameOf(held.origin, held.id));
      held = undefined;
      for (let number = 1; number <= mostWindows; number++) {
        const suffix = number === 1 ? '' : `-${number}`;
        const id = chosen.slice(0, mostLength - suffix.length) + suffix;
        if ((await claims.take(nameOf(origin, id))).kind !== 'ours') continue;
        held = { origin, chosen, id };
        return id;
      }
      return chosen;
    },
  };
}
