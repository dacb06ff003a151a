import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { SecureContextOptions } from 'node:tls';
import { judge } from '../../../src/agent/connection/ending.ts';
import type { SocketEnd } from '../../../src/agent/connection/socket.ts';
import { tlsFailure } from '../../../src/agent/network/networkFailure.ts';
import { noProxies } from '../../../src/agent/network/proxyFor.ts';
import { certificate, trustAuthority } from '../../fakes/certificates.ts';
import { ConnectProxy } from '../../fakes/connectProxy.ts';
import { EchoServer } from '../../fakes/echoServer.ts';
import { SocketVisit } from './socketVisit.ts';

describe('a server that cannot prove who it is', () => {
  let distrust: () => void;
  let server: EchoServer | undefined;
  before(() => {
    distrust = trustAuthority();
  });
  after(() => distrust());
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  const old: SecureContextOptions = {
    ...certificate('good'),
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  };
  const cases: readonly [what: string, tls: SecureContextOptions, code: RegExp, sentence: RegExp, setting?: string][] =
    [
      [
        'signs itself',
        certificate('alone'),
        /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
        /NODE_EXTRA_CA_CERTS/,
        'http.systemCertificates',
      ],
      ['has an expired certificate', certificate('expired'), /^CERT_HAS_EXPIRED$/, /renew/],
      [
        'shows another’s',
        certificate('another'),
        /^ERR_TLS_CERT_ALTNAME_INVALID$/,
        /another host/,
        'developerMesh.server.url',
      ],
      ['offers TLS 1.0 and 1.1 alone', old, /^ERR_SSL_.*PROTOCOL/, /TLS 1\.2/],
    ];
  for (const [what, tls, code, sentence, setting] of cases) {
    test(`a server that ${what} is refused with the reason and what mends it, and never sees the key`, async () => {
      server = await EchoServer.start(tls);
      const end = await new SocketVisit(`wss://localhost:${server.port}/ws`).end;
      assert.ok(end.kind === 'error', JSON.stringify(end));
      assert.match(end.code, code);
      const { kind, failure } = judge(end, 'mesh.example.com', false);
      assert.equal(kind, 'retry');
      assert.match(failure.message, sentence);
      assert.ok(failure.message.includes(end.code) && failure.message.includes('mesh.example.com'), failure.message);
      if (setting) assert.equal(failure.next?.action === 'openSetting' && failure.next.setting, setting);
      assert.deepEqual(server.requests, []);
    });
  }

  test('a server whose issuer is not known is refused', async () => {
    distrust();
    try {
      server = await EchoServer.start(certificate('good'));
      const end = await new SocketVisit(`wss://localhost:${server.port}/ws`).end;
      assert.equal(end.kind === 'error' && end.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    } finally {
      distrust = trustAuthority();
    }
  });

  test('the variable that switches the check off for a whole process is not heard, on no way', async () => {
    const tls = certificate('alone');
    const network = (proxy: string) => ({ ...noProxies, secureProxy: proxy });
    const plainProxy = await ConnectProxy.start();
    const secureProxy = await ConnectProxy.start({ secure: tls });
    server = await EchoServer.start(tls);
    const url = (host: string) => `wss://${host}:${server?.port}/ws`;
    const variable = 'NODE_TLS_REJECT_UNAUTHORIZED';
    const before = process.env[variable];
    process.env[variable] = '0';
    try {
      const visits = [
        new SocketVisit(url('localhost')),
        new SocketVisit(url('one.mesh.test'), network(`http://127.0.0.1:${plainProxy.port}`)),
        new SocketVisit(url('one.mesh.test'), network(`https://localhost:${secureProxy.port}`)),
      ];
      const ends = visits.map(async ({ heard, end }) => {
        const first = await Promise.race([end, heard.catch(() => end)]);
        return typeof first === 'object' && 'code' in first ? first.code : first;
      });
      assert.deepEqual(await Promise.all(ends), Array(3).fill('DEPTH_ZERO_SELF_SIGNED_CERT'));
      assert.deepEqual(server.requests, []);
      assert.deepEqual(secureProxy.connects, []);
    } finally {
      if (before === undefined) delete process.env[variable];
      else process.env[variable] = before;
      await Promise.all([plainProxy.stop(), secureProxy.stop()]);
    }
  });

  test('a server without encryption is not spoken to in plain text', async () => {
    const heard: Buffer[] = [];
    const plain = createServer((line) => {
      line.on('data', (bytes) => {
        heard.push(bytes);
        line.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const end = await new SocketVisit(`wss://localhost:${port}/ws`).end;
    plain.close();
    assert.ok(end.kind === 'error', JSON.stringify(end));
    assert.match(judge(end, 'mesh.example.com', false).failure.message, /does not answer in TLS/);
    assert.doesNotMatch(Buffer.concat(heard).toString('latin1'), /GET |Bearer/);
  });

  test('a certificate that changes to a wrong one between two connections is noticed, and forgiven when it is right again', async () => {
    server = await EchoServer.start(certificate('good'));
    const url = `wss://localhost:${server.port}/ws`;
    const first = new SocketVisit(url);
    assert.equal(await first.heard, 'hello');
    server.present(certificate('alone'));
    first.socket.send('still here');
    await first.leave();
    const second = await new SocketVisit(url).end;
    assert.equal(second.kind === 'error' && second.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.equal(server.requests.length, 1);
    server.present(certificate('good'));
    const third = new SocketVisit(url);
    assert.equal(await third.heard, 'hello');
    await third.leave();
  });

  test('a redirection and a portal’s page are not followed and say what they can be', async () => {
    server = await EchoServer.start(certificate('good'));
    for (const answer of [
      'HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<h1>Hello</h1>',
    ]) {
      server.answer = answer;
      const end: SocketEnd = await new SocketVisit(`wss://localhost:${server.port}/ws`).end;
      assert.equal(end.kind, 'upgradeRefused');
      assert.match(judge(end, 'mesh.example.com', false).failure.message, /sign in to this network/);
    }
    assert.equal(server.requests.length, 2);
  });
});

const sentences: readonly [code: string, failureCode: string | undefined, sentence: RegExp][] = [
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate', /does not trust.*NODE_EXTRA_CA_CERTS.*http\.proxyStrictSSL/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate', /does not trust/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate', /does not trust/],
  ['CERT_NOT_YET_VALID', 'certificate', /clock/],
  ['HOSTNAME_MISMATCH', 'certificate', /the.setting/],
  ['CERT_REVOKED', 'certificate', /not accepted/],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tls', /TLS 1\.2/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', /does not answer in TLS.*the\.setting/],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls', /could not agree/],
];
for (const [code, failureCode, sentence] of sentences) {
  test(`${code} is said with its code and what mends it`, () => {
    const failure = tlsFailure(code, 'mesh.example.com', 'the.setting');
    assert.equal(failure?.code, failureCode);
    assert.match(failure?.message ?? '', sentence);
    assert.ok(failure?.message.includes(`(${code})`), failure?.message);
    assert.equal(failure?.retryable, true);
  });
}

for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'UNKNOWN', '']) {
  test(`${JSON.stringify(code)} is not about TLS`, () => {
    assert.equal(tlsFailure(code, 'mesh.example.com', 'the.setting'), undefined);
  });
}

test('nothing in the product switches the check of certificates off', () => {
  const source = join(import.meta.dirname, '..', '..', '..', 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 50);
  const switches = /rejectUnauthorized(?!: true)|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/;
  const found = files.filter((name) => switches.test(readFileSync(join(source, name), 'utf8')));
  assert.deepEqual(found, []);
});
