import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullCapabilities, learnFrom, toConverse } from '../../../src/agent/models/bedrock/toConverse.ts';
import { readConverseBody } from '../../fakes/converseRequest.ts';
import { form, profileId } from './bedrockSetup.ts';

test('the form is forced, the length is bounded and no temperature is set', () => {
  assert.deepEqual(toConverse(profileId, form, fullCapabilities), {
    modelId: profileId,
    system: [{ text: 'You review code.' }],
    messages: [{ role: 'user', content: [{ text: 'const a = 1;' }] }],
    inferenceConfig: { maxTokens: 2000 },
    toolConfig: {
      tools: [
        {
          toolSpec: { name: 'report', description: 'Reports findings.', inputSchema: { json: { type: 'object' } } },
        },
      ],
      toolChoice: { tool: { name: 'report' } },
    },
  });
});

test('without a form and without a system text neither is sent', () => {
  const { toolConfig, system } = toConverse(
    profileId,
    { system: ' ', prompt: 'Hello', maxTokens: 1 },
    fullCapabilities,
  );
  assert.equal(toolConfig, undefined);
  assert.equal(system, undefined);
});

test('a model that cannot be forced is offered the form and told to use it', () => {
  const { system, toolConfig } = toConverse(profileId, form, { ...fullCapabilities, forcedTool: false });
  assert.deepEqual(toolConfig?.toolChoice, { auto: {} });
  assert.match(system?.at(-1)?.text ?? '', /calling the tool report/);
});

test('a model that cannot use tools is told to write the form out, and no tool is sent', () => {
  const { system, toolConfig } = toConverse(profileId, form, { ...fullCapabilities, tools: false });
  assert.equal(toolConfig, undefined);
  assert.match(system?.at(-1)?.text ?? '', /JSON Schema: \{"type":"object"\}/);
});

test('what is sent passes the strict check of the fake service', () => {
  for (const less of [{}, { forcedTool: false }, { tools: false }]) {
    const { modelId, ...body } = toConverse(profileId, form, { ...fullCapabilities, ...less });
    assert.ok('body' in readConverseBody(JSON.stringify(body)), modelId);
  }
});

for (const message of [
  "This model doesn't support tool use.",
  "This model doesn't support tool use in streaming mode.",
]) {
  test(`"${message}" is learnt once`, () => {
    const learnt = learnFrom(message, fullCapabilities);
    assert.deepEqual(learnt, { ...fullCapabilities, tools: false });
    assert.equal(learnFrom(message, learnt), undefined);
  });
}

test('a refusal of the forced tool is learnt once', () => {
  const message = "This model doesn't support the toolConfig.toolChoice.tool field. Remove it and try again.";
  const learnt = learnFrom(message, fullCapabilities);
  assert.equal(learnt?.forcedTool, false);
  assert.equal(learnFrom(message, learnt ?? fullCapabilities), undefined);
});

test('a lower limit of the model is learnt once and clamps the next request', () => {
  const message = 'The maximum tokens you requested exceeds the model limit of 1024';
  const learnt = learnFrom(message, fullCapabilities) ?? fullCapabilities;
  assert.equal(toConverse(profileId, form, learnt).inferenceConfig?.maxTokens, 1024);
  assert.equal(learnFrom('The maximum tokens you requested exceeds the model limit of 512', learnt), undefined);
  assert.equal(learnFrom('Malformed input request', fullCapabilities), undefined);
});

test('what several requests begin with is marked for the cache, in the system text and in the prompt', () => {
  const request = { ...form, prompt: 'shared own', reuse: { promptPrefix: 7 } };
  const { system, messages } = toConverse(profileId, request, fullCapabilities);
  const point = { cachePoint: { type: 'default' } };
  assert.deepEqual(system, [{ text: 'You review code.' }, point]);
  assert.deepEqual(messages?.[0]?.content, [{ text: 'shared ' }, point, { text: 'own' }]);
  const alone = toConverse(profileId, { ...request, reuse: { promptPrefix: 0 } }, fullCapabilities);
  assert.deepEqual(alone.messages?.[0]?.content, [{ text: 'shared own' }]);
  assert.deepEqual(alone.system?.at(-1), point);
  const { modelId: _id, ...body } = toConverse(profileId, request, fullCapabilities);
  assert.ok('body' in readConverseBody(JSON.stringify(body)));
});

test('no mark is sent to a family that keeps nothing, nor after a refusal', () => {
  const request = { ...form, reuse: { promptPrefix: 3 } };
  for (const [id, capabilities] of [
    ['openai.gpt-oss-120b-1:0', fullCapabilities],
    ['us.meta.llama4-maverick-17b-instruct-v1:0', fullCapabilities],
    [profileId, learnFrom('Your request did not allow prompt caching.', fullCapabilities)],
  ] as const) {
    assert.ok(capabilities);
    assert.doesNotMatch(JSON.stringify(toConverse(id, request, capabilities)), /cachePoint/);
  }
  const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc';
  assert.match(JSON.stringify(toConverse(arn, request, fullCapabilities)), /cachePoint/);
});

test('a form that keeps to the strict subset is held to by models that can, until one refuses', () => {
  const request = form.tool ? { ...form, tool: { ...form.tool, strict: true as const } } : form;
  const strictOf = (id: string, capabilities = fullCapabilities) =>
    toConverse(id, request, capabilities).toolConfig?.tools?.[0]?.toolSpec?.strict;
  assert.equal(strictOf('us.anthropic.claude-sonnet-4-5-20250929-v1:0'), true);
  assert.equal(strictOf('global.anthropic.claude-opus-4-8'), undefined);
  assert.equal(strictOf('amazon.nova-pro-v1:0'), undefined);
  const learnt = learnFrom('#/toolConfig/tools/0/toolSpec: extraneous key [strict] is not permitted', fullCapabilities);
  assert.equal(strictOf('us.anthropic.claude-sonnet-4-5-20250929-v1:0', learnt), undefined);
  assert.equal(learnFrom('strict', learnt ?? fullCapabilities), undefined);
});
