import type { Failure } from '../failures.ts';
import type { Clock } from '../shared/clock.ts';
import { heldBack } from './heldBack.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from './model.ts';

export interface BreakerRules {
  /** Calls in a row that must fail before it opens. */
  readonly failures: number;
  /** Trials in a row that must succeed before it closes again. */
  readonly successes: number;
  /** How long it then stays open, milliseconds. */
  readonly open: number;
}

export const breakerRules: BreakerRules = { failures: 5, successes: 1, open: 30_000 };

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number; readonly failure: Failure; readonly successes: number }
  /** One call is let through to see. */
  | { readonly kind: 'trying'; readonly failure: Failure; readonly successes: number };

/** What has been seen of one service, by whoever called it. */
export interface BreakerMemory {
  state: State;
}

export const newBreaker = (): BreakerMemory => ({ state: { kind: 'closed', failures: 0 } });

/** These say nothing about the service: it was not called, or not waited for. */
const ownDoing: readonly string[] = ['cancelled', ...heldBack];

/**
 * Stops calling a service that is down: a task of two hundred files then ends in seconds instead of repeating every
 * retry two hundred times. Only what retrying could help counts; an answer, even a bad one, closes it.
 */
export function withBreaker(
  model: Model,
  clock: Clock,
  rules: BreakerRules = breakerRules,
  memory: BreakerMemory = newBreaker(),
): Model {
  /** The failure to answer with instead of calling. */
  function refusal(): Failure | undefined {
    const { state } = memory;
    if (state.kind === 'closed') return undefined;
    const wait = state.kind === 'open' ? state.until - clock.monotonic() : rules.open;
    if (wait > 0) return { ...state.failure, retryAfterMs: wait };
    memory.state = { ...state, kind: 'trying' };
    return undefined;
  }

  function settle(failure: Failure | undefined): void {
    const { state } = memory;
    if (!failure) {
      const successes = state.kind === 'closed' ? rules.successes : state.successes + 1;
      memory.state =
        state.kind === 'closed' || successes >= rules.successes
          ? { kind: 'closed', failures: 0 }
          : { kind: 'open', until: clock.monotonic(), failure: state.failure, successes };
      return;
    }
    const count = state.kind === 'closed' ? state.failures + 1 : rules.failures;
    memory.state =
      count >= rules.failures
        ? { kind: 'open', until: clock.monotonic() + rules.open, failure, successes: 0 }
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
        } else if (!settled && event.kind === 'failed' && !ownDoing.includes(event.failure.code)) {
          settle(event.failure.retryable ? event.failure : undefined);
          settled = true;
        }
        yield event;
      }
    } finally {
      // Cancelled or left before a word came: the trial tells nothing, and the next caller may try.
      const { state } = memory;
      if (!settled && state.kind === 'trying') memory.state = { ...state, kind: 'open', until: clock.monotonic() };
    }
  }
  return {
    get id() {
      return model.id;
    },
    stream,
  };
}
