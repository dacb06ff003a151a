import type { Clock } from '../shared/clock.ts';

const windowMs = 60_000;

/** Counts what came within the last minute. */
export class Pace {
  readonly #clock: Clock;
  /** Monotonic, oldest first. */
  #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more; false, and not counted, when `most` came within the last minute already. */
  take(most: number): boolean {
    const now = this.#clock.monotonic();
    const first = this.#times.findIndex((time) => now - time < windowMs);
    this.#times = first === -1 ? [] : this.#times.slice(first);
    if (this.#times.length >= most) return false;
    this.#times.push(now);
    return true;
  }
}
