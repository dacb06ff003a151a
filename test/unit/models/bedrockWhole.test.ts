import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { answerTool, fail, htmlPage, reply, wholeTool } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { collect, eventually, failureOf, form, modelOn, never } from './bedrockSetup.ts';

let server: BedrockServer;
beforeEach(async () => {
  server = await new BedrockServer().start();
});
afterEach(() => server.close());

const denied = fail(
  'AccessDeniedException',
  403,
  'User: arn:aws:iam::123456789012:user/dev is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-east-1::foundation-model/x with an explicit deny',
);
const operations = () => server.requests.map(({ operation }) => operation);

test('where streaming is denied the answer comes in one piece, and streaming is not tried again', async () => {
  const model = await modelOn(server);
  server.queue(denied, wholeTool('report', { findings: [1] }), wholeTool('report', { findings: [2] }));
  const events = await collect(model.stream(form, never));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['text', 'input', 'done'],
  );
  assert.deepEqual(events[1], { kind: 'input', json: '{"findings":[1]}' });
  assert.deepEqual(events[2], {
    kind: 'done',
    tokens: { input: 1200, output: 80, cache_read: 0, cache_write: 0 },
  });
  await collect(model.stream(form, never));
  assert.deepEqual(operations(), ['converse-stream', 'converse', 'converse']);
});

test('where neither is allowed the failure names what streaming needs, and streaming is tried the next time', async () => {
  const model = await modelOn(server);
  server.queue(denied, fail('AccessDeniedException', 403, 'not authorized to perform: bedrock:InvokeModel'));
  const failure = await failureOf(model.stream(form, never));
  assert.equal(failure.code, 'access-denied');
  assert.match(failure.message, /bedrock:InvokeModelWithResponseStream/);
  server.queue(answerTool('report', {}));
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
});

test('an answer in one piece ends as a streamed one would: cut, blocked, or from something that is no AWS service', async () => {
  const model = await modelOn(server);
  server.queue(denied, wholeTool('report', {}, 'max_tokens'));
  assert.equal((await failureOf(model.stream(form, never))).code, 'answer-too-long');
  server.queue(wholeTool('report', {}, 'guardrail_intervened'), htmlPage(200));
  assert.equal((await failureOf(model.stream(form, never))).code, 'answer-blocked');
  assert.equal((await failureOf(model.stream(form, never))).code, 'model-unavailable');
});

test('an abort while an answer in one piece is awaited ends the call', async () => {
  const model = await modelOn(server);
  server.queue(denied, { kind: 'silence' });
  const abort = new AbortController();
  const ending = collect(model.stream(form, abort.signal));
  await eventually(() => server.requests.length === 2, 'the second call was not made');
  abort.abort();
  const last = (await ending).at(-1);
  assert.equal(last?.kind === 'failed' && last.failure.code, 'cancelled');
  await eventually(() => server.requests[1]?.ending === 'left', 'the call goes on');
});

test('tokens are counted by the service, for the model behind the profile', async () => {
  const model = await modelOn(server);
  server.queue(reply({ inputTokens: 345 }));
  assert.equal(await model.countTokens?.(form, never), 345);
  const [request] = server.requests;
  assert.deepEqual([request?.operation, request?.model], ['count-tokens', 'anthropic.claude-sonnet-4-5-20250929-v1:0']);
});

test('who may not count is not asked again, and trouble that passes is not held against the service', async () => {
  const model = await modelOn(server);
  server.queue(fail('ServiceUnavailableException', 503, 'busy'), fail('AccessDeniedException', 403, 'no'));
  assert.equal(await model.countTokens?.(form, never), undefined);
  assert.equal(await model.countTokens?.(form, never), undefined);
  assert.equal(await model.countTokens?.(form, never), undefined);
  assert.equal(server.requests.length, 2);
});

test('an abort ends the counting', async () => {
  const model = await modelOn(server);
  server.queue({ kind: 'silence' });
  const abort = new AbortController();
  const counting = model.countTokens?.(form, abort.signal);
  await eventually(() => server.requests.length === 1, 'nothing was asked');
  abort.abort();
  await assert.rejects(async () => counting, { name: 'AbortError' });
});

test('text alone may come in one piece as well', async () => {
  const { tool: _none, ...free } = form;
  const model = await modelOn(server);
  const message = { role: 'assistant', content: [{ text: 'An answer.' }] };
  const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
  server.queue(denied, reply({ output: { message }, stopReason: 'end_turn', usage, metrics: { latencyMs: 1 } }));
  assert.deepEqual(
    (await collect(model.stream(free, never))).map(({ kind }) => kind),
    ['text', 'done'],
  );
});
