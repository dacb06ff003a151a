import { breakerRules } from '../models/breaker.ts';
import { mostRetries, retryRules } from '../models/retry.ts';
import type { Settings } from '../settings.ts';

/**
 * AgentConfig of the platform in its JSON form; every value satisfies the platform's own validation tags.
 * A type and no interface, so that it is also a plain record.
 */
export type AgentConfig = {
  readonly agent_id: string;
  readonly version: number;
  readonly embedding_strategy: EmbeddingStrategy;
  readonly model_preferences: readonly ModelPreference[];
  readonly constraints: {
    readonly max_cost_per_month_usd: number;
    readonly max_latency_p99_ms: number;
    readonly min_availability_sla: number;
    readonly rate_limits: {
      readonly requests_per_minute: number;
      readonly tokens_per_hour: number;
      readonly concurrent_requests: number;
    };
    readonly quality_thresholds: {
      readonly min_cosine_similarity: number;
      readonly min_embedding_magnitude: number;
      readonly acceptable_error_rate: number;
    };
  };
  readonly fallback_behavior: {
    readonly max_retries: number;
    readonly initial_delay_ms: number;
    readonly max_delay_ms: number;
    readonly exponential_base: number;
    readonly queue_on_failure: boolean;
    readonly queue_timeout_ms: number;
    readonly circuit_breaker: {
      readonly enabled: boolean;
      readonly failure_threshold: number;
      readonly success_threshold: number;
      readonly timeout_seconds: number;
      readonly half_open_requests: number;
    };
  };
  readonly is_active: boolean;
  readonly created_by: string;
};

export const embeddingStrategies = ['balanced', 'quality', 'speed', 'cost'] as const;
export type EmbeddingStrategy = (typeof embeddingStrategies)[number];
export const modelTaskTypes = ['code_analysis', 'general_qa', 'multilingual', 'research'] as const;

export interface ModelPreference {
  readonly task_type: (typeof modelTaskTypes)[number];
  readonly primary_models: readonly string[];
  readonly fallback_models?: readonly string[];
  /** 0..1 */
  readonly weight?: number;
}

/**
 * What we tell the server about ourselves. `models` are the ids that are tried when the person chose none,
 * best first, at least one: the platform refuses a preference without a model.
 */
export function agentConfig(agentId: string, settings: Settings, models: readonly [string, ...string[]]): AgentConfig {
  const primary = settings.bedrock.model === '' ? models[0] : settings.bedrock.model;
  const fallbacks = models.filter((model) => model !== primary);
  const preference = (task_type: ModelPreference['task_type'], weight: number): ModelPreference => ({
    task_type,
    primary_models: [primary],
    ...(fallbacks.length > 0 && { fallback_models: fallbacks }),
    weight,
  });
  return {
    agent_id: agentId,
    version: 1,
    embedding_strategy: 'balanced',
    model_preferences: [preference('code_analysis', 0.8), preference('general_qa', 0.2)],
    // Zero: no limit that we would keep by ourselves. The platform reads a missing number as zero, too.
    constraints: {
      max_cost_per_month_usd: settings.budget.dollarsPerMonth,
      max_latency_p99_ms: 0,
      min_availability_sla: 0,
      rate_limits: {
        requests_per_minute: 0,
        tokens_per_hour: 0,
        concurrent_requests: settings.limits.modelCalls,
      },
      quality_thresholds: { min_cosine_similarity: 0, min_embedding_magnitude: 0, acceptable_error_rate: 0 },
    },
    fallback_behavior: {
      max_retries: mostRetries,
      initial_delay_ms: retryRules.transientBase,
      max_delay_ms: retryRules.longestBackoff,
      exponential_base: retryRules.growth,
      // A task whose model fails ends, and says so.
      queue_on_failure: false,
      queue_timeout_ms: 0,
      circuit_breaker: {
        enabled: true,
        failure_threshold: breakerRules.failures,
        success_threshold: breakerRules.successes,
        timeout_seconds: breakerRules.open / 1000,
        half_open_requests: 1,
      },
    },
    is_active: true,
    created_by: 'developer-mesh-agent',
  };
}
