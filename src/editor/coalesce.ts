import type { Disposable } from '../agent/shared/disposables.ts';

export interface Coalesced extends Disposable {
  request(): void;
}

/** Runs at the first request, then at most once in `ms` however many requests come, and once more for the last of them. */
export function coalesce(ms: number, run: () => void): Coalesced {
  let timer: NodeJS.Timeout | undefined;
  let waiting = false;
  const rest = () => {
    timer = undefined;
    if (!waiting) return;
    waiting = false;
    timer = setTimeout(rest, ms);
    run();
  };
  return {
    request() {
      if (timer) {
        waiting = true;
        return;
      }
      timer = setTimeout(rest, ms);
      run();
    },
    dispose() {
      clearTimeout(timer);
      waiting = false;
    },
  };
}
