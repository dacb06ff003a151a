import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { judge } from '../../../src/agent/connection/ending.ts';
import type { NetworkSettings } from '../../../src/agent/network/proxyFor.ts';
import { certificate, trustAuthority } from '../../fakes/certificates.ts';
import { ConnectProxy, type ConnectProxyOptions } from '../../fakes/connectProxy.ts';
import { EchoServer } from '../../fakes/echoServer.ts';
import { key, SocketVisit } from './socketVisit.ts';

const basic = `Basic ${Buffer.from('me:s@cret').toString('base64')}`;

describe('a WebSocket through a proxy', () => {
  let distrust: () => void;
  let server: EchoServer;
  const proxies: ConnectProxy[] = [];
  before(() => {
    distrust = trustAuthority();
  });
  after(() => distrust());
  beforeEach(async () => {
    server = await EchoServer.start(certificate('good'));
  });
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.stop();
    await server.stop();
  });
  async function startProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = await ConnectProxy.start(options);
    proxies.push(proxy);
    return proxy;
  }
  const through = (proxy: string, more: Partial<NetworkSettings> = {}): NetworkSettings => ({
    secureProxy: proxy,
    plainProxy: proxy,
    noProxy: [],
    ...more,
  });
  /** Only the proxy knows this name. */
  const url = () => `wss://one.mesh.test:${server.port}/ws`;

  test('is connected by one CONNECT, which does not see the key, and TLS is with the server', async () => {
    const proxy = await startProxy();
    const visit = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`));
    assert.equal(await visit.heard, 'hello');
    assert.deepEqual(
      proxy.connects.map(({ target }) => target),
      [`one.mesh.test:${server.port}`],
    );
    assert.equal(proxy.connects[0]?.headers.host, `one.mesh.test:${server.port}`);
    assert.doesNotMatch(JSON.stringify(proxy.connects), new RegExp(key));
    assert.deepEqual(proxy.passedOn, []);
    assert.equal(server.requests[0]?.authorization, `Bearer ${key}`);
    assert.equal(server.requests[0]?.host, `one.mesh.test:${server.port}`);
    await visit.leave();
    await until(() => proxy.lines === 0, 'the proxy is left');
  });

  test('goes through a proxy that is itself spoken to over TLS', async () => {
    const proxy = await startProxy({ secure: certificate('good') });
    const visit = new SocketVisit(url(), through(`https://localhost:${proxy.port}`));
    assert.equal(await visit.heard, 'hello');
    assert.equal(proxy.connects.length, 1);
    await visit.leave();
  });

  test('signs in with what the address of the proxy carries, and with the header of the settings', async () => {
    const proxy = await startProxy({ authorization: basic });
    const named = new SocketVisit(url(), through(`http://me:s%40cret@127.0.0.1:${proxy.port}`));
    assert.equal(await named.heard, 'hello');
    const header = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`, { authorization: basic }));
    assert.equal(await header.heard, 'hello');
    await Promise.all([named.leave(), header.leave()]);
  });

  test('without encryption, to this computer, when it is told to', async () => {
    const plain = await EchoServer.start();
    const proxy = await startProxy();
    const told = through(`http://127.0.0.1:${proxy.port}`, { noProxy: ['<-loopback>'] });
    const visit = new SocketVisit(`ws://localhost:${plain.port}/ws`, told);
    assert.equal(await visit.heard, 'hello');
    assert.equal(proxy.connects[0]?.target, `localhost:${plain.port}`);
    await visit.leave();
    const untold = new SocketVisit(`ws://localhost:${plain.port}/ws`, through(`http://127.0.0.1:${proxy.port}`));
    assert.equal(await untold.heard, 'hello');
    assert.equal(proxy.connects.length, 1);
    await untold.leave();
    await plain.stop();
  });

  test('is lost when the proxy dies in the middle', async () => {
    const proxy = await startProxy();
    const visit = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`));
    await visit.heard;
    proxy.cut();
    const end = await visit.end;
    assert.equal(judge(end, 'one.mesh.test', true).failure.code, 'connection-lost');
  });

  test('is refused by the server through the proxy as without one', async () => {
    const proxy = await startProxy();
    server.answer = 'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n';
    const visit = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`));
    assert.deepEqual(await visit.end, { kind: 'upgradeRefused', status: 401 });
  });

  test('does not take a certificate from whoever stands behind the proxy', async () => {
    const proxy = await startProxy();
    server.present(certificate('alone'));
    const visit = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`));
    const end = await visit.end;
    assert.equal(end.kind === 'error' && end.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.deepEqual(server.requests, []);
  });

  const refusals: readonly [
    what: string,
    answer: ConnectProxy['answer'],
    problem: string,
    code: string,
    failure: string,
  ][] = [
    ['wants a sign-in', { status: 407 }, 'authentication', 'HTTP 407', 'proxy-authentication'],
    ['forbids it', { status: 403 }, 'refused', 'HTTP 403', 'proxy-refused'],
    ['cannot reach the server', { status: 502 }, 'refused', 'HTTP 502', 'proxy-refused'],
    [
      'redirects to a page',
      { status: 302, headers: 'Location: http://login.test/\r\n' },
      'refused',
      'HTTP 302',
      'proxy-refused',
    ],
    ['hangs up', 'hang up', 'broke', 'ECONNRESET', 'proxy-broke'],
    ['is none', 'garbage', 'broke', 'HPE_INVALID_CONSTANT', 'proxy-broke'],
  ];
  for (const [what, answer, problem, code, failure] of refusals) {
    test(`a proxy that ${what} is named, and the key is shown to nobody`, async () => {
      const proxy = await startProxy();
      proxy.answer = answer;
      const name = `127.0.0.1:${proxy.port}`;
      const visit = new SocketVisit(url(), through(`http://me:secret@${name}`));
      const end = await visit.end;
      assert.deepEqual(end, { kind: 'proxy', proxy: name, problem, code });
      const verdict = judge(end, 'one.mesh.test', false);
      assert.equal(verdict.kind, 'retry');
      assert.equal(verdict.failure.code, failure);
      for (const said of [name, code]) assert.ok(verdict.failure.message.includes(said), verdict.failure.message);
      assert.match(verdict.failure.message, /http\.(no)?[pP]roxy/);
      assert.match(verdict.failure.message, /HTTPS_PROXY|NO_PROXY/);
      assert.doesNotMatch(JSON.stringify(verdict), /secret/);
      assert.equal(proxy.connects.length, 1);
      assert.deepEqual(server.requests, []);
      await until(() => proxy.lines === 0, 'the proxy is left');
    });
  }

  for (const answer of ['nothing', 'trickle'] as const) {
    test(`a proxy that answers with ${answer} is given up at the deadline, and left`, async () => {
      const proxy = await startProxy();
      proxy.answer = answer;
      const from = performance.now();
      const visit = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`), 300);
      const end = await visit.end;
      assert.equal(end.kind === 'proxy' && end.problem, 'silent', JSON.stringify(end));
      assert.ok(performance.now() - from < 2000);
      await until(() => proxy.lines === 0, 'the proxy is left');
    });
  }

  test('a megabyte of headers of a proxy is not read to its end', async () => {
    const proxy = await startProxy();
    proxy.answer = { status: 200, headers: `X: ${'a'.repeat(1_000_000)}\r\n` };
    const end = await new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`)).end;
    assert.equal(end.kind === 'proxy' && end.code, 'HPE_HEADER_OVERFLOW', JSON.stringify(end));
  });

  test('leaving while the proxy is asked leaves the proxy', async () => {
    const proxy = await startProxy();
    proxy.answer = 'nothing';
    const visit = new SocketVisit(url(), through(`http://127.0.0.1:${proxy.port}`));
    await until(() => proxy.connects.length === 1, 'the proxy is asked');
    await visit.leave();
    await until(() => proxy.lines === 0, 'the proxy is left');
  });

  test('a proxy that is not there, and one whose name nobody knows', async () => {
    const closed = await new SocketVisit(url(), through(`http://127.0.0.1:${await freePort()}`)).end;
    assert.equal(closed.kind === 'proxy' && `${closed.problem} ${closed.code}`, 'unreachable ECONNREFUSED');
    const unknown = await new SocketVisit(url(), through('http://proxy.invalid:3128')).end;
    assert.ok(unknown.kind === 'proxy' && /^(ENOTFOUND|EAI_AGAIN)$/.test(unknown.code), JSON.stringify(unknown));
    assert.equal(unknown.proxy, 'proxy.invalid:3128');
    const { failure } = judge(unknown, 'one.mesh.test', false);
    assert.match(
      failure.message,
      /^The proxy proxy\.invalid:3128 cannot be reached \((ENOTFOUND|EAI_AGAIN)\); check http\.proxy/,
    );
    assert.deepEqual(failure.next, { action: 'openSetting', title: 'Open Setting', setting: 'http.proxy' });
  });

  test('a proxy whose own certificate is wrong is told from a server whose is', async () => {
    const proxy = await startProxy({ secure: certificate('alone') });
    const end = await new SocketVisit(url(), through(`https://localhost:${proxy.port}`)).end;
    assert.deepEqual(end, {
      kind: 'proxy',
      proxy: `localhost:${proxy.port}`,
      problem: 'certificate',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    assert.deepEqual(proxy.connects, []);
  });

  test('a proxy of a kind that is not spoken here is never passed by', async () => {
    const end = await new SocketVisit(url(), through('socks5://me:secret@127.0.0.1:1080')).end;
    assert.equal(end.kind === 'proxy' && end.problem, 'unusable');
    const { failure } = judge(end, 'one.mesh.test', false);
    assert.match(failure.message, /socks5:/);
    assert.doesNotMatch(failure.message, /secret/);
    assert.deepEqual(server.requests, []);
  });
});

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let polls = 0; polls < 400 && !isTrue(); polls += 1) await pause(5);
  assert.ok(isTrue(), what);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
