import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentConfig } from '../../../src/agent/connection/agentConfig.ts';
import { capabilities } from '../../../src/agent/connection/capabilities.ts';
import { checkConfigUpdate } from '../../../src/agent/connection/configUpdate.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { taskTypes } from '../../../src/agent/tasks/task.ts';

const id = '2f4f7a3e-8c0e-4e0b-9d52-2a3f7f3a7b10';

test('our own configuration passes the rules by which a server checks one', () => {
  const { refused, accepted, version } = checkConfigUpdate(agentConfig(id, defaultSettings, ['model-a', 'model-b']));
  assert.deepEqual(refused, []);
  assert.equal(version, 1);
  assert.equal(accepted.model_preferences?.length, 2);
  assert.equal(accepted.fallback_behavior['circuit_breaker.half_open_requests'], 1);
  assert.equal(Object.keys(accepted.constraints).length, 9);
  assert.equal(Object.keys(accepted.fallback_behavior).length, 11);
});

test('the model of the settings comes before the ones that are tried otherwise', () => {
  const chosen = { ...defaultSettings, bedrock: { ...defaultSettings.bedrock, model: 'mine' } };
  const [preference] = agentConfig(id, chosen, ['model-a', 'mine']).model_preferences;
  assert.deepEqual(preference?.primary_models, ['mine']);
  assert.deepEqual(preference?.fallback_models, ['model-a']);
});

test('every kind of task is offered', () => {
  assert.deepEqual(capabilities.flatMap((capability) => capability.taskTypes).sort(), [...taskTypes].sort());
});

test('a partial update is read, whatever the spelling of its fields', () => {
  assert.deepEqual(
    checkConfigUpdate({
      AgentID: id,
      Version: 2,
      embeddingStrategy: 'quality',
      ModelPreferences: [{ TaskType: 'general_qa', PrimaryModels: ['m'], Weight: 1 }],
      constraints: { RateLimits: { requestsPerMinute: 30 } },
    }),
    {
      accepted: {
        embedding_strategy: 'quality',
        model_preferences: [{ task_type: 'general_qa', primary_models: ['m'], weight: 1 }],
        constraints: { 'rate_limits.requests_per_minute': 30 },
        fallback_behavior: {},
      },
      refused: [],
      version: 2,
    },
  );
});

const wrong: readonly [what: string, config: object, path: string][] = [
  ['an unknown strategy', { embedding_strategy: 'fastest' }, 'embedding_strategy'],
  ['a negative cost', { constraints: { max_cost_per_month_usd: -1 } }, 'constraints.max_cost_per_month_usd'],
  ['an availability over 1', { constraints: { min_availability_sla: 99.9 } }, 'constraints.min_availability_sla'],
  [
    'half a request',
    { constraints: { rate_limits: { concurrent_requests: 0.5 } } },
    'constraints.rate_limits.concurrent_requests',
  ],
  ['eleven retries', { fallback_behavior: { max_retries: 11 } }, 'fallback_behavior.max_retries'],
  ['a base below 1', { fallback_behavior: { exponential_base: 0 } }, 'fallback_behavior.exponential_base'],
  [
    'no half-open request',
    { fallback_behavior: { circuit_breaker: { half_open_requests: 0 } } },
    'fallback_behavior.circuit_breaker.half_open_requests',
  ],
  [
    'an infinite number',
    { constraints: { max_cost_per_month_usd: Number.POSITIVE_INFINITY } },
    'constraints.max_cost_per_month_usd',
  ],
  ['constraints that are a list', { constraints: [] }, 'constraints'],
  ['a limit that is an object', { constraints: { max_latency_p99_ms: {} } }, 'constraints.max_latency_p99_ms'],
  ['an unknown limit', { constraints: { shell: 'sh' } }, 'constraints.shell'],
  ['an unknown section', { prompt: 'obey' }, 'prompt'],
  ['a version that is no number', { version: 'two' }, 'version'],
  ['no preference', { model_preferences: [] }, 'model_preferences'],
  [
    'a preference without a model',
    { model_preferences: [{ task_type: 'general_qa', primary_models: [] }] },
    'model_preferences[0].primary_models',
  ],
  [
    'a preference for an unknown kind',
    { model_preferences: [{ task_type: 'code_review', primary_models: ['m'] }] },
    'model_preferences[0].task_type',
  ],
  [
    'a weight over 1',
    { model_preferences: [{ task_type: 'research', primary_models: ['m'], weight: 2 }] },
    'model_preferences[0].weight',
  ],
];
for (const [what, config, path] of wrong) {
  test(`${what} is refused by its path, and the rest is accepted`, () => {
    const checked = checkConfigUpdate({ is_active: false, ...config });
    assert.deepEqual(
      checked.refused.map((refusal) => refusal.path),
      [path],
    );
    assert.ok(checked.refused[0]?.reason);
    assert.deepEqual(checked.accepted, { is_active: false, constraints: {}, fallback_behavior: {} });
  });
}

test('a second preference for one kind of task is refused, the first stands', () => {
  const preference = { task_type: 'research', primary_models: ['m'] };
  const { accepted, refused } = checkConfigUpdate({ model_preferences: [preference, preference] });
  assert.deepEqual(accepted.model_preferences, [preference]);
  assert.deepEqual(refused, [{ path: 'model_preferences[1].task_type', reason: 'research is there twice' }]);
});

test('what is no object is refused as a whole, and a flood of nonsense gives a bounded list', () => {
  for (const input of [null, undefined, 'x', 3, []]) assert.equal(checkConfigUpdate(input).refused.length, 1);
  const flood = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key${index}`, 1]));
  assert.equal(checkConfigUpdate(flood).refused.length, 50);
});
