import { type Failure, failures } from '../failures.ts';
import type { Clock } from '../shared/clock.ts';
import type { TokenUse } from '../tasks/task.ts';
import type { Budget, CallRules } from './callRules.ts';
import { charactersAToken, estimateInput } from './estimate.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from './model.ts';
import { costOf, priceOf } from './prices.ts';
import type { Admitted, RateWindow } from './rateWindow.ts';
import type { SpendLedger } from './spendLedger.ts';

/** One task, as far as its calls are concerned. */
export interface TaskCalls {
  readonly rules: CallRules;
  /** Wall clock, milliseconds since 1970. */
  readonly deadline?: number;
  readonly spent: TaskSpend;
}

/** What the calls of one task cost so far. */
export interface TaskSpend {
  tokens: number;
  /** US dollars by list price; undefined as soon as one call has no known price. */
  dollars: number | undefined;
  /** Reserved by calls that are under way. */
  held: number;
}

export interface MeterParts {
  readonly clock: Clock;
  readonly ledger: SpendLedger;
  readonly rates: RateWindow;
  /** What the calls of this window that are under way may yet cost. */
  readonly held: { tokens: number; dollars: number };
}

/** Without a deadline, a task is kept waiting for no longer. */
const longestWaitMs = 10 * 60_000;

interface Need {
  readonly tokens: number;
  readonly dollars: number;
}

/**
 * Lets a call through when it fits into the budgets and the rates, and writes down what it cost. What it may cost at
 * most is reserved meanwhile, so that calls side by side do not each take the last of a budget; of other windows the calls that
 * ended more than two seconds ago are seen. Goes innermost: each attempt is a call of its own.
 */
export function withMeter(model: Model, { rules, deadline, spent }: TaskCalls, parts: MeterParts): Model {
  const { clock, ledger, rates, held } = parts;
  const { budget } = rules;
  const price = priceOf(model.id);

  function needOf(input: number, request: ModelRequest): Need {
    const tokens = input + request.maxTokens;
    if (!price) return { tokens, dollars: 0 };
    // All of it might be written to the cache, which is what costs most.
    const most = { input: 0, output: request.maxTokens, cache_read: 0, cache_write: input };
    const plain = { ...most, input, cache_write: 0 };
    return { tokens, dollars: Math.max(costOf(most, price), costOf(plain, price)) };
  }

  function shortage(need: Need): Failure | undefined {
    const { tokensToday, dollarsToday, dollarsThisMonth } = ledger.known;
    const limit = firstExceeded(budget, {
      tokensPerTask: spent.tokens + spent.held + need.tokens,
      tokensPerDay: tokensToday + held.tokens + need.tokens,
      dollarsPerDay: dollarsToday + held.dollars + need.dollars,
      dollarsPerMonth: dollarsThisMonth + held.dollars + need.dollars,
    });
    if (!limit) return undefined;
    const theServers = limit === 'dollarsPerMonth' && budget.monthIsTheServers;
    return failures.budgetUsedUp(
      theServers ? undefined : `developerMesh.budget.${limit}`,
      inWords[limit](budget[limit]),
    );
  }

  /** Reserves what the call needs; the failure when there is too little left. */
  async function reserve(request: ModelRequest, signal: AbortSignal): Promise<Need | Failure> {
    if (!price && (budget.dollarsPerDay > 0 || budget.dollarsPerMonth > 0)) return failures.priceUnknown(model.id);
    await ledger.refresh();
    let need = needOf(estimateInput(request), request);
    let short = shortage(need);
    if (short && model.countTokens) {
      // The estimate is on the safe side: close to the limit it is worth asking.
      const exact = await model.countTokens(request, signal);
      if (exact !== undefined) need = needOf(exact, request);
      short = shortage(need);
    }
    if (short) return short;
    hold(need, 1);
    return need;
  }

  function hold({ tokens, dollars }: Need, sign: 1 | -1): void {
    spent.held += sign * tokens;
    held.tokens += sign * tokens;
    held.dollars += sign * dollars;
  }

  function record(use: TokenUse): void {
    const tokens = total(use);
    const dollars = price && costOf(use, price);
    spent.tokens += tokens;
    spent.dollars = dollars === undefined || spent.dollars === undefined ? undefined : spent.dollars + dollars;
    if (tokens > 0) ledger.add(tokens, dollars);
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const need = signal.aborted ? failures.cancelled() : await reserve(request, signal).catch(cancelledOr(signal));
    if ('code' in need) return yield refused(need);
    let call: Admitted | undefined;
    let settled = false;
    const settle = (use: TokenUse) => {
      settled = true;
      record(use);
      call?.settle(total(use));
      hold(need, -1);
    };
    let characters = 0;
    try {
      const longest = deadline === undefined ? longestWaitMs : deadline - clock.now();
      const admitted = await rates.admit(need.tokens, rules, longest, signal).catch(cancelledOr(signal));
      if ('code' in admitted) return yield refused(admitted);
      call = admitted;
      for await (const event of model.stream(request, signal)) {
        if (event.kind === 'done' || event.kind === 'failed') {
          settle(total(event.tokens) > 0 ? event.tokens : guess(request, characters));
          return yield event;
        }
        characters += (event.kind === 'text' ? event.text : event.json).length;
        yield event;
      }
    } finally {
      // Left early: the service bills what it had read and written by then.
      if (!settled) settle(guess(request, characters));
    }
  }

  const { countTokens } = model;
  return {
    get id() {
      return model.id;
    },
    stream,
    ...(countTokens && { countTokens: (request, signal) => countTokens(request, signal) }),
  };
}

/** What a call cost that did not say so: nothing, when no word of an answer came. */
function guess(request: ModelRequest, characters: number): TokenUse {
  return characters === 0
    ? noTokens
    : { ...noTokens, input: estimateInput(request), output: Math.ceil(characters / charactersAToken) };
}

function firstExceeded(budget: Budget, needed: Record<Limit, number>): Limit | undefined {
  return limits.find((limit) => budget[limit] > 0 && needed[limit] > budget[limit]);
}

const limits = ['tokensPerTask', 'tokensPerDay', 'dollarsPerDay', 'dollarsPerMonth'] as const;
type Limit = (typeof limits)[number];

const inWords: Readonly<Record<Limit, (amount: number) => string>> = {
  tokensPerTask: (amount) => `${amount.toLocaleString('en-US')} tokens a task`,
  tokensPerDay: (amount) => `${amount.toLocaleString('en-US')} tokens a day`,
  dollarsPerDay: (amount) => `$${amount} a day`,
  dollarsPerMonth: (amount) => `$${amount} a month`,
};

export function total({ input, output, cache_read, cache_write }: TokenUse): number {
  return input + output + cache_read + cache_write;
}

function refused(failure: Failure): ModelEvent {
  return { kind: 'failed', failure, tokens: noTokens };
}

/** For a wait, which nothing but an abort ends with an error. */
function cancelledOr(signal: AbortSignal): (error: unknown) => Failure {
  return (error) => (signal.aborted ? failures.cancelled() : failures.crashed(String(error)));
}
