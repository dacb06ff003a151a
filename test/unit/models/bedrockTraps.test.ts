import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openBedrock } from '../../../src/agent/models/bedrock/bedrockModel.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import {
  answerText,
  answerTool,
  cutAfter,
  damagedFrame,
  fail,
  halfFrame,
  hugeFrame,
  midStreamException,
  type Step,
  unknownEvent,
} from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { collect, eventually, failureOf, form, modelOn, never, useEnvironment } from './bedrockSetup.ts';

let server: BedrockServer;
/** Stands where the environment would send the requests. */
let canary: BedrockServer;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-traps-'));
});
after(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  server = await new BedrockServer().start();
  canary = await new BedrockServer().start();
});
afterEach(async () => {
  await server.close();
  await canary.close();
});

const filledIn = { findings: [{ title: 'größer 🚀' }] };
const timeouts = { connect: 2000, response: 2000, idle: 2000 };

async function ask(model: Awaited<ReturnType<typeof modelOn>>): Promise<string> {
  const events = await collect(model.stream(form, never));
  const end = events.at(-1);
  return end?.kind === 'failed' ? end.failure.code : `${end?.kind}`;
}

test('it speaks HTTP/1.1', async () => {
  server.queue(answerTool('report', filledIn));
  assert.equal(await ask(await modelOn(server)), 'done');
});

test('a service that takes the request and stays silent trips the response timeout', async () => {
  const model = await modelOn(server, { timeouts: { ...timeouts, response: 100, idle: 0 } });
  server.queue({ kind: 'silence' });
  const { code } = await failureOf(model.stream(form, AbortSignal.timeout(5000)));
  assert.equal(code, 'model-timeout');
  await eventually(() => server.requests[0]?.ending === 'left', 'the connection is still open');
});

test('a stream that stalls trips the idle timeout, and its connection is closed', async () => {
  const model = await modelOn(server, { timeouts: { ...timeouts, idle: 100 } });
  server.queue(cutAfter(answerTool('report', filledIn), 3, [{ do: 'stall' }]));
  assert.equal(await ask(model), 'model-timeout');
  await eventually(() => server.requests[0]?.ending === 'left', 'the connection is still open');
});

test('a stream that is slow but alive does not trip the idle timeout', async () => {
  const model = await modelOn(server, { timeouts: { ...timeouts, idle: 150 } });
  server.queue(answerTool('report', { list: [1, 2, 3, 4, 5, 6, 7, 8] }, { pieceLength: 4, delay: 40 }));
  assert.equal(await ask(model), 'done');
});

test('a stream cut at the edge of any frame is a failure, never an answer', async () => {
  const model = await modelOn(server);
  const whole = answerTool('report', filledIn, { pieceLength: 20 });
  const frames = whole.kind === 'stream' ? whole.steps.length : 0;
  assert.ok(frames > 5);
  for (let count = 0; count < frames; count += 1) {
    server.queue(cutAfter(whole, count));
    assert.equal(await ask(model), 'stream-cut', `after ${count} of ${frames} frames`);
  }
});

const damages: readonly [what: string, steps: readonly Step[], code: string][] = [
  ['half a frame', [halfFrame()], 'stream-cut'],
  ['a wrong checksum', [damagedFrame()], 'stream-cut'],
  ['a frame that claims two gigabytes', [hugeFrame(), { do: 'stall' }], 'answer-malformed'],
  ['a throttling exception', [midStreamException('throttlingException', 'Too many tokens, please wait')], 'throttled'],
  ['a model stream error', [midStreamException('modelStreamErrorException', 'The model failed')], 'model-error'],
  ['an internal error', [midStreamException('internalServerException', 'Unexpected')], 'model-unavailable'],
  ['an unavailable service', [midStreamException('serviceUnavailableException', 'Busy')], 'model-unavailable'],
  ['a validation exception', [midStreamException('validationException', 'Input is too long')], 'input-too-long'],
  ['an exception of tomorrow', [midStreamException('somethingNewException', 'Who knows')], 'stream-cut'],
];
for (const [what, steps, code] of damages) {
  for (const frames of [0, 3]) {
    test(`${what} after ${frames} frames is ${code}`, async () => {
      server.queue(cutAfter(answerTool('report', filledIn), frames, steps));
      assert.equal(await ask(await modelOn(server)), code);
    });
  }
}

test('a reset in the middle of an answer is a cut', async () => {
  server.queue(cutAfter(answerTool('report', filledIn), 3, [{ do: 'reset' }]));
  assert.equal(await ask(await modelOn(server)), 'stream-cut');
});

test('a reset before any answer is an unreachable service', async () => {
  server.queue({ kind: 'reset' });
  assert.equal(await ask(await modelOn(server)), 'bedrock-unreachable');
});

test('nobody listening is an unreachable service', async () => {
  const model = await modelOn(server);
  await server.close();
  const failure = await failureOf(model.stream(form, never));
  assert.equal(failure.code, 'bedrock-unreachable');
  assert.equal(failure.retryable, true);
  server = await new BedrockServer().start();
});

test('an unknown event is passed over', async () => {
  const whole = answerTool('report', filledIn);
  assert.ok(whole.kind === 'stream');
  server.queue({ ...whole, steps: whole.steps.flatMap((step) => [step, unknownEvent()]) });
  assert.equal(await ask(await modelOn(server)), 'done');
});

test('an answer that comes one byte at a time is the same answer', async () => {
  server.queue(answerTool('report', filledIn, { chunkBytes: 1 }));
  const events = await collect((await modelOn(server)).stream(form, never));
  assert.equal(events.map((event) => (event.kind === 'input' ? event.json : '')).join(''), JSON.stringify(filledIn));
});

test('a piece of text that splits a character between two events comes out whole', async () => {
  server.queue(answerText('ä→🚀', { pieceLength: 1 }));
  const { tool: _, ...free } = form;
  const events = await collect((await modelOn(server)).stream(free, never));
  assert.equal(events.map((event) => (event.kind === 'text' ? event.text : '')).join(''), 'ä→🚀');
});

test('an abort beforehand opens no connection', async () => {
  await collect((await modelOn(server)).stream(form, AbortSignal.abort()));
  assert.equal(server.connections, 0);
});

test('leaving the loop stops the service long before it has said everything', async () => {
  server.queue(answerTool('report', '9'.repeat(4000), { pieceLength: 1, delay: 1 }));
  const model = await modelOn(server);
  for await (const event of model.stream(form, never)) if (event.kind === 'input') break;
  await eventually(() => server.requests[0]?.ending === 'left', 'the service is still sending');
  const sent = server.requests[0]?.sent ?? 0;
  assert.ok(sent < 1000, `${sent} frames were sent`);
});

test('finished answers leave their connection to the next call, also when its end comes late', async () => {
  const model = await modelOn(server);
  const whole = answerTool('report', filledIn);
  assert.ok(whole.kind === 'stream');
  for (let call = 0; call < 4; call += 1) {
    server.queue({ ...whole, steps: [...whole.steps, { do: 'wait', ms: 20 }] });
    assert.equal(await ask(model), 'done');
    await eventually(() => server.requests[call]?.ending === 'finished', 'the answer was not read to its end');
    // The end of the body is still on its way to the client.
    await pause(20);
  }
  assert.equal(server.connections, 1);
});

test('an answer is done when it is whole, and a connection that then does not end is closed', async () => {
  const whole = answerTool('report', filledIn);
  assert.ok(whole.kind === 'stream');
  server.queue({ ...whole, steps: [...whole.steps, { do: 'stall' }] });
  useEnvironment(server.environment);
  const clock = new FakeClock();
  const opened = await openBedrock(
    { region: server.region, profile: '', endpoint: server.url, authentication: 'credentials' },
    { clock, log: () => undefined, environment: {} },
  );
  assert.ok(opened.ok);
  assert.equal(await ask(opened.value.model('m')), 'done');
  assert.equal(server.requests[0]?.ending, 'open');
  await clock.advance(1000);
  await eventually(() => server.requests[0]?.ending === 'left', 'the connection is still open');
});

test('a bearer token in the environment does not take the place of the credentials', async () => {
  const model = await modelOn(server);
  process.env['AWS_BEARER_TOKEN_BEDROCK'] = 'canary-token';
  process.env['AWS_AUTH_SCHEME_PREFERENCE'] = 'httpBearerAuth';
  server.queue(answerTool('report', filledIn));
  assert.equal(await ask(model), 'done');
  assert.equal(server.requests[0]?.authentication, 'signature');
});

test('an API key is used without looking for credentials', async () => {
  useEnvironment({});
  const opened = await openBedrock(
    { region: 'us-east-1', profile: '', endpoint: server.url, authentication: 'apiKey', apiKey: server.apiKey },
    { clock: systemClock, log: () => undefined, environment: {} },
  );
  assert.ok(opened.ok);
  server.queue(answerTool('report', filledIn));
  assert.equal(await ask(opened.value.model('m')), 'done');
  assert.equal(server.requests[0]?.authentication, 'bearer');
});

test('an API key is not sent over plain http to anywhere else than this machine', async () => {
  const opened = await openBedrock(
    { region: 'us-east-1', profile: '', endpoint: 'http://bedrock.example', authentication: 'apiKey', apiKey: 'k' },
    { clock: systemClock, log: () => undefined, environment: {} },
  );
  assert.equal(!opened.ok && opened.failure.code, 'bad-endpoint');
});

test('neither the environment nor a profile can redirect requests', async () => {
  const config = join(folder, 'config');
  await writeFile(
    config,
    `[profile redirected]\nregion = us-east-1\nendpoint_url = ${canary.url}\nservices = all\n[services all]\nbedrock_runtime =\n  endpoint_url = ${canary.url}\n`,
  );
  for (const profile of ['', 'redirected']) {
    useEnvironment({
      AWS_ENDPOINT_URL: canary.url,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: canary.url,
      AWS_ENDPOINT_URL_STS: canary.url,
      AWS_BEARER_TOKEN_BEDROCK: 'canary-token',
      AWS_PROFILE: 'redirected',
      AWS_CONFIG_FILE: config,
    });
    const opened = await openBedrock(
      { region: 'us-east-1', profile, endpoint: server.url, authentication: 'apiKey', apiKey: server.apiKey },
      { clock: systemClock, log: () => undefined, environment: { ...process.env } },
    );
    assert.ok(opened.ok);
    server.queue(answerTool('report', filledIn));
    assert.equal(await ask(opened.value.model('m')), 'done');
  }
  assert.equal(server.requests.length, 2);
  assert.equal(canary.connections, 0);
});

test('without an endpoint of its own it names the region, whatever the environment says', async () => {
  useEnvironment({ ...server.environment, AWS_ENDPOINT_URL: canary.url, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: canary.url });
  const opened = await openBedrock(
    { region: 'eu-west-1', profile: '', endpoint: '', authentication: 'credentials' },
    { clock: systemClock, log: () => undefined, environment: { ...process.env } },
  );
  assert.equal(opened.ok && opened.value.endpoint, 'https://bedrock-runtime.eu-west-1.amazonaws.com');
});

test('assuming a role does not go where the environment sends it', async () => {
  const config = join(folder, 'role');
  await writeFile(
    config,
    '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\nregion = us-east-1\n' +
      '[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n',
  );
  useEnvironment({
    AWS_CONFIG_FILE: config,
    AWS_ENDPOINT_URL: canary.url,
    AWS_ENDPOINT_URL_STS: canary.url,
  });
  let asked = '';
  // No call to the real service leaves this machine.
  const connect = Agent.prototype.createConnection;
  Agent.prototype.createConnection = (options: { host?: string | null }) => {
    asked = options.host ?? '';
    return new Socket().destroy(Object.assign(new Error('blocked by the test'), { code: 'ECONNREFUSED' }));
  };
  try {
    const opened = await openBedrock(
      { region: 'us-east-1', profile: 'role', endpoint: server.url, authentication: 'credentials' },
      { clock: systemClock, log: () => undefined, environment: {} },
    );
    assert.equal(opened.ok, false);
  } finally {
    Agent.prototype.createConnection = connect;
  }
  assert.equal(canary.connections, 0);
  assert.equal(asked, 'sts.us-east-1.amazonaws.com');
});

test('AWS_DEFAULT_REGION counts, after AWS_REGION, and the profile last', async () => {
  const config = join(folder, 'regions');
  await writeFile(config, '[profile far]\nregion = ap-south-1\n');
  const rows: readonly [environment: Record<string, string>, region: string][] = [
    [{ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-1'],
    [{ AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-2'],
    [{}, 'ap-south-1'],
  ];
  for (const [environment, region] of rows) {
    useEnvironment({ AWS_CONFIG_FILE: config });
    const opened = await openBedrock(
      { region: '', profile: 'far', endpoint: server.url, authentication: 'apiKey', apiKey: 'k' },
      { clock: systemClock, log: () => undefined, environment },
    );
    assert.equal(opened.ok && opened.value.region, region);
  }
});

test('no region anywhere, or one that is none, is said as such', async () => {
  useEnvironment({});
  for (const environment of [{}, { AWS_REGION: 'evil.example/#' }]) {
    const opened = await openBedrock(
      { region: '', profile: '', endpoint: server.url, authentication: 'apiKey', apiKey: 'k' },
      { clock: systemClock, log: () => undefined, environment },
    );
    assert.equal(!opened.ok && opened.failure.code, 'no-region');
  }
});

test('a model that cannot be forced is offered the form from then on', async () => {
  const message = "This model doesn't support the toolConfig.toolChoice.tool field. Remove it and try again.";
  server.onRequest = ({ body }) =>
    body.toolConfig?.toolChoice && 'tool' in body.toolConfig.toolChoice
      ? {
          kind: 'reply',
          status: 400,
          headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' },
          body: JSON.stringify({ message }),
        }
      : answerTool('report', filledIn);
  const model = await modelOn(server, {}, 'meta.llama4-maverick-17b-instruct-v1:0');
  assert.equal(await ask(model), 'done');
  assert.equal(await ask(model), 'done');
  assert.equal(server.requests.length, 3);
});

test('a model that cannot use tools is asked in words from then on, and its words are the answer', async () => {
  server.onRequest = ({ body }) =>
    body.toolConfig
      ? fail('ValidationException', 400, "This model doesn't support tool use in streaming mode.")
      : answerText(JSON.stringify(filledIn));
  const model = await modelOn(server, {}, 'meta.llama4-scout-17b-instruct-v1:0');
  for (const requests of [2, 3]) {
    const events = await collect(model.stream(form, never));
    const text = events.flatMap((event) => (event.kind === 'text' ? [event.text] : [])).join('');
    assert.deepEqual(JSON.parse(text), filledIn);
    assert.equal(events.at(-1)?.kind, 'done');
    assert.equal(server.requests.length, requests);
  }
});

test('model ids with colons and slashes arrive as they are', async () => {
  const arn = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
  server.queue(answerTool('report', filledIn));
  assert.equal(await ask(await modelOn(server, {}, arn)), 'done');
  assert.equal(server.requests[0]?.model, arn);
});
