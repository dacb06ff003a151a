import { randomUUID } from 'node:crypto';
import type { Disposable } from './disposables.ts';

/** Time and chance, handed in so that tests own both. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For time stamps only: it can jump. */
  now(): number;
  /** Milliseconds that never go backwards. For every duration and deadline. */
  monotonic(): number;
  /** Calls once after `ms`; disposing before then calls nothing. */
  after(ms: number, callback: () => void): Disposable;
  /** 0 <= value < 1 */
  random(): number;
  uuid(): string;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return { dispose: () => clearTimeout(timer) };
  },
  random: () => Math.random(),
  uuid: () => randomUUID(),
};

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.dispose();
      reject(signal.reason);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
