import type { Clock } from '../shared/clock.ts';

const windowMs = 60_000;

/** Counts what came within the last minute. */
export class Pace {
  readonly #clock: Clock;
  /** Monotonic, oldest first. */
  readonly #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one more; false, and not counted, when `most` came within the last minute already. */
  take(most: number): boolean {
    const now = this.#clock.monotonic();
    const first = this.#times.findIndex((time) => now - time < windowMs);
    // Only what is over, so that a flood does not copy the whole minute each time.
    if (first !== 0) this.#times.splice(0, first === -1 ? this.#times.length : first);
    if (this.#times.length >= most) return false;
    this.#times.push(now);
    return true;
  }
}
