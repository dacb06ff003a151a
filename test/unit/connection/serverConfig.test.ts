import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentConfig } from '../../../src/agent/connection/agentConfig.ts';
import { checkConfigUpdate } from '../../../src/agent/connection/configUpdate.ts';
import { applyUpdate, type ServerConfig } from '../../../src/agent/connection/serverConfig.ts';
import { breakerRules } from '../../../src/agent/models/breaker.ts';
import { callRules } from '../../../src/agent/models/callRules.ts';
import { retryRules } from '../../../src/agent/models/retry.ts';
import { defaultSettings, type Settings } from '../../../src/agent/settings.ts';

const withBudget = (budget: Partial<Settings['budget']>): Settings => ({
  ...defaultSettings,
  budget: { ...defaultSettings.budget, ...budget },
});
const apply = (update: object, settings = defaultSettings, before?: ServerConfig) =>
  applyUpdate(before, checkConfigUpdate(update), settings);
const reasons = (refused: readonly { path: string; reason: string }[]) =>
  Object.fromEntries(refused.map(({ path, reason }) => [path, reason]));

test('every limit that an update narrows is applied, and holds for the calls of the next task', () => {
  const { config, applied, refused } = apply({
    version: 4,
    constraints: {
      max_cost_per_month_usd: 12.5,
      rate_limits: { requests_per_minute: 30, tokens_per_hour: 90_000, concurrent_requests: 2 },
    },
    fallback_behavior: {
      max_retries: 1,
      initial_delay_ms: 2000,
      max_delay_ms: 30_000,
      exponential_base: 3,
      circuit_breaker: {
        enabled: true,
        failure_threshold: 2,
        success_threshold: 3,
        timeout_seconds: 60,
        half_open_requests: 1,
      },
    },
  });
  assert.deepEqual(refused, []);
  assert.equal(applied.length, 13);
  const rules = callRules(withBudget({ dollarsPerMonth: 20 }), config, 'code_review');
  assert.deepEqual(
    { ...rules, budget: [rules.budget.dollarsPerMonth, rules.budget.monthIsTheServers] },
    {
      callsAtOnce: 2,
      requestsPerMinute: 30,
      tokensPerHour: 90_000,
      retry: {
        ...retryRules,
        attempts: 2,
        transientBase: 2000,
        throttleBase: 2000,
        growth: 3,
        longestBackoff: 30_000,
      },
      breaker: { failures: 2, successes: 3, open: 60_000 },
      budget: [12.5, true],
      preferred: [],
    },
  );
});

test('nothing is widened past what the user and this agent allow, and each refusal says why', () => {
  const mine = defaultSettings.limits.modelCalls;
  const { config, applied, refused } = apply(
    {
      constraints: {
        max_cost_per_month_usd: 21,
        rate_limits: { concurrent_requests: mine + 1 },
      },
      fallback_behavior: {
        max_retries: 9,
        initial_delay_ms: 1,
        max_delay_ms: 10,
        exponential_base: 1,
        circuit_breaker: {
          enabled: false,
          failure_threshold: 6,
          success_threshold: 50,
          timeout_seconds: 1,
          half_open_requests: 2,
        },
      },
    },
    withBudget({ dollarsPerMonth: 20 }),
  );
  assert.deepEqual(applied, []);
  const why = reasons(refused);
  assert.equal(why['constraints.max_cost_per_month_usd'], 'wider than the 20 that the user allows');
  assert.equal(why['constraints.rate_limits.concurrent_requests'], `wider than the ${mine} that the user allows`);
  assert.equal(why['fallback_behavior.max_retries'], 'more than the 3 of this agent');
  assert.equal(why['fallback_behavior.circuit_breaker.enabled'], 'the breaker of this agent stays on');
  assert.equal(refused.length, 11);
  const unchanged = callRules(withBudget({ dollarsPerMonth: 20 }), undefined, 'analysis');
  assert.deepEqual(callRules(withBudget({ dollarsPerMonth: 20 }), config, 'analysis'), unchanged);
});

test('zero, which is how the platform writes no limit, never takes a limit of the user away', () => {
  const none = { constraints: { max_cost_per_month_usd: 0, rate_limits: { requests_per_minute: 0 } } };
  assert.deepEqual(apply(none).refused, []);
  const { refused } = apply({ constraints: { max_cost_per_month_usd: 0 } }, withBudget({ dollarsPerMonth: 5 }));
  assert.equal(refused[0]?.reason, '0 means no limit, which is wider than the 5 that the user allows');
});

test('an update replaces what it names and leaves the rest, and an older one comes too late', () => {
  const first = apply({ version: 3, constraints: { rate_limits: { requests_per_minute: 10, tokens_per_hour: 500 } } });
  const second = apply({ constraints: { rate_limits: { requests_per_minute: 0 } } }, defaultSettings, first.config);
  assert.deepEqual(second.config.constraints, {
    'rate_limits.requests_per_minute': 0,
    'rate_limits.tokens_per_hour': 500,
  });
  assert.equal(second.config.version, 3);
  const late = apply(
    { version: 2, constraints: { rate_limits: { tokens_per_hour: 9 } } },
    defaultSettings,
    second.config,
  );
  assert.deepEqual(late.applied, []);
  assert.deepEqual(late.refused, [{ path: 'version', reason: 'older than version 3, which is applied' }]);
  assert.equal(late.config, second.config);
  const again = apply(
    { version: 3, constraints: { rate_limits: { tokens_per_hour: 9 } } },
    defaultSettings,
    late.config,
  );
  assert.equal(again.config.constraints['rate_limits.tokens_per_hour'], 9);
});

test('models are preferred by the kind of task, first the primary ones, and what is no model of Bedrock is named', () => {
  const { config, applied, refused } = apply({
    model_preferences: [
      {
        task_type: 'code_analysis',
        primary_models: ['gpt-4', 'anthropic.claude-opus-5'],
        fallback_models: ['us.amazon.nova-lite-v1:0', 'claude-3.5-sonnet'],
      },
      { task_type: 'general_qa', primary_models: ['amazon.nova-micro-v1:0'] },
      { task_type: 'research', primary_models: ['amazon.nova-pro-v1:0'] },
    ],
  });
  assert.deepEqual(applied, ['model_preferences']);
  assert.deepEqual(reasons(refused), {
    'model_preferences[0].primary_models[0]': 'not a model of Amazon Bedrock',
    'model_preferences[0].fallback_models[1]': 'not a model of Amazon Bedrock',
    'model_preferences[2].task_type': 'no task of this agent is research',
  });
  const preferred = (type: 'code_review' | 'analysis' | 'documentation') =>
    callRules(defaultSettings, config, type).preferred;
  assert.deepEqual(preferred('code_review'), ['anthropic.claude-opus-5', 'us.amazon.nova-lite-v1:0']);
  assert.deepEqual(preferred('analysis'), preferred('code_review'));
  assert.deepEqual(preferred('documentation'), ['amazon.nova-micro-v1:0']);
});

test('a kind of task without a preference gets that of general questions', () => {
  const { config } = apply({ model_preferences: [{ task_type: 'general_qa', primary_models: ['amazon.some'] }] });
  assert.deepEqual(callRules(defaultSettings, config, 'code_review').preferred, ['amazon.some']);
});

test('a server sends code neither around the world nor to a model of another account', () => {
  const ids = ['global.anthropic.claude-sonnet-5', 'arn:aws:bedrock:us-east-1:666666666666:inference-profile/x.y'];
  const { config, applied, refused } = apply({
    model_preferences: [{ task_type: 'code_analysis', primary_models: ids }],
  });
  assert.deepEqual(applied, []);
  assert.equal(refused.length, 2);
  assert.deepEqual(config.preferences, []);
});

test('a model that the person has chosen stands', () => {
  const chosen = { ...defaultSettings, bedrock: { ...defaultSettings.bedrock, model: 'mine' } };
  const { refused } = apply({ model_preferences: [{ task_type: 'general_qa', primary_models: ['amazon.x'] }] }, chosen);
  assert.deepEqual(refused, [{ path: 'model_preferences', reason: 'the user has chosen a model' }]);
});

test('what this agent has no use for is refused as such, and whether it works is for its person to say', () => {
  const { applied, refused } = apply({
    embedding_strategy: 'quality',
    is_active: false,
    constraints: {
      max_latency_p99_ms: 5,
      min_availability_sla: 0.9,
      quality_thresholds: { min_cosine_similarity: 0.5 },
    },
    fallback_behavior: { queue_on_failure: true, queue_timeout_ms: 5 },
  });
  assert.deepEqual(applied, []);
  const { is_active: active, ...others } = reasons(refused);
  assert.match(active ?? '', /its person decides/);
  assert.equal(Object.keys(others).length, 6);
  for (const reason of Object.values(others)) assert.equal(reason, 'not used by this agent');
});

test('what this agent registers with is what it does, so that a server that sends it back changes nothing', () => {
  const settings = withBudget({ dollarsPerMonth: 30 });
  const own = agentConfig('2f4f7a3e-8c0e-4e0b-9d52-2a3f7f3a7b10', settings, ['anthropic.claude-sonnet-5']);
  assert.equal(own.constraints.max_cost_per_month_usd, 30);
  assert.equal(own.fallback_behavior.circuit_breaker.failure_threshold, breakerRules.failures);
  const { config, refused } = apply(own, settings);
  assert.deepEqual(
    refused.filter(({ reason }) => reason !== 'not used by this agent'),
    [],
  );
  const { preferred: _theSame, ...rules } = callRules(settings, config, 'code_review');
  const { preferred: _none, ...mine } = callRules(settings, undefined, 'code_review');
  assert.deepEqual(rules, mine);
});
