import type { Clock } from '../../../shared/clock.ts';

/** All in milliseconds. */
export interface Pace {
  /** Between two questions for work while there is some, and for `alert` after. */
  readonly busy: number;
  readonly alert: number;
  /** The same while there is none, and, after `drowsy` without any, `asleep`: other agents of the tenant have to live. */
  readonly idle: number;
  readonly drowsy: number;
  readonly asleep: number;
  /** One request is earned in this time. */
  readonly earnEvery: number;
  /** Requests that may be saved up, and are there at the start. */
  readonly savings: number;
}

/**
 * A tenant has 10,000 requests in 24 hours: 86,400 s / 9.5 s + 500 = 9,595, which is all of it for an agent with work all
 * day. Three that have none share it: 86,400 s / 30 s = 2,880 each.
 */
export const edgePace: Pace = {
  busy: 5_000,
  alert: 120_000,
  idle: 15_000,
  drowsy: 600_000,
  asleep: 30_000,
  earnEvery: 9_500,
  savings: 500,
};

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
  let workAt: number | undefined;
  const startedAt = clock.monotonic();
  let restUntil = Number.NEGATIVE_INFINITY;
  const earn = () => {
    const now = clock.monotonic();
    saved = Math.min(pace.savings, saved + (now - countedAt) / pace.earnEvery);
    countedAt = now;
  };
  const wantedPace = () => {
    const now = clock.monotonic();
    if (workAt !== undefined && now - workAt < pace.alert) return pace.busy;
    return now - (workAt ?? startedAt) < pace.drowsy ? pace.idle : pace.asleep;
  };
  return {
    spend: () => {
      earn();
      // Results go out in any case, and a larger debt would keep us silent for so long that we count as offline.
      saved = Math.max(-mostDebt, saved - 1);
    },
    sawWork: () => {
      workAt = clock.monotonic();
    },
    rest: (ms) => {
      restUntil = Math.max(restUntil, clock.monotonic() + Math.min(longestRestMs, Math.max(0, ms)));
    },
    get resting() {
      return clock.monotonic() < restUntil;
    },
    get wait() {
      earn();
      const wanted = wantedPace();
      const affordable = saved >= 1 ? wanted : Math.max(wanted, (1 - saved) * pace.earnEvery);
      return Math.max(affordable, restUntil - clock.monotonic());
    },
  };
}
