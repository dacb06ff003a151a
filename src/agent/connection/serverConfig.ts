import { breakerRules } from '../models/breaker.ts';
import type { AskedRules } from '../models/callRules.ts';
import { profilePrefix } from '../models/defaultModels.ts';
import { mostRetries, retryRules } from '../models/retry.ts';
import type { Settings } from '../settings.ts';
import type { ModelPreference } from './agentConfig.ts';
import type { AcceptedConfig, CheckedConfigUpdate } from './configUpdate.ts';
import type { RefusedConfig } from './messages.ts';

/**
 * What a server has asked for so far and got: every update replaces what it names and leaves the rest. It stands over a
 * reconnect, until it is replaced or another server is chosen; the next start of the program begins without one.
 */
export interface ServerConfig extends AskedRules {
  /** The highest that came; an older update comes too late. */
  readonly version?: number;
  readonly constraints: AcceptedConfig['constraints'];
  readonly fallback: AcceptedConfig['fallback_behavior'];
  /** With Bedrock ids alone. */
  readonly preferences: readonly ModelPreference[];
}

export interface AppliedUpdate {
  readonly config: ServerConfig;
  /** Paths. */
  readonly applied: readonly string[];
  readonly refused: readonly RefusedConfig[];
}

const nothingYet: ServerConfig = { constraints: {}, fallback: {}, preferences: [] };
const unused = 'not used by this agent';

/**
 * What of an update takes effect. A server may ask for less than the person allows, for slower and for fewer calls, and
 * never for more; each part that it does not get is named with the reason.
 */
export function applyUpdate(
  before: ServerConfig | undefined,
  { accepted, refused: unreadable, version }: CheckedConfigUpdate,
  settings: Settings,
): AppliedUpdate {
  const known = before ?? nothingYet;
  if (version !== undefined && known.version !== undefined && version < known.version) {
    const reason = `older than version ${known.version}, which is applied`;
    return { config: known, applied: [], refused: [...unreadable, { path: 'version', reason }] };
  }
  const applied: string[] = [];
  const refused: RefusedConfig[] = [...unreadable];
  const judge = (path: string, reason: string | undefined): boolean => {
    if (reason === undefined) applied.push(path);
    else refused.push({ path, reason });
    return reason === undefined;
  };

  const constraints = Object.entries(accepted.constraints).filter(([path, value]) =>
    judge(`constraints.${path}`, constraintRefusal(path, value, settings)),
  );
  const delays = { ...known.fallback, ...accepted.fallback_behavior };
  const fallback = Object.entries(accepted.fallback_behavior).filter(([path, value]) =>
    judge(`fallback_behavior.${path}`, fallbackRefusal(path, value, delays.initial_delay_ms)),
  );
  if (accepted.embedding_strategy !== undefined) judge('embedding_strategy', unused);
  if (accepted.is_active !== undefined) {
    judge('is_active', accepted.is_active ? undefined : 'its person decides when this agent works; assign it no tasks');
  }
  let preferences = known.preferences;
  if (accepted.model_preferences !== undefined) {
    const chosen = settings.bedrock.model.trim() !== '';
    const kept = chosen ? [] : usable(accepted.model_preferences, refused);
    if (chosen) judge('model_preferences', 'the user has chosen a model');
    else if (kept.length > 0 && judge('model_preferences', undefined)) preferences = kept;
  }
  return {
    config: {
      ...known,
      constraints: { ...known.constraints, ...Object.fromEntries(constraints) },
      fallback: { ...known.fallback, ...Object.fromEntries(fallback) },
      preferences,
      ...(version !== undefined && { version }),
    },
    applied,
    refused,
  };
}

/** Why a limit is not taken. Zero is what the platform reads where no limit is said. */
function constraintRefusal(path: string, value: number, { limits, budget }: Settings): string | undefined {
  switch (path) {
    case 'rate_limits.concurrent_requests':
      return wider(value, limits.modelCalls);
    case 'max_cost_per_month_usd':
      return wider(value, budget.dollarsPerMonth);
    case 'rate_limits.requests_per_minute':
    case 'rate_limits.tokens_per_hour':
      return undefined;
    default:
      return unused;
  }
}

/** `allowed` zero: the person sets no limit. */
function wider(value: number, allowed: number): string | undefined {
  if (allowed === 0 || (value > 0 && value <= allowed)) return undefined;
  const wider = `wider than the ${allowed} that the user allows`;
  return value === 0 ? `0 means no limit, which is ${wider}` : wider;
}

const longestDelayMs = 60_000;
const longestOpenSeconds = 3600;
const mostSuccesses = 10;
/** The longest that this agent waits by itself before it calls again. */
const ownLongestMs = retryRules.throttleBase * retryRules.growth ** (retryRules.attempts - 2);

function fallbackRefusal(path: string, value: number | boolean, initialDelay: unknown): string | undefined {
  const [least, most] = typeof value === 'number' ? (fallbackBounds[path] ?? []) : [];
  if (path === 'circuit_breaker.enabled') return value === true ? undefined : 'the breaker of this agent stays on';
  if (least === undefined || most === undefined || typeof value !== 'number') return unused;
  if (value < least) return `less than the ${least} of this agent`;
  if (value > most) return `more than the ${most} of this agent`;
  const tooShort = path === 'max_delay_ms' && typeof initialDelay === 'number' && value < initialDelay;
  return tooShort ? `less than initial_delay_ms, ${initialDelay}` : undefined;
}

/** Repeated calls can be made fewer and slower, trials of a service that is down rarer. */
const fallbackBounds: Readonly<Record<string, readonly [least: number, most: number]>> = {
  max_retries: [0, mostRetries],
  initial_delay_ms: [retryRules.transientBase, longestDelayMs],
  max_delay_ms: [ownLongestMs, longestDelayMs],
  exponential_base: [retryRules.growth, 10],
  'circuit_breaker.failure_threshold': [1, breakerRules.failures],
  'circuit_breaker.success_threshold': [breakerRules.successes, mostSuccesses],
  'circuit_breaker.timeout_seconds': [breakerRules.open / 1000, longestOpenSeconds],
  'circuit_breaker.half_open_requests': [1, 1],
};

/** What is left of the preferences when every model that cannot be meant is named and left out. */
function usable(preferences: readonly ModelPreference[], refused: RefusedConfig[]): readonly ModelPreference[] {
  return preferences.flatMap((preference, index) => {
    const path = `model_preferences[${index}]`;
    if (preference.task_type === 'multilingual' || preference.task_type === 'research') {
      refused.push({ path: `${path}.task_type`, reason: `no task of this agent is ${preference.task_type}` });
      return [];
    }
    const sorted = (list: 'primary_models' | 'fallback_models') =>
      (preference[list] ?? []).filter((id, at) => {
        const reason = modelRefusal(id);
        if (reason !== undefined) refused.push({ path: `${path}.${list}[${at}]`, reason });
        return reason === undefined;
      });
    const primary_models = sorted('primary_models');
    const fallback_models = sorted('fallback_models');
    if (primary_models.length + fallback_models.length === 0) return [];
    return [{ ...preference, primary_models, fallback_models }];
  });
}

/** Why a server may not name this model: where code travels to, and whose model reads it, is for the person to say. */
function modelRefusal(id: string): string | undefined {
  if (/^arn:/i.test(id)) return 'an ARN can only be chosen by the user';
  if (id.startsWith('global.')) return 'a global inference profile can only be chosen by the user';
  const bare = id.replace(profilePrefix, '');
  return /^[a-z][a-z0-9]{1,30}\.[a-z0-9][a-z0-9._-]{1,100}(:\d{1,3})?(:\d{1,4}k)?$/i.test(bare)
    ? undefined
    : 'not a model of Amazon Bedrock';
}
