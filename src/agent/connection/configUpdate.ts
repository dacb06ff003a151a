import * as z from 'zod/mini';
import { type EmbeddingStrategy, embeddingStrategies, type ModelPreference, modelTaskTypes } from './agentConfig.ts';
import { fieldsOf, isObject, pick, plainName } from './fields.ts';
import type { RefusedConfig } from './messages.ts';

/** The parts of an AgentConfig that were asked for and are valid. Numbers are by their path, `constraints.rate_limits.requests_per_minute`. */
export interface AcceptedConfig {
  readonly embedding_strategy?: EmbeddingStrategy;
  readonly model_preferences?: readonly ModelPreference[];
  readonly is_active?: boolean;
  readonly constraints: Partial<Record<ConstraintPath, number>>;
  readonly fallback_behavior: Partial<Record<FallbackPath, number | boolean>>;
}

export interface CheckedConfigUpdate {
  readonly accepted: AcceptedConfig;
  readonly refused: readonly RefusedConfig[];
  readonly version?: number;
}

const atLeast = (least: number) => z.number().check(z.minimum(least));
const count = z.int().check(z.minimum(0));
const atLeastOne = z.int().check(z.minimum(1));
const between = (least: number, most: number) => z.number().check(z.minimum(least), z.maximum(most));

const constraintLeaves = {
  max_cost_per_month_usd: atLeast(0),
  max_latency_p99_ms: count,
  min_availability_sla: between(0, 1),
  'rate_limits.requests_per_minute': count,
  'rate_limits.tokens_per_hour': count,
  'rate_limits.concurrent_requests': count,
  'quality_thresholds.min_cosine_similarity': between(0, 1),
  'quality_thresholds.min_embedding_magnitude': atLeast(0),
  'quality_thresholds.acceptable_error_rate': between(0, 1),
} as const;
export type ConstraintPath = keyof typeof constraintLeaves;

const fallbackLeaves = {
  max_retries: z.int().check(z.minimum(0), z.maximum(10)),
  initial_delay_ms: count,
  max_delay_ms: count,
  queue_timeout_ms: count,
  exponential_base: between(1, 10),
  queue_on_failure: z.boolean(),
  'circuit_breaker.enabled': z.boolean(),
  'circuit_breaker.failure_threshold': atLeastOne,
  'circuit_breaker.success_threshold': atLeastOne,
  'circuit_breaker.timeout_seconds': atLeastOne,
  'circuit_breaker.half_open_requests': atLeastOne,
} as const;
export type FallbackPath = keyof typeof fallbackLeaves;

const modelName = z.string().check(z.minLength(1), z.maxLength(2048));
const modelPreference = z.object({
  task_type: z.enum(modelTaskTypes),
  primary_models: z.array(modelName).check(z.minLength(1), z.maxLength(20)),
  fallback_models: z.optional(z.array(modelName).check(z.maxLength(20))),
  weight: z.optional(between(0, 1)),
});
const preferenceFields = ['task_type', 'primary_models', 'fallback_models', 'weight'] as const;
const version = z.int().check(z.minimum(0));
/** Who and when: known to the platform's AgentConfig, nothing for us to apply. */
const ignored = ['id', 'agent_id', 'version', 'metadata', 'created_at', 'updated_at', 'created_by', 'updated_by'];
const sections = ['embedding_strategy', 'model_preferences', 'constraints', 'fallback_behavior', 'is_active'];
const mostRefusals = 50;

/**
 * Reads a partial AgentConfig by the platform's own rules. Each value stands for itself: a wrong one is refused
 * by its path and the others are still accepted. Whether an accepted value may be applied is not decided here.
 */
export function checkConfigUpdate(input: unknown): CheckedConfigUpdate {
  if (!isObject(input)) return { accepted: nothing, refused: [{ path: '', reason: 'not an object' }] };
  const refused: RefusedConfig[] = [];
  const refuse = (path: string, reason: string) => {
    if (refused.length < mostRefusals) refused.push({ path, reason });
  };
  const config = fieldsOf(input);
  const known = new Set([...ignored, ...sections].map(plainName));
  for (const key of Object.keys(input)) if (!known.has(plainName(key))) refuse(clip(key), 'unknown');

  const strategy = check(z.enum(embeddingStrategies), pick(config, 'embedding_strategy'), 'embedding_strategy', refuse);
  const active = check(z.boolean(), pick(config, 'is_active'), 'is_active', refuse);
  const preferences = readPreferences(pick(config, 'model_preferences'), refuse);
  const number = check(version, pick(config, 'version'), 'version', refuse);
  const constraints = readLeaves(constraintLeaves, pick(config, 'constraints'), 'constraints', refuse);
  const fallback = readLeaves(fallbackLeaves, pick(config, 'fallback_behavior'), 'fallback_behavior', refuse);
  return {
    accepted: {
      ...(strategy !== undefined && { embedding_strategy: strategy }),
      ...(preferences !== undefined && { model_preferences: preferences }),
      ...(active !== undefined && { is_active: active }),
      constraints,
      fallback_behavior: fallback,
    },
    refused,
    ...(number !== undefined && { version: number }),
  };
}

const nothing: AcceptedConfig = { constraints: {}, fallback_behavior: {} };
type Refuse = (path: string, reason: string) => void;

function check<T>(schema: z.ZodMiniType<T>, value: unknown, path: string, refuse: Refuse): T | undefined {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  refuse([path, ...(issue?.path ?? [])].join('.'), issue?.message ?? 'invalid');
  return undefined;
}

function readPreferences(value: unknown, refuse: Refuse): readonly ModelPreference[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.length > 20) {
    refuse('model_preferences', 'must be a list of 1 to 20 preferences');
    return undefined;
  }
  const accepted: ModelPreference[] = [];
  for (const [index, item] of value.entries()) {
    const path = `model_preferences[${index}]`;
    const fields = fieldsOf(item);
    const snake = Object.fromEntries(preferenceFields.map((name) => [name, pick(fields, name)]));
    const read = check(modelPreference, snake, path, refuse);
    if (!read) continue;
    if (accepted.some((other) => other.task_type === read.task_type)) {
      refuse(`${path}.task_type`, `${read.task_type} is there twice`);
      continue;
    }
    const { task_type, primary_models, fallback_models, weight } = read;
    accepted.push({
      task_type,
      primary_models,
      ...(fallback_models && { fallback_models }),
      ...(weight !== undefined && { weight }),
    });
  }
  return accepted.length > 0 ? accepted : undefined;
}

type Leaves = Readonly<Record<string, z.ZodMiniType>>;
type Read<L extends Leaves> = { -readonly [P in keyof L]?: z.output<L[P]> };

/** Values of a section by their path below it; one level of nesting, as AgentConfig has it. */
function readLeaves<L extends Leaves>(leaves: L, value: unknown, section: string, refuse: Refuse): Read<L> {
  const read: Read<L> = {};
  if (value === undefined) return read;
  if (!isObject(value)) {
    refuse(section, 'must be an object');
    return read;
  }
  const paths = new Map<string, keyof L & string>(Object.keys(leaves).map((path) => [plainName(path), path]));
  const groups = new Set(Object.keys(leaves).map((path) => plainName(path.split('.')[0] ?? '')));
  const walk = (object: Readonly<Record<string, unknown>>, above: string) => {
    for (const [key, leaf] of Object.entries(object)) {
      const path = above === '' ? key : `${above}.${key}`;
      const name = paths.get(plainName(path));
      if (name !== undefined) {
        const schema = leaves[name];
        const known = schema && check(schema, leaf ?? undefined, `${section}.${name}`, refuse);
        if (known !== undefined) Object.assign(read, { [name]: known });
      } else if (above === '' && isObject(leaf) && groups.has(plainName(key))) walk(leaf, key);
      else refuse(clip(`${section}.${path}`), 'unknown');
    }
  };
  walk(value, '');
  return read;
}

function clip(path: string): string {
  return path.slice(0, 100);
}
