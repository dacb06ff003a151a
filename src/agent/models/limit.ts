import { failures } from '../failures.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from './model.ts';

interface Waiting {
  readonly most: number;
  enter(): void;
}

/** The places of calls that are under way, and who waits for one. */
export interface Slots {
  active: number;
  readonly waiting: Waiting[];
}

export const newSlots = (): Slots => ({ active: 0, waiting: [] });

/**
 * At most `most` (>= 1) answers under way at once; further callers wait in order. A call counts until its stream is
 * left. Models that share `slots` are counted together, each by its own limit: one that has shrunk lets those that are
 * under way finish.
 */
export function withLimit(model: Model, most: number, slots: Slots = newSlots()): Model {
  /** Resolves true with a slot in hand, false when aborted first. */
  function takeSlot(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (slots.active < most && slots.waiting.length === 0) {
      slots.active += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const enter = () => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const mine: Waiting = { most, enter };
      const leave = () => {
        slots.waiting.splice(slots.waiting.indexOf(mine), 1);
        resolve(false);
        // Whoever stood behind may have a wider limit.
        admit(slots);
      };
      slots.waiting.push(mine);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    if (!(await takeSlot(signal))) {
      return yield { kind: 'failed', failure: failures.cancelled(), tokens: noTokens };
    }
    try {
      yield* model.stream(request, signal);
    } finally {
      slots.active -= 1;
      admit(slots);
    }
  }
  return {
    get id() {
      return model.id;
    },
    stream,
  };
}

/** A free slot goes straight to who waits longest, so that a newcomer cannot take it. */
function admit(slots: Slots): void {
  for (let [next] = slots.waiting; next && slots.active < next.most; [next] = slots.waiting) {
    slots.waiting.shift();
    slots.active += 1;
    next.enter();
  }
}
