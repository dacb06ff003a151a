import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Model } from '../../../src/agent/models/model.ts';
import { htmlPage } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { failureOf, form, modelOn, never, profileId } from './bedrockSetup.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'bedrock', 'errors');
const server = new BedrockServer();
let model: Model;
before(() => server.start());
beforeEach(async () => {
  model = await modelOn(server);
});
after(() => server.close());

function queueRecorded(name: string): void {
  const { status, headers, body } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  server.queue({ kind: 'reply', status, headers, body: JSON.stringify(body) });
}

const rows: readonly [fixture: string, code: string, retryable: boolean][] = [
  ['access-denied-identity-policy', 'access-denied', false],
  ['access-denied-control-policy', 'access-denied', false],
  ['access-denied-model-access', 'access-denied', false],
  ['access-denied-api-key', 'credentials-rejected', false],
  ['needs-profile', 'needs-inference-profile', false],
  ['invalid-identifier', 'unknown-model', false],
  ['end-of-life', 'unknown-model', false],
  ['legacy', 'unknown-model', false],
  ['use-case-details', 'use-case-form', false],
  ['use-case-form', 'use-case-form', false],
  ['use-case-form-not-filled', 'use-case-form', false],
  ['input-too-long', 'input-too-long', false],
  ['prompt-too-long', 'input-too-long', false],
  ['context-limit', 'input-too-long', false],
  ['malformed-input', 'request-rejected', false],
  ['throttled-requests', 'throttled', true],
  ['throttled-tokens', 'throttled', true],
  ['throttled-as-400', 'throttled', true],
  ['throttled-per-day', 'quota-exceeded', false],
  ['quota', 'quota-exceeded', false],
  ['model-timeout', 'model-timeout', true],
  ['model-error', 'model-error', true],
  ['model-not-ready', 'model-unavailable', true],
  ['internal', 'model-unavailable', true],
  ['unavailable', 'model-unavailable', true],
  ['conflict', 'request-rejected', false],
  ['token-invalid', 'credentials-rejected', false],
  ['signature-expired', 'clock-wrong', false],
  ['signature-mismatch', 'credentials-rejected', false],
];

for (const [fixture, code, retryable] of rows) {
  test(`${fixture} is ${code}, ${retryable ? 'worth' : 'not worth'} another try, and is called once`, async () => {
    const streamed = () => server.requests.filter(({ operation }) => operation === 'converse-stream').length;
    const before = streamed();
    queueRecorded(fixture);
    const failure = await failureOf(model.stream(form, never));
    assert.equal(failure.code, code, JSON.stringify(failure));
    assert.equal(failure.retryable, retryable);
    assert.equal(streamed(), before + 1);
  });
}

test('every recorded error is tried', () => {
  const recorded = readdirSync(folder).map((name) => name.replace('.json', ''));
  const tried = [...rows.map(([fixture]) => fixture), 'token-expired'];
  assert.deepEqual(recorded.sort(), tried.sort());
});

test('an expired token is told as such when reading the credentials anew did not help', async () => {
  const before = server.requests.length;
  queueRecorded('token-expired');
  queueRecorded('token-expired');
  const failure = await failureOf(model.stream(form, never));
  assert.equal(failure.code, 'credentials-expired');
  assert.equal(server.requests.length, before + 2);
});

test('a denied permission is named together with the resource that it is missing on', async () => {
  queueRecorded('access-denied-identity-policy');
  const { message } = await failureOf(model.stream(form, never));
  assert.match(
    message,
    /bedrock:InvokeModelWithResponseStream on arn:aws:bedrock:us-east-2::foundation-model\/anthropic/,
  );
});

test('a denial without a resource names the profile and the model behind it', async () => {
  queueRecorded('access-denied-model-access');
  const { message } = await failureOf(model.stream(form, never));
  assert.ok(message.includes(`inference-profile/${profileId}`), message);
  assert.ok(message.includes(`foundation-model/${profileId.slice(3)}`), message);
});

test('a model that needs a profile is told the one of its region', async () => {
  const frankfurt = await new BedrockServer({ region: 'eu-central-1' }).start();
  const { body, headers } = JSON.parse(readFileSync(join(folder, 'needs-profile.json'), 'utf8'));
  frankfurt.queue({ kind: 'reply', status: 400, headers, body: JSON.stringify(body) });
  const bare = await modelOn(frankfurt, {}, 'anthropic.claude-sonnet-4-6');
  const { message } = await failureOf(bare.stream(form, never));
  assert.match(message, /such as eu\.anthropic\.claude-sonnet-4-6\./);
  await frankfurt.close();
});

for (const status of [200, 403, 429, 502, 503]) {
  test(`a proxy's page with HTTP ${status} is worth another try`, async () => {
    server.queue(htmlPage(status));
    const failure = await failureOf(model.stream(form, never));
    assert.equal(failure.code, 'model-unavailable');
    assert.equal(failure.retryable, true);
    assert.match(failure.detail ?? '', new RegExp(`HTTP ${status} with text/html`));
  });
}

const bareStatuses: readonly [status: number, code: string][] = [
  [400, 'request-rejected'],
  [401, 'access-denied'],
  [404, 'unknown-model'],
  [408, 'model-timeout'],
  [424, 'model-error'],
  [429, 'throttled'],
  [500, 'model-unavailable'],
  [504, 'model-unavailable'],
];
for (const [status, code] of bareStatuses) {
  test(`HTTP ${status} without an error name is ${code}`, async () => {
    server.queue({ kind: 'reply', status, headers: { 'content-type': 'application/json' }, body: '{"Message":"no"}' });
    assert.equal((await failureOf(model.stream(form, never))).code, code);
  });
}

test('an error body that is no JSON is worth another try', async () => {
  const headers = { 'content-type': 'application/json' };
  server.queue({ kind: 'reply', status: 503, headers, body: '{"message": "brok' });
  const failure = await failureOf(model.stream(form, never));
  assert.equal(failure.code, 'model-unavailable');
});

test('a redirect is not followed', async () => {
  const canary = await new BedrockServer().start();
  const headers = { location: `${canary.url}/model/x/converse-stream`, 'content-type': 'application/json' };
  server.queue({ kind: 'reply', status: 307, headers, body: '{}' });
  assert.equal((await failureOf(model.stream(form, never))).retryable, false);
  assert.equal(canary.connections, 0);
  await canary.close();
});

test('Retry-After reaches the failure in milliseconds, in either spelling, and nonsense does not', async () => {
  const asked: readonly [Record<string, string>, number | undefined][] = [
    [{ 'retry-after': '7' }, 7000],
    [{ 'x-amz-retry-after': '1500' }, 1500],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-3' }, undefined],
    [{ 'retry-after': '1e300' }, undefined],
  ];
  for (const [headers, expected] of asked) {
    server.queue({
      kind: 'reply',
      status: 429,
      headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ThrottlingException', ...headers },
      body: '{"message":"Too many requests"}',
    });
    assert.equal((await failureOf(model.stream(form, never))).retryAfterMs, expected, JSON.stringify(headers));
  }
});

test('an endless error body is not read into memory', async () => {
  const headers = { 'content-type': 'application/json' };
  server.queue({ kind: 'reply', status: 400, headers, body: `"${'x'.repeat(1_000_000)}"` });
  const failure = await failureOf(model.stream(form, never));
  assert.equal(failure.code, 'answer-malformed');
  assert.ok((failure.detail?.length ?? 0) < 600);
});

test('no failure carries a key, a token or what AWS echoes of the request', async () => {
  queueRecorded('signature-mismatch');
  const mismatch = JSON.stringify(await failureOf(model.stream(form, never)));
  assert.ok(!mismatch.includes('CANARYTOKEN'), mismatch);

  const withKey = await modelOn(server, { authentication: 'apiKey', apiKey: server.apiKey });
  const spoken = `Authorization: Bearer ${server.apiKey} of ASIAIOSFODNN7CANARY\u001b[31m\nand ${'Zm9v'.repeat(60)}`;
  server.queue({
    kind: 'reply',
    status: 400,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' },
    body: JSON.stringify({ message: spoken }),
  });
  const { detail = '' } = await failureOf(withKey.stream(form, never));
  assert.ok(!detail.includes(server.apiKey) && !detail.includes('CANARY') && !detail.includes('Zm9vZm9v'), detail);
  assert.match(detail, /^[ -~]*$/);
});
