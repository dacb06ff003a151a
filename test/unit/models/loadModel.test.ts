import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { loadModel, type ModelParts, sourceOf } from '../../../src/agent/models/loadModel.ts';
import { type ModelEvent, noTokens } from '../../../src/agent/models/model.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { answerTool, cutAfter, fail, htmlPage } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, failureOf, form, never, useEnvironment } from './bedrockSetup.ts';
import { meterParts, taskWith } from './meterSetup.ts';

let server: BedrockServer;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-model-'));
});
after(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  server = await new BedrockServer().start();
  useEnvironment(server.environment);
});
afterEach(() => server.close());

const settings = () => ({
  region: '',
  profile: '',
  model: '',
  endpoint: server.url,
  authentication: 'credentials' as const,
});
const parts = (more: Partial<ModelParts> = {}): ModelParts => ({
  ...meterParts(more.clock ?? systemClock),
  log: () => undefined,
  environment: { ...process.env },
  ...more,
});

async function loaded(changes: object = {}) {
  const outcome = await loadModel({ ...settings(), ...changes }, parts());
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.failure.message);
  return outcome.value.forTask(taskWith({ callsAtOnce: 2 }));
}

async function refusal(changes: object = {}, more: Partial<ModelParts> = {}) {
  const outcome = await loadModel({ ...settings(), ...changes }, parts(more));
  assert.ok(!outcome.ok, 'it was loaded');
  return outcome.failure;
}

test('it loads a model that answers, and finds the region in the environment', async () => {
  server.queue(answerTool('report', { findings: [] }));
  const model = await loaded();
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  assert.match(model.id, /^us\.anthropic\./);
});

test('it walks the defaults until one may be used', async () => {
  server.onRequest = ({ model }) =>
    model.includes('haiku')
      ? answerTool('report', {})
      : fail('AccessDeniedException', 403, "You don't have access to the model with the specified model ID.");
  const model = await loaded();
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  assert.match(model.id, /haiku/);
  const calls = server.requests.length;
  await collect(model.stream(form, never));
  assert.equal(server.requests.length, calls + 1);
});

test('only the chosen model is asked', async () => {
  server.onRequest = () => fail('AccessDeniedException', 403, 'no');
  const model = await loaded({ model: 'us.amazon.nova-lite-v1:0' });
  assert.equal((await failureOf(model.stream(form, never))).code, 'access-denied');
  assert.deepEqual(
    server.requests.map(({ model: id }) => id),
    ['us.amazon.nova-lite-v1:0'],
  );
});

test('passing trouble of every kind is overcome, each with calls of our own and none of the SDK', async () => {
  const troubles = [
    fail('ServiceUnavailableException', 503, 'busy'),
    fail('InternalServerException', 500, 'oops'),
    fail('ModelTimeoutException', 408, 'late'),
    fail('ModelErrorException', 424, 'broke'),
    { kind: 'reset' } as const,
    htmlPage(200),
    htmlPage(502),
    cutAfter(answerTool('report', {}), 2),
  ];
  const model = await loaded({ model: 'm' });
  for (const trouble of troubles) {
    const calls = server.requests.length;
    server.queue(trouble, answerTool('report', {}));
    assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
    assert.equal(server.requests.length, calls + 2);
  }
});

test('trouble that lasts ends after four calls with its cause', async () => {
  server.onRequest = () => fail('ServiceUnavailableException', 503, 'Bedrock is unable to process your request.');
  const model = await loaded({ model: 'm' });
  assert.equal((await failureOf(model.stream(form, never))).code, 'model-unavailable');
  assert.equal(server.requests.length, 4);
});

test('no more calls than the setting allows are under way', async () => {
  let active = 0;
  let most = 0;
  server.onRequest = async () => {
    active += 1;
    most = Math.max(most, active);
    await new Promise((resolve) => setTimeout(resolve, 10));
    active -= 1;
    return answerTool('report', {});
  };
  const model = await loaded({ model: 'm' });
  const answers = await Promise.all(Array.from({ length: 8 }, () => collect(model.stream(form, never))));
  assert.ok(answers.every((events) => events.at(-1)?.kind === 'done'));
  assert.equal(most, 2);
});

test('no credentials anywhere is said as such', async () => {
  useEnvironment({ AWS_REGION: 'us-east-1' });
  assert.equal((await refusal()).code, 'no-credentials');
});

test('a profile that does not exist is said as such', async () => {
  useEnvironment({ AWS_REGION: 'us-east-1' });
  const failure = await refusal({ profile: 'gone' });
  assert.equal(failure.code, 'no-credentials');
  assert.match(failure.detail ?? '', /gone/);
});

test('an SSO session that is over asks for a new sign-in', async () => {
  const config = join(folder, 'sso');
  await writeFile(
    config,
    '[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Developer\nregion = us-east-1\n' +
      '[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n',
  );
  useEnvironment({ AWS_REGION: 'us-east-1', AWS_CONFIG_FILE: config, HOME: folder });
  const failure = await refusal({ profile: 'sso' });
  assert.equal(failure.code, 'credentials-expired');
  assert.match(failure.message, /aws sso login/);
});

test('credentials that take too long count as not found', async () => {
  const config = join(folder, 'slow');
  await writeFile(config, '[profile slow]\ncredential_process = sleep 3\nregion = us-east-1\n');
  useEnvironment({ AWS_CONFIG_FILE: config });
  const clock = new FakeClock();
  const refused = refusal({ profile: 'slow' }, { clock });
  while (clock.pending === 0) await clock.advance(0);
  await clock.advance(5000);
  assert.equal((await refused).code, 'no-credentials');
});

test('credentials that another program renewed meanwhile are read anew, once', async () => {
  const file = join(folder, 'renewed');
  const credentials = (token: string) =>
    `[default]\naws_access_key_id = ${server.accessKeyId}\naws_secret_access_key = ${server.secretAccessKey}\naws_session_token = ${token}\n`;
  await writeFile(file, credentials('old'));
  useEnvironment({ AWS_REGION: 'us-east-1', AWS_SHARED_CREDENTIALS_FILE: file });
  server.onRequest = () => answerTool('report', {});
  const model = await loaded({ model: 'm' });
  server.expiredTokens.add('old');
  await writeFile(file, credentials('new'));
  const answers = await Promise.all([1, 2].map(() => collect(model.stream(form, never))));
  assert.ok(answers.every((events) => events.at(-1)?.kind === 'done'));
  assert.ok(server.requests.every(({ headers }) => headers['x-amz-security-token'] === 'new'));

  server.expiredTokens.add('new');
  const refusals = server.refusals.length;
  assert.equal((await failureOf(model.stream(form, never))).code, 'credentials-expired');
  assert.equal(server.refusals.length, refusals + 2);
});

test('credentials that the service does not know are said as such', async () => {
  useEnvironment({ ...server.environment, AWS_ACCESS_KEY_ID: 'AKIAOTHER' });
  const model = await loaded({ model: 'm' });
  assert.equal((await failureOf(model.stream(form, never))).code, 'credentials-rejected');
});

test('an API key comes from the host, else from the environment, and its absence is said as such', async () => {
  useEnvironment({ AWS_REGION: 'us-east-1' });
  const byKey = { authentication: 'apiKey' as const, model: 'm' };
  for (const more of [
    { apiKey: server.apiKey },
    { environment: { AWS_REGION: 'us-east-1', AWS_BEARER_TOKEN_BEDROCK: server.apiKey } },
  ]) {
    server.queue(answerTool('report', {}));
    const outcome = await loadModel({ ...settings(), ...byKey }, parts(more));
    assert.ok(outcome.ok);
    assert.equal((await collect(outcome.value.forTask(taskWith()).stream(form, never))).at(-1)?.kind, 'done');
  }
  assert.equal((await refusal(byKey)).code, 'no-api-key');
});

test('an API key that the service refuses is said as such, and stays out of the failure', async () => {
  const outcome = await loadModel(
    { ...settings(), authentication: 'apiKey', model: 'm' },
    parts({ apiKey: 'CANARY-KEY' }),
  );
  assert.ok(outcome.ok);
  const failure = await failureOf(outcome.value.forTask(taskWith()).stream(form, never));
  assert.equal(failure.code, 'credentials-rejected');
  assert.ok(!JSON.stringify(failure).includes('CANARY'));
});

test('neither a log line nor a failure carries a secret', async () => {
  const lines: unknown[] = [];
  const outcome = await loadModel(
    { ...settings(), model: 'm' },
    parts({ log: (level, message, fields) => lines.push({ level, message, fields }) }),
  );
  assert.ok(outcome.ok);
  server.queue(
    fail('ExpiredTokenException', 403, 'expired'),
    fail('ThrottlingException', 429, 'slow'),
    answerTool('report', {}),
  );
  await collect(outcome.value.forTask(taskWith()).stream(form, never));
  assert.ok(lines.length >= 3);
  assert.ok(!JSON.stringify(lines).includes(server.secretAccessKey));
  assert.ok(!JSON.stringify(lines).includes(form.prompt));
});

test('a bad endpoint and a missing region are said before credentials are looked for', async () => {
  useEnvironment({});
  assert.equal((await refusal({ endpoint: 'http://bedrock.example', region: 'us-east-1' })).code, 'bad-endpoint');
  assert.equal((await refusal()).code, 'no-region');
});

test('of the models that a server names, only the newest are kept', async () => {
  const opened: string[] = [];
  const done: ModelEvent = { kind: 'done', tokens: noTokens };
  const open = (id: string) => {
    opened.push(id);
    const model = new ScriptedModel(id);
    model.onRequest = () => [done];
    return model;
  };
  const source = sourceOf((preferred) => preferred, open, parts());
  const use = async (...preferred: readonly string[]) =>
    collect(source.forTask(taskWith({ preferred })).stream(form, never));
  await use('first', 'second');
  await use('first', 'second');
  assert.deepEqual(opened, ['first', 'second']);
  for (let number = 0; number < 300; number += 1) await use(`other-${number}`);
  await use('second');
  assert.equal(opened.filter((id) => id === 'second').length, 2);
  await use('other-299');
  assert.equal(opened.filter((id) => id === 'other-299').length, 1);
});
