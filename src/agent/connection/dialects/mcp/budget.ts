import type { Clock } from '../../../shared/clock.ts';

/** All in milliseconds. */
export interface Pace {
  /** Between two questions for work while there is none. */
  readonly idle: number;
  /** The same while there is some, and for `alert` after. */
  readonly busy: number;
  readonly alert: number;
  /** One request is earned in this time. */
  readonly earnEvery: number;
  /** Requests that may be saved up, and are there at the start. */
  readonly savings: number;
}

/** A tenant has 10,000 requests in 24 hours: 86,400 s / 9.5 s + 500 = 9,595. */
export const edgePace: Pace = { idle: 15_000, busy: 5_000, alert: 120_000, earnEvery: 9_500, savings: 500 };

export interface RequestBudget {
  /** One request went out. */
  spend(): void;
  /** There is work, or there was a moment ago. */
  sawWork(): void;
  /** The server wants to be left alone for so long. */
  rest(ms: number): void;
  /** Whether it still does. */
  readonly resting: boolean;
  /** Milliseconds until the next question for work. */
  readonly wait: number;
}

const mostDebt = 20;
/** No server can silence us for longer, however wrong its clock is. */
const longestRestMs = 60 * 60_000;

/** How often a server may be asked, so that what it allows in a day lasts for the day. */
export function createBudget(clock: Clock, pace: Pace): RequestBudget {
  let saved = pace.savings;
  let countedAt = clock.monotonic();
  let alertUntil = Number.NEGATIVE_INFINITY;
  let restUntil = Number.NEGATIVE_INFINITY;
  const earn = () => {
    const now = clock.monotonic();
    saved = Math.min(pace.savings, saved + (now - countedAt) / pace.earnEvery);
    countedAt = now;
  };
  return {
    spend: () => {
      earn();
      // Results go out in any case, and a larger debt would keep us silent for so long that we count as offline.
      saved = Math.max(-mostDebt, saved - 1);
    },
    sawWork: () => {
      alertUntil = clock.monotonic() + pace.alert;
    },
    rest: (ms) => {
      restUntil = Math.max(restUntil, clock.monotonic() + Math.min(longestRestMs, Math.max(0, ms)));
    },
    get resting() {
      return clock.monotonic() < restUntil;
    },
    get wait() {
      earn();
      const wanted = clock.monotonic() < alertUntil ? pace.busy : pace.idle;
      const affordable = saved >= 1 ? wanted : Math.max(wanted, (1 - saved) * pace.earnEvery);
      return Math.max(affordable, restUntil - clock.monotonic());
    },
  };
}
