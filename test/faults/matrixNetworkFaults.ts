import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { type NetworkSettings, noProxies } from '../../src/agent/network/proxyFor.ts';
import { certificate, trustAuthority } from '../fakes/certificates.ts';
import { ConnectProxy, type ProxyAnswer } from '../fakes/connectProxy.ts';
import type { Fault } from './matrixTable.ts';
import { type FaultWorld, pause } from './matrixWorld.ts';

/** Faults on the way to the server: F11 (TLS), F12 (names and routes), F13 (proxies). */

/** Shown as not reached, for one of these reasons. */
async function waitsBecause(world: FaultWorld, codes: readonly string[]): Promise<void> {
  const said = () =>
    world.agent.state.connection.kind === 'waiting' && codes.includes(world.agent.state.connection.failure.code);
  await world.until(said, `waiting because of ${codes.join(' or ')}`);
}

/** Nothing of ours may get through to the server while it is not what it says it is. */
async function keepsSilent(world: FaultWorld, url: string, codes: readonly string[]): Promise<void> {
  await world.heal();
  const direct = world.proxy.url;
  const before = world.server.upgrades();
  world.useUrl(url);
  await waitsBecause(world, codes);
  await pause(3000 / world.clock.factor);
  if (world.server.upgrades() !== before)
    world.problems.push('I6: the key went to somebody who had not proven himself');
  world.useUrl(direct);
}

/** The server's own door, with TLS. */
class SecureDoor {
  readonly #server: Server;
  readonly #lines = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(world: FaultWorld, options: TlsOptions): Promise<SecureDoor> {
    const server = createServer(options);
    const door = new SecureDoor(server);
    server.on('connection', (line: Socket) => {
      door.#lines.add(line);
      line.on('error', () => line.destroy());
      line.on('close', () => door.#lines.delete(line));
    });
    server.on('tlsClientError', (_error, line) => line.destroy());
    server.on('secureConnection', (line) => {
      const onwards = connect(world.proxy.port, '127.0.0.1');
      for (const [one, other] of [[line, onwards] as const, [onwards, line] as const]) {
        one.pipe(other);
        one.on('error', () => one.destroy());
        one.on('close', () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return door;
  }

  get url(): string {
    return `wss://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws`;
  }

  change(options: TlsOptions): void {
    this.#server.setSecureContext(options);
    for (const line of this.#lines) line.destroy();
  }

  async stop(): Promise<void> {
    for (const line of this.#lines) line.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const certificateFailures = ['certificate', 'certificate-expired', 'certificate-host', 'certificate-untrusted', 'tls'];
const old: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
const badDoors: readonly (readonly [string, TlsOptions])[] = [
  ['signed by nobody', certificate('alone')],
  ['expired', certificate('expired')],
  ['for another host', certificate('another')],
  ['good, over TLS 1.1', { ...certificate('good'), ...old }],
];
const tls: readonly Fault[] = [
  ...badDoors.map(
    ([what, options]): Fault => ({
      fault: 'F11',
      what: `the certificate is ${what}`,
      async inject(world) {
        const distrust = trustAuthority();
        const door = await SecureDoor.start(world, options);
        try {
          await keepsSilent(world, door.url, certificateFailures);
        } finally {
          await door.stop();
          distrust();
        }
      },
    }),
  ),
  {
    fault: 'F11',
    what: 'the certificate changes in the middle of a life',
    async inject(world) {
      const distrust = trustAuthority();
      const door = await SecureDoor.start(world, certificate('good'));
      try {
        await world.heal();
        const direct = world.proxy.url;
        world.useUrl(door.url);
        const secure = () => {
          const { connection } = world.agent.state;
          return connection.kind === 'connected' && connection.url === door.url;
        };
        await world.until(secure, 'connected over TLS');
        door.change(certificate('alone'));
        await waitsBecause(world, certificateFailures);
        door.change(certificate('good'));
        await world.until(secure, 'connected over TLS again');
        world.useUrl(direct);
      } finally {
        await door.stop();
        distrust();
      }
    },
  },
  {
    fault: 'F11',
    what: 'the server answers without TLS where TLS is wanted',
    inject: (world) => keepsSilent(world, world.proxy.url.replace('ws:', 'wss:'), certificateFailures),
  },
];

const names: readonly Fault[] = [
  ['a name that does not exist', 'wss://nowhere.invalid/ws'] as const,
  ['a port where nobody listens', 'wss://127.0.0.1:1/ws'] as const,
  ['a network without a way to it', 'wss://[100::1]:4443/ws'] as const,
].map(([what, url]) => ({
  fault: 'F12',
  what: `the server is set to ${what}, and back`,
  inject: (world) => keepsSilent(world, url, ['unreachable', 'connect-timeout', 'name-unknown', 'connection-lost']),
}));
const halfWorkingName: Fault = {
  fault: 'F12',
  what: 'the name has an IPv6 address that refuses, and an IPv4 address that works',
  async inject(world) {
    await world.heal();
    const direct = world.proxy.url;
    const named = direct.replace('127.0.0.1', 'localhost');
    world.useUrl(named);
    const there = () => {
      const { connection } = world.agent.state;
      return connection.kind === 'connected' && connection.url === named;
    };
    await world.until(there, 'connected by the name');
    world.useUrl(direct);
  },
};

/** Loopback as well, which without that goes past every proxy. */
const through = (proxy: ConnectProxy, signIn = ''): NetworkSettings => ({
  ...noProxies,
  plainProxy: `http://${signIn}127.0.0.1:${proxy.port}`,
  noProxy: ['<-loopback>'],
});

/** From a direct connection to one through the proxy, or to its refusal. */
async function turnTo(world: FaultWorld, network: NetworkSettings): Promise<void> {
  world.host.proxies = network;
  await world.heal();
  world.proxy.cut('reset');
}

const answers: readonly (readonly [string, ProxyAnswer])[] = [
  ['hangs up', 'hang up'],
  ['never answers', 'nothing'],
  ['answers something that is no HTTP', 'garbage'],
  ['forbids the server', { status: 403 }],
];
const proxyFailures = ['proxy-broke', 'proxy-refused', 'proxy-unreachable', 'connect-timeout'];
const proxies: readonly Fault[] = [
  {
    fault: 'F13',
    what: 'the proxy wants a sign-in, and gets it',
    async inject(world) {
      const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
      const proxy = await ConnectProxy.start({ authorization });
      await turnTo(world, through(proxy));
      await waitsBecause(world, ['proxy-authentication']);
      world.host.proxies = through(proxy, 'me:secret@');
      await world.connected();
      world.host.proxies = noProxies;
      await proxy.stop();
      await world.noticed();
    },
  },
  {
    fault: 'F13',
    what: 'the proxy dies in the middle, and the way becomes a direct one',
    async inject(world) {
      const proxy = await ConnectProxy.start();
      await turnTo(world, through(proxy));
      await world.until(() => proxy.connects.length > 0, 'at the proxy');
      await world.connected();
      await proxy.stop();
      await waitsBecause(world, ['proxy-unreachable']);
      world.host.proxies = noProxies;
    },
  },
  ...answers.map(
    ([what, answer]): Fault => ({
      fault: 'F13',
      what: `the proxy ${what}`,
      async inject(world) {
        const proxy = await ConnectProxy.start();
        proxy.answer = answer;
        const before = world.server.upgrades();
        await turnTo(world, through(proxy));
        await waitsBecause(world, proxyFailures);
        await world.until(() => proxy.connects.length >= 2, 'there twice');
        // Never a reason to go without it.
        if (world.server.upgrades() !== before) world.problems.push('F13: it went past the proxy');
        world.host.proxies = noProxies;
        await proxy.stop();
      },
    }),
  ),
];

export const networkFaults: readonly Fault[] = [...tls, ...names, halfWorkingName, ...proxies];
