import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';

export interface Progress {
  /** 0..1 */
  readonly progress: number;
  readonly message: string;
  readonly stage: string;
}

const atMostEveryMs = 500;

/** Lets the first report through at once and then at most two a second; of those in between only the newest. */
export class ProgressValve implements Disposable {
  readonly #clock: Clock;
  readonly #pass: (progress: Progress) => void;
  #closedUntil: Disposable | undefined;
  #newest: Progress | undefined;
  #disposed = false;

  constructor(clock: Clock, pass: (progress: Progress) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  report(progress: Progress): void {
    this.#newest = {
      progress: Math.min(1, Math.max(0, Number.isFinite(progress.progress) ? progress.progress : 0)),
      message: progress.message.slice(0, 500),
      stage: progress.stage.slice(0, 50),
    };
    if (!this.#closedUntil) this.#release();
  }

  /** What has not passed by now is of no interest any more. */
  dispose(): void {
    this.#disposed = true;
    this.#closedUntil?.dispose();
  }

  #release(): void {
    this.#closedUntil = undefined;
    const newest = this.#newest;
    if (!newest || this.#disposed) return;
    this.#newest = undefined;
    this.#closedUntil = this.#clock.after(atMostEveryMs, () => this.#release());
    this.#pass(newest);
  }
}
