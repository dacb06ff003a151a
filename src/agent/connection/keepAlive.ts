import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';

export const pingEveryMs = 15_000;
export const pongWithinMs = 5_000;
/** A timer later than this was held up by us, asleep or busy, and proves nothing about the peer. */
const ownStallMs = 2_000;

export interface KeepAlive extends Disposable {
  /** Makes sure that a ping follows what was sent so far. The number is the first mark whose pong proves that. */
  proof(): number;
  /** Takes a pong. The number is the highest mark that is proven by it; undefined for a pong nobody asked for. */
  pong(mark: string): number | undefined;
}

interface KeepAliveParts {
  readonly clock: Clock;
  ping(mark: string): void;
  /** Round trip of one ping. */
  measured(ms: number): void;
  /** No pong in time, for the last time. */
  dead(): void;
}

/**
 * Finds out within `pingEveryMs + pongWithinMs` that the peer is gone though nobody closed anything. At most one ping
 * is on its way, because a peer that has to queue too many pongs hangs up. Begins with a ping at once.
 */
export function keepAlive({ clock, ping, measured, dead }: KeepAliveParts): KeepAlive {
  let lastMark = 0;
  let unanswered: { readonly mark: number; readonly sentAt: number } | undefined;
  let anotherWanted = false;
  let interval: Disposable;
  let deadline: Disposable | undefined;

  const probe = () => {
    lastMark += 1;
    anotherWanted = false;
    unanswered = { mark: lastMark, sentAt: clock.monotonic() };
    ping(String(lastMark));
    deadline?.dispose();
    deadline = onTime(clock, pongWithinMs, (stalled) => {
      if (stalled) return probe();
      // We may have been held up for a moment with the pong already here: one turn for the network first.
      deadline = clock.after(0, dead);
    });
  };
  const again = () => {
    interval = clock.after(pingEveryMs, () => {
      if (!unanswered) probe();
      again();
    });
  };

  again();
  probe();
  return {
    proof: () => {
      if (!unanswered) {
        probe();
        return lastMark;
      }
      anotherWanted = true;
      return lastMark + 1;
    },
    pong: (text) => {
      const mark = /^\d{1,15}$/.test(text) ? Number(text) : 0;
      if (!unanswered || mark < 1 || mark > lastMark) return undefined;
      if (mark === unanswered.mark) {
        const tookMs = clock.monotonic() - unanswered.sentAt;
        unanswered = undefined;
        deadline?.dispose();
        if (anotherWanted) probe();
        // Last: whoever hears it may dispose us.
        measured(tookMs);
      }
      return mark;
    },
    dispose: () => {
      interval.dispose();
      deadline?.dispose();
    },
  };
}

/**
 * Calls after `ms` and says whether that came so late that this process, or the whole machine, stood still.
 * Two clocks, because the monotonic one stops while some machines sleep. A wall clock that was merely set
 * costs one ping too many.
 */
function onTime(clock: Clock, ms: number, callback: (stalled: boolean) => void): Disposable {
  const monotonic = clock.monotonic();
  const wall = clock.now();
  return clock.after(ms, () => {
    const late = Math.max(clock.monotonic() - monotonic, clock.now() - wall) - ms;
    callback(late > ownStallMs);
  });
}
