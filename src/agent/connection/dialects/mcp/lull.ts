import type { Clock } from '../../../shared/clock.ts';
import type { Incoming } from '../../messages.ts';

/** Shorter rests pass by themselves before anybody could miss a task. */
const longRestMs = 60_000;
/** So long nothing but refusals, and it is no slip of the server any more. */
const longRefusedMs = 60_000;

/** When a server that gave work gives none for so long that a person should know: once, until it has answered again. */
export interface Lull {
  /** It wants to be left alone. */
  rests(forMs: number, text: string): readonly Incoming[];
  /** A question for work failed. */
  refused(text: string): readonly Incoming[];
  /** A question for work was answered. */
  answered(): void;
}

export function createLull(clock: Clock): Lull {
  let refusedSince: number | undefined;
  let told = false;
  const tell = (text: string, forMs?: number): readonly Incoming[] => {
    if (told) return [];
    told = true;
    return [{ kind: 'resting', text, ...(forMs !== undefined && { forMs }) }];
  };
  return {
    rests: (forMs, text) => (forMs >= longRestMs ? tell(text, forMs) : []),
    refused: (text) => {
      refusedSince ??= clock.monotonic();
      return clock.monotonic() - refusedSince >= longRefusedMs ? tell(text) : [];
    },
    answered: () => {
      refusedSince = undefined;
      told = false;
    },
  };
}
