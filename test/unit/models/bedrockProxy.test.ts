import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Failure } from '../../../src/agent/failures.ts';
import { type BedrockOptions, openBedrock } from '../../../src/agent/models/bedrock/bedrockModel.ts';
import type { NetworkSettings } from '../../../src/agent/network/proxyFor.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { answerText } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { certificate, trustAuthority } from '../../fakes/certificates.ts';
import { ConnectProxy } from '../../fakes/connectProxy.ts';
import { collect, eventually, form, never, profileId, useEnvironment } from './bedrockSetup.ts';

const timeouts = { connect: 500, response: 2000, idle: 2000 };
const { tool: _, ...freely } = form;
let distrust: () => void;
let folder: string;
let server: BedrockServer;
let proxy: ConnectProxy;
before(async () => {
  distrust = trustAuthority();
  folder = await mkdtemp(join(tmpdir(), 'bedrock-proxy-'));
});
after(async () => {
  distrust();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  server = await new BedrockServer({ tls: certificate('good') }).start();
  proxy = await ConnectProxy.start();
});
afterEach(async () => {
  await server.close();
  await proxy.stop();
});

const port = () => new URL(server.url).port;
const target = () => `bedrock.mesh.test:${port()}`;
const network = (changes: Partial<NetworkSettings> = {}): NetworkSettings => ({
  secureProxy: `http://me:secret@127.0.0.1:${proxy.port}`,
  plainProxy: '',
  noProxy: [],
  ...changes,
});

async function open(options: Partial<BedrockOptions> = {}, reached = network()) {
  const wanted: BedrockOptions = {
    region: server.region,
    profile: '',
    endpoint: `https://${target()}`,
    authentication: 'credentials',
    timeouts,
    ...options,
  };
  return openBedrock(wanted, { clock: systemClock, log: () => undefined, environment: {}, network: () => reached });
}

/** How one call ends. */
async function call(reached = network(), endpoint = `https://${target()}`): Promise<'done' | Failure> {
  useEnvironment(server.environment);
  const opened = await open({ endpoint }, reached);
  assert.ok(opened.ok);
  const last = (await collect(opened.value.model(profileId).stream(freely, never))).at(-1);
  assert.ok(last?.kind === 'done' || last?.kind === 'failed');
  return last.kind === 'done' ? 'done' : last.failure;
}

test('calls go through the proxy by one CONNECT, and the next call takes the same connection', async () => {
  useEnvironment(server.environment);
  const opened = await open();
  assert.ok(opened.ok);
  const model = opened.value.model(profileId);
  for (let calls = 0; calls < 2; calls += 1) {
    server.queue(answerText('well'));
    assert.equal((await collect(model.stream(freely, never))).at(-1)?.kind, 'done');
    await eventually(() => server.requests[calls]?.ending === 'finished', 'the answer is not at its end');
    // The end of the answer has yet to be read.
    await pause(50);
  }
  assert.deepEqual(
    proxy.connects.map((asked) => asked.target),
    [target()],
  );
  assert.equal(proxy.connects[0]?.headers['proxy-authorization'], `Basic ${btoa('me:secret')}`);
  assert.doesNotMatch(JSON.stringify(proxy.connects), /AWS4|Bearer/);
  assert.equal(server.requests.length, 2);
  assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined);
  assert.equal(server.connections, 1);
});

test('a connection that no call takes again is closed', async () => {
  useEnvironment(server.environment);
  const opened = await open({ timeouts: { ...timeouts, idle: 200 } });
  assert.ok(opened.ok);
  server.queue(answerText('well'));
  assert.equal((await collect(opened.value.model(profileId).stream(freely, never))).at(-1)?.kind, 'done');
  assert.ok(proxy.lines > 0);
  await eventually(() => proxy.lines === 0, 'the connection is still open');
});

test('a host that is to be reached without the proxy is', async () => {
  server.queue(answerText('well'));
  const reached = network({ noProxy: ['<-loopback>', 'localhost'] });
  assert.equal(await call(reached, `https://localhost:${port()}`), 'done');
  assert.deepEqual(proxy.connects, []);
});

test('the variable that switches the check of certificates off is not heard', async () => {
  await server.close();
  server = await new BedrockServer({ tls: certificate('alone') }).start();
  useEnvironment(server.environment);
  const variable = 'NODE_TLS_REJECT_UNAUTHORIZED';
  const before = process.env[variable];
  process.env[variable] = '0';
  try {
    for (const endpoint of [`https://localhost:${port()}`, `https://${target()}`]) {
      const failure = await call(network({ noProxy: ['<-loopback>', 'localhost'] }), endpoint);
      assert.equal(failure !== 'done' && failure.code, 'certificate');
    }
    assert.deepEqual(server.requests, []);
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
});

const refusals: readonly [what: string, answer: ConnectProxy['answer'], code: string, said: string][] = [
  ['wants a sign-in', { status: 407 }, 'proxy-authentication', 'HTTP 407'],
  ['forbids it', { status: 403 }, 'proxy-refused', 'HTTP 403'],
  ['hangs up', 'hang up', 'proxy-broke', 'ECONNRESET'],
  ['stays silent', 'nothing', 'proxy-unreachable', 'no answer within'],
  ['trickles', 'trickle', 'proxy-unreachable', 'no answer within'],
];
for (const [what, answer, code, said] of refusals) {
  test(`a proxy that ${what} is named and not mistaken for AWS`, async () => {
    proxy.answer = answer;
    const failure = await call();
    assert.ok(failure !== 'done');
    assert.equal(failure.code, code);
    assert.equal(failure.retryable, true);
    for (const part of [`127.0.0.1:${proxy.port}`, said]) assert.ok(failure.message.includes(part), failure.message);
    assert.doesNotMatch(JSON.stringify(failure), /secret/);
    assert.deepEqual(server.requests, []);
  });
}

test('a proxy that is not there is named', async () => {
  const reached = { ...network(), secureProxy: 'http://127.0.0.1:1' };
  const failure = await call(reached);
  assert.ok(failure !== 'done');
  assert.match(failure.message, /^The proxy 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
});

test('a proxy that dies in the middle of an answer is a cut', async () => {
  server.onRequest = () => {
    setTimeout(() => proxy.cut(), 50);
    return answerText('well well well well', { pieceLength: 2, delay: 40 });
  };
  const failure = await call();
  assert.equal(failure !== 'done' && failure.code, 'stream-cut');
});

for (const [name, code] of [
  ['alone', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['expired', 'CERT_HAS_EXPIRED'],
  ['another', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const) {
  test(`the ${name} certificate is not taken, through the proxy and without it`, async () => {
    await server.close();
    server = await new BedrockServer({ tls: certificate(name) }).start();
    for (const [reached, host] of [
      [network({ noProxy: ['<-loopback>'] }), 'localhost'],
      [network(), 'localhost'],
    ] as const) {
      const failure = await call(reached, `https://${host}:${port()}`);
      assert.ok(failure !== 'done');
      assert.equal(failure.code, 'certificate');
      assert.ok(failure.message.includes(code), failure.message);
      if (name === 'another') {
        const { next } = failure;
        assert.equal(next?.action === 'openSetting' && next.setting, 'developerMesh.bedrock.endpoint');
      }
    }
    assert.deepEqual([proxy.connects.length, server.requests.length], [1, 0]);
  });
}

test('assuming a role asks for it through the proxy', async () => {
  const config = join(folder, 'role');
  await writeFile(
    config,
    '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\nregion = us-east-1\n' +
      '[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n',
  );
  useEnvironment({ AWS_CONFIG_FILE: config });
  proxy.answer = { status: 403 };
  const opened = await open({ profile: 'role' });
  assert.deepEqual(
    proxy.connects.map((asked) => asked.target),
    ['sts.us-east-1.amazonaws.com:443'],
  );
  assert.ok(!opened.ok);
  assert.equal(opened.failure.code, 'proxy-refused');
  assert.match(opened.failure.message, /does not connect to sts\.us-east-1\.amazonaws\.com \(HTTP 403\)/);
});

test('a single sign-on gets its credentials through the proxy', async () => {
  const start = 'https://start.example/';
  const cache = join(folder, '.aws', 'sso', 'cache');
  await mkdir(cache, { recursive: true });
  const token = { accessToken: 'abc', expiresAt: new Date(Date.now() + 3_600_000).toISOString(), region: 'eu-west-1' };
  await writeFile(join(cache, `${createHash('sha1').update(start).digest('hex')}.json`), JSON.stringify(token));
  const config = join(folder, 'sso');
  await writeFile(
    config,
    `[profile sso]\nsso_start_url = ${start}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = x\n`,
  );
  useEnvironment({ AWS_CONFIG_FILE: config });
  const home = process.env['HOME'];
  process.env['HOME'] = folder;
  try {
    proxy.answer = { status: 407 };
    const opened = await open({ profile: 'sso' });
    assert.deepEqual(
      proxy.connects.map((asked) => asked.target),
      ['portal.sso.eu-west-1.amazonaws.com:443'],
    );
    assert.equal(!opened.ok && opened.failure.code, 'proxy-authentication');
  } finally {
    if (home === undefined) delete process.env['HOME'];
    else process.env['HOME'] = home;
  }
});
