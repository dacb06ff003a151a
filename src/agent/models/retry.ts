import { type Failure, failures } from '../failures.ts';
import type { Log } from '../host.ts';
import { type Clock, sleep } from '../shared/clock.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from './model.ts';
import { sumTokens } from './tokenUse.ts';

/** Times in milliseconds. */
export interface RetryRules {
  /** Calls in all, the first included. */
  readonly attempts: number;
  readonly transientBase: number;
  readonly throttleBase: number;
  /** By how much each wait may be longer than the one before, >= 1. */
  readonly growth: number;
  readonly longestBackoff: number;
  /** A service that wants to be left alone for longer is not waited for: the failure says so instead. */
  readonly longestRequestedWait: number;
}

export const retryRules: RetryRules = {
  attempts: 4,
  transientBase: 50,
  throttleBase: 1000,
  growth: 2,
  longestBackoff: 20_000,
  longestRequestedWait: 60_000,
};

export const mostRetries = retryRules.attempts - 1;

/** A model that broke down on this very request breaks down on it again more often than not. */
const attemptsByCode: Readonly<Record<string, number>> = { 'model-error': 3 };

/**
 * Repeats a call that failed with a retryable failure before anything of the answer was handed on. Later, the
 * listener has to decide: half an answer cannot be taken back. Tokens of all attempts are summed.
 */
export function withRetry(
  model: Model,
  parts: { readonly clock: Clock; readonly log: Log },
  rules: RetryRules = retryRules,
): Model {
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    let spent = noTokens;
    for (let attempt = 1; ; attempt += 1) {
      let began = false;
      let failure = failures.streamCut();
      for await (const event of model.stream(request, signal)) {
        if (event.kind === 'failed') {
          failure = event.failure;
          spent = sumTokens(spent, event.tokens);
          break;
        }
        began = true;
        if (event.kind === 'done') return yield { kind: 'done', tokens: sumTokens(spent, event.tokens) };
        yield event;
      }
      const wait = began ? undefined : backoff(failure, attempt, rules, parts.clock.random());
      if (wait === undefined) return yield { kind: 'failed', failure, tokens: spent };
      parts.log('info', 'Calling the model again', { code: failure.code, attempt, wait: Math.round(wait) });
      try {
        await sleep(parts.clock, wait, signal);
      } catch {
        // Only an abort ends the sleep early.
        return yield { kind: 'failed', failure: failures.cancelled(), tokens: spent };
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

/**
 * Milliseconds to wait after the `attempt`th call (from 1) failed; undefined: give up. `chance` is 0 <= chance < 1.
 * Full jitter, and never sooner than the service asked for.
 */
export function backoff(failure: Failure, attempt: number, rules: RetryRules, chance: number): number | undefined {
  if (!failure.retryable || attempt >= Math.min(attemptsByCode[failure.code] ?? rules.attempts, rules.attempts))
    return undefined;
  const requested = failure.retryAfterMs ?? 0;
  if (requested > rules.longestRequestedWait) return undefined;
  const base = failure.code === 'throttled' ? rules.throttleBase : rules.transientBase;
  return requested + chance * Math.min(base * rules.growth ** (attempt - 1), rules.longestBackoff);
}
