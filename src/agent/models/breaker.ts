import type { Failure } from '../failures.ts';
import type { Clock } from '../shared/clock.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from './model.ts';

export interface BreakerRules {
  /** Calls in a row that must fail before it opens. */
  readonly failures: number;
  /** How long it then stays open, milliseconds. */
  readonly open: number;
}

export const breakerRules: BreakerRules = { failures: 5, open: 30_000 };

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number; readonly failure: Failure }
  /** One call is let through to see. */
  | { readonly kind: 'trying'; readonly failure: Failure };

/**
 * Stops calling a service that is down: a task of two hundred files then ends in seconds instead of repeating every
 * retry two hundred times. Only what retrying could help counts; an answer, even a bad one, closes it.
 */
export function withBreaker(model: Model, clock: Clock, rules: BreakerRules = breakerRules): Model {
  let state: State = { kind: 'closed', failures: 0 };

  /** The failure to answer with instead of calling. */
  function refusal(): Failure | undefined {
    if (state.kind === 'closed') return undefined;
    const wait = state.kind === 'open' ? state.until - clock.monotonic() : rules.open;
    if (wait > 0) return { ...state.failure, retryAfterMs: wait };
    state = { kind: 'trying', failure: state.failure };
    return undefined;
  }

  function settle(failure: Failure | undefined): void {
    if (!failure) {
      state = { kind: 'closed', failures: 0 };
      return;
    }
    const count = state.kind === 'closed' ? state.failures + 1 : rules.failures;
    state =
      count >= rules.failures
        ? { kind: 'open', until: clock.monotonic() + rules.open, failure }
        : { kind: 'closed', failures: count };
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const refused = refusal();
    if (refused) return yield { kind: 'failed', failure: refused, tokens: noTokens };
    let settled = false;
    try {
      for await (const event of model.stream(request, signal)) {
        if (!settled && event.kind !== 'failed') {
          settle(undefined);
          settled = true;
        } else if (!settled && event.kind === 'failed' && event.failure.code !== 'cancelled') {
          settle(event.failure.retryable ? event.failure : undefined);
          settled = true;
        }
        yield event;
      }
    } finally {
      // Cancelled or left before a word came: the trial tells nothing, and the next caller may try.
      if (!settled && state.kind === 'trying') {
        state = { kind: 'open', until: clock.monotonic(), failure: state.failure };
      }
    }
  }
  return {
    get id() {
      return model.id;
    },
    stream,
  };
}
