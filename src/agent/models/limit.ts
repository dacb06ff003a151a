import { failures } from '../failures.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from './model.ts';

/**
 * At most `calls()` answers under way at once (>= 1); further callers wait in order. A call counts until its stream is
 * left. A limit that has shrunk lets those that are under way finish.
 */
export function withLimit(model: Model, calls: () => number): Model {
  let active = 0;
  const waiting: (() => void)[] = [];

  /** Resolves true with a slot in hand, false when aborted first. */
  function takeSlot(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (active < calls()) {
      active += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        resolve(false);
      };
      waiting.push(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The slot goes straight to who waits longest, so that a newcomer cannot take it. */
  function giveSlot(): void {
    active -= 1;
    while (active < calls()) {
      const next = waiting.shift();
      if (!next) return;
      active += 1;
      next();
    }
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    if (!(await takeSlot(signal))) {
      return yield { kind: 'failed', failure: failures.cancelled(), tokens: noTokens };
    }
    try {
      yield* model.stream(request, signal);
    } finally {
      giveSlot();
    }
  }
  return {
    get id() {
      return model.id;
    },
    stream,
  };
}
