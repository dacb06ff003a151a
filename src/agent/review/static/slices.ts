import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

/** Long work in slices, so that the event loop is never held for long. */
export interface Slices {
  /** Whether the slice has had its time. */
  spent(): boolean;
  /** Lets others run when the slice is spent, and begins the next. Rejects with the signal's reason. */
  pause(): Promise<void>;
}

/** `milliseconds`: how long one slice may last before `pause` gives way. */
export function createSlices(clock: Clock, signal: AbortSignal, milliseconds = 8): Slices {
  let began = clock.monotonic();
  const spent = () => clock.monotonic() - began >= milliseconds;
  return {
    spent,
    pause: async () => {
      signal.throwIfAborted();
      if (!spent()) return;
      await nextTurn();
      signal.throwIfAborted();
      began = clock.monotonic();
    },
  };
}
