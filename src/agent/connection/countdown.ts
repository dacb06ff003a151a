import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';

const lookEveryMs = 5_000;

/**
 * Calls once `ms` have passed, be it only for the world: a machine that slept is back at its work within seconds, though
 * its timers stood still. A wall clock that is merely set forward calls too early, one that is set back changes nothing.
 */
export function countdown(clock: Clock, ms: number, callback: () => void): Disposable {
  const monotonic = clock.monotonic();
  const wall = clock.now();
  const arm = (left: number): Disposable =>
    clock.after(Math.min(left, lookEveryMs), () => {
      const passed = Math.max(clock.monotonic() - monotonic, clock.now() - wall);
      if (passed >= ms) callback();
      else timer = arm(ms - (clock.monotonic() - monotonic));
    });
  let timer = arm(ms);
  return { dispose: () => timer.dispose() };
}
