import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentNetwork, type NetworkSettings, noProxies, proxyFor } from '../../../src/agent/network/proxyFor.ts';

const network: NetworkSettings = {
  secureProxy: 'http://secure.example:3128',
  plainProxy: 'http://plain.example:8080',
  noProxy: [],
};
/** The proxy's name, or what there is instead. */
function way(target: string, changes: Partial<NetworkSettings> = {}): string {
  const route = proxyFor(target, { ...network, ...changes });
  return route.kind === 'proxy' ? route.proxy.name : route.kind;
}

test('wss and https go through one proxy, ws and http through the other', () => {
  assert.equal(way('wss://mesh.example.com/ws'), 'secure.example:3128');
  assert.equal(way('https://mesh.example.com/ws'), 'secure.example:3128');
  assert.equal(way('ws://mesh.example.com/ws'), 'plain.example:8080');
  assert.equal(way('http://mesh.example.com/ws'), 'plain.example:8080');
});

test('without a proxy everything is reached directly', () => {
  assert.deepEqual(proxyFor('wss://mesh.example.com', noProxies), { kind: 'direct' });
});

const exempt: readonly [entry: string, target: string, direct: boolean][] = [
  ['*', 'wss://mesh.example.com', true],
  ['example.com', 'wss://mesh.example.com', true],
  ['example.com', 'wss://example.com', true],
  ['.example.com', 'wss://mesh.example.com', true],
  ['.example.com', 'wss://example.com', true],
  ['*.example.com', 'wss://mesh.example.com', true],
  ['EXAMPLE.com', 'wss://Mesh.Example.Com', true],
  [' example.com ', 'wss://mesh.example.com', true],
  ['example.com', 'wss://mesh.example.com.', true],
  ['example.com', 'wss://badexample.com', false],
  ['example.com', 'wss://example.com.evil.test', false],
  ['mesh.example.com', 'wss://example.com', false],
  ['example.com:443', 'wss://mesh.example.com', true],
  ['example.com:8443', 'wss://mesh.example.com:8443', true],
  ['example.com:8443', 'wss://mesh.example.com', false],
  ['example.com:80', 'ws://mesh.example.com', true],
  ['10.1.2.3', 'wss://10.1.2.3', true],
  ['10.1.2.3:443', 'wss://10.1.2.3', true],
  ['10.1.2.3:8443', 'wss://10.1.2.3', false],
  ['10.0.0.0/8', 'wss://10.1.2.3', true],
  ['10.0.0.0/16', 'wss://10.1.2.3', false],
  ['10.0.0.0/33', 'wss://10.1.2.3', false],
  ['10.0.0.0/8', 'wss://ten.example.com', false],
  ['2.3', 'wss://10.1.2.3', false],
  ['fd00::/8', 'wss://[fd12::1]', true],
  ['fd00::/8', 'wss://[fe12::1]', false],
  ['[fd12::1]', 'wss://[fd12:0:0::1]', true],
  ['fd12::1', 'wss://[fd12::1]:8443', true],
  ['[fd12::1]:8443', 'wss://[fd12::1]:8443', true],
  ['[fd12::1]:8443', 'wss://[fd12::1]', false],
  ['', 'wss://mesh.example.com', false],
  ['.', 'wss://mesh.example.com', false],
  ['not/a/range', 'wss://mesh.example.com', false],
  ['<local>', 'wss://mesh.example.com', false],
];
for (const [entry, target, direct] of exempt) {
  test(`${JSON.stringify(entry)} ${direct ? 'lets' : 'does not let'} ${target} pass by the proxy`, () => {
    assert.equal(way(target, { noProxy: ['other.test', entry] }) === 'direct', direct);
  });
}

for (const target of [
  'ws://localhost',
  'ws://localhost.',
  'ws://mesh.localhost',
  'ws://127.0.0.1',
  'ws://127.9.8.7',
  'ws://[::1]',
  'wss://localhost',
  'https://[::ffff:127.0.0.1]',
]) {
  test(`${target} is this computer and goes through a proxy only when that is asked for`, () => {
    assert.equal(way(target), 'direct');
    assert.notEqual(way(target, { noProxy: ['<-loopback>'] }), 'direct');
  });
}

test('hosts that only look like this computer are proxied', () => {
  for (const host of ['localhost.example.com', '127.0.0.1.example.com', 'notlocalhost', '[::ffff:8.8.8.8]']) {
    assert.equal(way(`wss://${host}`), 'secure.example:3128', host);
  }
});

const addresses: readonly [address: string, expected: object][] = [
  ['http://p.test', { secure: false, host: 'p.test', port: 80, name: 'p.test:80' }],
  ['https://p.test', { secure: true, host: 'p.test', port: 443, name: 'p.test:443' }],
  ['p.test:3128', { secure: false, host: 'p.test', port: 3128, name: 'p.test:3128' }],
  ['http://[::1]:3128/', { secure: false, host: '::1', port: 3128, name: '[::1]:3128' }],
  [
    'http://me:s%40fe@p.test:1',
    { secure: false, host: 'p.test', port: 1, name: 'p.test:1', authorization: basic('me:s@fe') },
  ],
  ['http://me@p.test:1', { secure: false, host: 'p.test', port: 1, name: 'p.test:1', authorization: basic('me:') }],
  [
    'http://me:100%@p.test:1',
    { secure: false, host: 'p.test', port: 1, name: 'p.test:1', authorization: basic('me:100%') },
  ],
];
for (const [address, proxy] of addresses) {
  test(`${address} is read as a proxy`, () => {
    assert.deepEqual(proxyFor('wss://mesh.test', { ...network, secureProxy: address }), { kind: 'proxy', proxy });
  });
}

test('a header that is set is for the proxy without a user name', () => {
  const authorization = 'Bearer abc';
  const plain = proxyFor('wss://mesh.test', { ...network, authorization });
  assert.equal(plain.kind === 'proxy' && plain.proxy.authorization, authorization);
  const named = proxyFor('wss://mesh.test', { ...network, secureProxy: 'http://me:pw@p.test', authorization });
  assert.equal(named.kind === 'proxy' && named.proxy.authorization, basic('me:pw'));
});

test('a header that no request can carry makes the proxy unusable, and is not repeated', () => {
  for (const authorization of ['Basic secret\nX: y', 'Bearer secret’']) {
    const route = proxyFor('wss://mesh.test', { ...network, authorization });
    assert.equal(route.kind, 'unusable');
    assert.match(JSON.stringify(route), /http\.proxyAuthorization/);
    assert.doesNotMatch(JSON.stringify(route), /secret/);
    const named = proxyFor('wss://mesh.test', { ...network, secureProxy: 'http://me:pw@p.test', authorization });
    assert.equal(named.kind, 'proxy', 'it is not used here');
  }
});

for (const address of [
  'socks5://me:secret@p.test:1080',
  'ftp://p.test',
  'http://',
  'http://me:secret@',
  'a b:secret',
]) {
  test(`${address} cannot be used, is not passed over, and its password is not repeated`, () => {
    const route = proxyFor('wss://mesh.test', { ...network, secureProxy: address });
    assert.equal(route.kind, 'unusable');
    assert.doesNotMatch(JSON.stringify(route), /secret/);
  });
}

test('the environment is read in lower case first, and ALL_PROXY is for what has none of its own', () => {
  assert.deepEqual(environmentNetwork({}), noProxies);
  assert.deepEqual(
    environmentNetwork({ https_proxy: 'a', HTTPS_PROXY: 'b', ALL_PROXY: 'c', NO_PROXY: 'x.test, .y.test z.test,' }),
    { secureProxy: 'a', plainProxy: 'c', noProxy: ['x.test', '.y.test', 'z.test'] },
  );
  assert.deepEqual(environmentNetwork({ HTTPS_PROXY: 'b', HTTP_PROXY: 'h', https_proxy: '', no_proxy: '*' }), {
    secureProxy: 'b',
    plainProxy: 'h',
    noProxy: ['*'],
  });
});

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}
