import type { Settings } from '../settings.ts';
import type { TaskType } from '../tasks/task.ts';
import { type BreakerRules, breakerRules } from './breaker.ts';
import { type RetryRules, retryRules } from './retry.ts';

/** What a server asked for of the calls, by the paths of its configuration. Whoever hands it over has checked it. */
export interface AskedRules {
  readonly constraints: {
    readonly max_cost_per_month_usd?: number;
    readonly 'rate_limits.concurrent_requests'?: number;
    readonly 'rate_limits.requests_per_minute'?: number;
    readonly 'rate_limits.tokens_per_hour'?: number;
  };
  readonly fallback: {
    readonly [path in AskedFallback]?: number | boolean;
  };
  readonly preferences: readonly {
    readonly task_type: string;
    readonly primary_models: readonly string[];
    readonly fallback_models?: readonly string[];
  }[];
}

type AskedFallback =
  | 'max_retries'
  | 'initial_delay_ms'
  | 'max_delay_ms'
  | 'exponential_base'
  | 'circuit_breaker.failure_threshold'
  | 'circuit_breaker.success_threshold'
  | 'circuit_breaker.timeout_seconds';

/** How the model may be called for one task: what the person allows, and less where the server asked for less. */
export interface CallRules {
  /** Calls under way at once, >= 1. */
  readonly callsAtOnce: number;
  /** 0: as many as wanted. */
  readonly requestsPerMinute: number;
  /** Input and output together; 0: as many as wanted. */
  readonly tokensPerHour: number;
  readonly retry: RetryRules;
  readonly breaker: BreakerRules;
  readonly budget: Budget;
  /** Bedrock ids that the server prefers for this kind of task, best first. */
  readonly preferred: readonly string[];
}

/** 0: no limit. Days and months are those of UTC, as on the bill. */
export interface Budget {
  readonly tokensPerTask: number;
  readonly tokensPerDay: number;
  readonly dollarsPerDay: number;
  readonly dollarsPerMonth: number;
  /** Whether the month's limit is the server's. */
  readonly monthIsTheServers: boolean;
}

/** The rules for a task that begins now; they stay the same until it ends. */
export function callRules(settings: Settings, config: AskedRules | undefined, type: TaskType): CallRules {
  const { limits, budget } = settings;
  const constraints = config?.constraints ?? {};
  const month = constraints.max_cost_per_month_usd ?? 0;
  const dollarsPerMonth = least(budget.dollarsPerMonth, month);
  return {
    callsAtOnce: least(limits.modelCalls, constraints['rate_limits.concurrent_requests'] ?? 0),
    requestsPerMinute: constraints['rate_limits.requests_per_minute'] ?? 0,
    tokensPerHour: constraints['rate_limits.tokens_per_hour'] ?? 0,
    retry: slower(config?.fallback ?? {}),
    breaker: warier(config?.fallback ?? {}),
    budget: {
      ...budget,
      dollarsPerMonth,
      monthIsTheServers: dollarsPerMonth > 0 && dollarsPerMonth !== budget.dollarsPerMonth,
    },
    preferred: preferredModels(config, type),
  };
}

/** The smaller of two limits; zero is none. */
function least(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.min(a, b) : Math.max(a, b);
}

function slower(fallback: AskedRules['fallback']): RetryRules {
  const initial = number(fallback.initial_delay_ms, 0);
  return {
    ...retryRules,
    attempts: Math.min(number(fallback.max_retries, retryRules.attempts - 1) + 1, retryRules.attempts),
    transientBase: Math.max(initial, retryRules.transientBase),
    throttleBase: Math.max(initial, retryRules.throttleBase),
    growth: Math.max(number(fallback.exponential_base, 0), retryRules.growth),
    longestBackoff: number(fallback.max_delay_ms, retryRules.longestBackoff),
  };
}

function warier(fallback: AskedRules['fallback']): BreakerRules {
  return {
    failures: number(fallback['circuit_breaker.failure_threshold'], breakerRules.failures),
    successes: number(fallback['circuit_breaker.success_threshold'], breakerRules.successes),
    open: number(fallback['circuit_breaker.timeout_seconds'], breakerRules.open / 1000) * 1000,
  };
}

function number(value: number | boolean | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

const preferenceOf = { code_review: 'code_analysis', analysis: 'code_analysis', documentation: 'general_qa' } as const;

/** As the platform looks it up: the kind's own preference, else that for general questions. */
function preferredModels(config: AskedRules | undefined, type: TaskType): readonly string[] {
  const find = (wanted: string) => config?.preferences.find(({ task_type }) => task_type === wanted);
  const preference = find(preferenceOf[type]) ?? find('general_qa');
  return preference ? [...preference.primary_models, ...(preference.fallback_models ?? [])] : [];
}
