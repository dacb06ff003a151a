import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/agent/shared/clock.ts';
import type { Disposable } from '../../src/agent/shared/disposables.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A real clock that runs `factor` times faster, for tests over real sockets that would wait for pings and back-off.
 * Timers fire in the order in which they are due, also where scaling makes them due within one real millisecond.
 */
export class HurriedClock implements Clock {
  readonly factor: number;
  readonly #began = performance.now();
  readonly #wallBegan = Date.now();
  #slept = 0;
  #wallShift = 0;
  #order = 0;
  #next: NodeJS.Timeout | undefined;
  readonly #timers = new Set<Timer>();

  constructor(factor = 20) {
    this.factor = factor;
  }

  now(): number {
    return this.#wallBegan + this.monotonic() + this.#wallShift;
  }

  monotonic(): number {
    return (performance.now() - this.#began) * this.factor + this.#slept;
  }

  after(ms: number, callback: () => void): Disposable {
    const timer: Timer = { due: this.monotonic() + Math.max(0, ms), order: this.#order++, callback };
    this.#timers.add(timer);
    this.#arm();
    return {
      dispose: () => {
        if (this.#timers.delete(timer)) this.#arm();
      },
    };
  }

  random(): number {
    return Math.random();
  }

  uuid(): string {
    return randomUUID();
  }

  /** Timers that are still to fire: 0 after everything was disposed. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the wall clock alone, as a time server or a person does. */
  setWallForward(ms: number): void {
    this.#wallShift += ms;
  }

  /** The machine slept: both clocks are later, and what fell due meanwhile fires as soon as it is awake. */
  sleepFor(ms: number): void {
    this.#slept += ms;
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#next);
    this.#next = undefined;
    const first = this.#first();
    if (!first) return;
    const realMs = Math.max(0, first.due - this.monotonic()) / this.factor;
    this.#next = setTimeout(() => this.#fire(), realMs);
  }

  #fire(): void {
    const now = this.monotonic();
    for (let timer = this.#first(); timer && timer.due <= now; timer = this.#first()) {
      this.#timers.delete(timer);
      timer.callback();
    }
    this.#arm();
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
