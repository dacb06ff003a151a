import type { Clock } from '../shared/clock.ts';
import { retryDelay } from './backoff.ts';
import type { Hostility } from './ending.ts';

/** A connection that lived this long after its registration starts the count of failures anew. */
const healthyAfterMs = 30_000;
/**
 * After a loss the server is probably restarting, and wanted back soon; a longer outage is met with more patience.
 * `growth`: where the windows stop growing: the third is a second long, the fifth four. The floor below them, because
 * whoever waits for a moment that he does not know meets it evenly only if his waits are alike.
 */
const recovery = [
  { untilMs: 60_000, growth: 3, floorMs: 1000 },
  { untilMs: 5 * 60_000, growth: 5, floorMs: 2000 },
] as const;

/** So many connections in a row that broke the protocol, or that we had to cut, are no accident. */
const mostHostile = 3;

/** When a connection is tried again. It keeps no timer. */
export interface RetryPace {
  /** Tries in a row that did not become healthy. */
  readonly failures: number;
  /**
   * A registered connection ended, so long after its registration. `lineDied`: it was sound until nothing came any
   * more, which no server does to be rid of us.
   */
  lost(livedMs: number, lineDied: boolean): void;
  /** A connection that had been open ended so. True when that is no accident any more. */
  ended(hostility: Hostility): boolean;
  /**
   * One more try failed: milliseconds until the next. `slow`: as `retryDelay` has it. `crowded`: the server said that
   * there is too much of us.
   */
  wait(why: { readonly slow: boolean; readonly crowded: boolean; readonly retryAfterMs: number }): number;
  /** A person decides anew. */
  reset(): void;
}

/**
 * The loss of a registered connection is met by quick tries, a second or two apart for a minute and a few seconds apart
 * for five; after that their windows double, up to five minutes. Only a connection that was healthy, or whose line was
 * cut, earns that again: a server that takes everybody in and throws everybody out again is not hurried for ever.
 */
export function createRetryPace(clock: Clock): RetryPace {
  let failures = 0;
  /** What `retryDelay` takes for the failures: it stands still while we hurry. */
  let growth = 0;
  let hostileEnds = 0;
  let mayHurry = true;
  let lostAt = Number.NEGATIVE_INFINITY;
  /** The server was back, and threw us out again: it is no longer an outage that we wait for. */
  let thrownOut = false;
  const haste = () =>
    (thrownOut ? recovery.slice(0, 1) : recovery).find(({ untilMs }) => clock.monotonic() < lostAt + untilMs);

  return {
    get failures() {
      return failures;
    },
    lost: (livedMs, lineDied) => {
      if (livedMs >= healthyAfterMs) {
        failures = 0;
        hostileEnds = 0;
      }
      if (livedMs >= healthyAfterMs || lineDied) mayHurry = true;
      thrownOut = !mayHurry;
      if (!mayHurry) return;
      mayHurry = false;
      growth = 0;
      lostAt = clock.monotonic();
    },
    ended: (hostility) => {
      if (hostility === 'none') hostileEnds = 0;
      // What stands before a server that restarts may well hang up on everybody for a while.
      else if (hostility === 'certain' || !haste()) hostileEnds += 1;
      return hostileEnds >= mostHostile;
    },
    wait: ({ slow, crowded, retryAfterMs }) => {
      failures += 1;
      const random = clock.random();
      const hasty = haste();
      if (!hasty || growth < hasty.growth || crowded) {
        growth += 1;
        return retryDelay({ failures: growth, random, retryAfterMs, slow });
      }
      return retryDelay({ failures: growth, random, retryAfterMs: Math.max(hasty.floorMs, retryAfterMs), slow });
    },
    reset: () => {
      failures = 0;
      growth = 0;
      hostileEnds = 0;
    },
  };
}
