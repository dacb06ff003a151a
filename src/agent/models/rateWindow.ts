import { type Failure, failures } from '../failures.ts';
import { type Clock, sleep } from '../shared/clock.ts';
import { orAborted } from '../shared/orAborted.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** 0: no limit. */
export interface Rates {
  readonly requestsPerMinute: number;
  readonly tokensPerHour: number;
}

/** A call that was let through. Its tokens count for an hour. */
export interface Admitted {
  /** Says what the call really took; before, what was supposed counts. */
  settle(tokens: number): void;
}

interface Call {
  /** Monotonic. */
  readonly at: number;
  tokens: number;
}

/** The calls of the last hour, of all tasks of this window; lets the next through when the rates allow it, in order. */
export class RateWindow {
  readonly #clock: Clock;
  #calls: Call[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** When the one whose turn it is expects to go; monotonic. In the past while nobody waits. */
  #nextAt = 0;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits until a call of `tokens` fits, for at most `longest` milliseconds: one that would wait longer is told so at
   * once. Rejects with the signal's reason.
   */
  async admit(tokens: number, rates: Rates, longest: number, signal: AbortSignal): Promise<Admitted | Failure> {
    signal.throwIfAborted();
    const until = this.#clock.monotonic() + longest;
    if (this.#nextAt > until) return refusal(this.#nextAt - this.#clock.monotonic(), rates);
    const mine = this.#turn.then(() => this.#whenItFits(tokens, rates, until, signal));
    // One that is aborted lets the next have its turn.
    this.#turn = mine.catch(() => undefined);
    return orAborted(mine, signal);
  }

  async #whenItFits(tokens: number, rates: Rates, until: number, signal: AbortSignal): Promise<Admitted | Failure> {
    for (;;) {
      signal.throwIfAborted();
      const now = this.#clock.monotonic();
      const wait = this.#waitFor(tokens, rates, now);
      if (wait <= 0) break;
      if (now + wait > until) return refusal(wait, rates);
      this.#nextAt = now + wait;
      await this.#sleepOrWake(wait, signal);
      this.#nextAt = 0;
    }
    const call: Call = { at: this.#clock.monotonic(), tokens };
    this.#calls.push(call);
    return {
      settle: (really) => {
        call.tokens = really;
        this.#wake?.();
      },
    };
  }

  /** Milliseconds; Infinity: never. */
  #waitFor(tokens: number, { requestsPerMinute, tokensPerHour }: Rates, now: number): number {
    this.#calls = this.#calls.filter(({ at }) => at > now - hourMs);
    let wait = 0;
    if (requestsPerMinute > 0) {
      const before = this.#calls.at(-requestsPerMinute);
      if (before) wait = before.at + minuteMs - now;
    }
    if (tokensPerHour > 0) {
      if (tokens > tokensPerHour) return Number.POSITIVE_INFINITY;
      let over = tokens - tokensPerHour;
      for (const call of this.#calls) over += call.tokens;
      for (const call of this.#calls) {
        if (over <= 0) break;
        over -= call.tokens;
        wait = Math.max(wait, call.at + hourMs - now);
      }
    }
    return wait;
  }

  async #sleepOrWake(ms: number, signal: AbortSignal): Promise<void> {
    const early = new AbortController();
    this.#wake = () => early.abort();
    const onAbort = () => early.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // Woken early or aborted: the caller looks again either way.
      await sleep(this.#clock, ms, early.signal).catch(() => undefined);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#wake = undefined;
    }
  }
}

function refusal(wait: number, { requestsPerMinute, tokensPerHour }: Rates): Failure {
  const limits = [
    ...(requestsPerMinute > 0 ? [`${requestsPerMinute} requests a minute`] : []),
    ...(tokensPerHour > 0 ? [`${tokensPerHour} tokens an hour`] : []),
  ];
  return failures.rateLimited(limits.join(' and '), Number.isFinite(wait) ? Math.ceil(wait / minuteMs) : undefined);
}
