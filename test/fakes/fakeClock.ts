import type { Clock } from '../../src/agent/shared/clock.ts';
import type { Disposable } from '../../src/agent/shared/disposables.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance. Random numbers and UUIDs repeat for the same seed. */
export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #seed: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(options: { readonly start?: number; readonly seed?: number } = {}) {
    this.#wall = options.start ?? Date.UTC(2026, 0, 1);
    this.#seed = (options.seed ?? 1) >>> 0;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer: Timer = { due: this.#monotonic + Math.max(0, ms), order: this.#order++, callback };
    this.#timers.add(timer);
    return { dispose: () => this.#timers.delete(timer) };
  }

  /** mulberry32 */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) >>> 0;
    let value = this.#seed;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  }

  uuid(): string {
    const hex = (digits: number) =>
      Array.from({ length: digits }, () => Math.floor(this.random() * 16).toString(16)).join('');
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  }

  /** Timers that are still to fire: 0 after everything was disposed. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the wall clock alone, as a time server or a person does. */
  setWall(milliseconds: number): void {
    this.#wall = milliseconds;
  }

  /** Time passes and nothing fires, as when the process is stopped or its loop is blocked. What fell due fires late, on the next advance. */
  stall(ms: number): void {
    this.#moveTo(this.#monotonic + ms);
  }

  /** Fires what falls due within `ms`, in order of time; what is already under way gets to run in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (let next = this.#nextDue(end); next; next = this.#nextDue(end)) {
      this.#moveTo(Math.max(next.due, this.#monotonic));
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#moveTo(end);
  }

  #nextDue(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!next || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) next = timer;
    }
    return next;
  }

  #moveTo(moment: number): void {
    this.#wall += moment - this.#monotonic;
    this.#monotonic = moment;
  }
}

/** Lets all microtasks, and the callbacks of finished I/O, run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
