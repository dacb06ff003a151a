import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Direction, Flow } from '../fakes/faultProxy.ts';
import type { ServerKind } from './matrixServers.ts';
import type { Fault } from './matrixTable.ts';
import { type FaultWorld, pause } from './matrixWorld.ts';

/** Faults of the line: F01, F02, F06 to F10, F12, F18 to F20, F26. */

/** A ping, its deadline, and what a loop in a hurry may be late. */
const noticedWithinMs = 20_000 + 4_000;

const serverKinds: readonly ServerKind[] = ['mesh', 'mesh without ack', 'envelope', 'mcp'];
const noResult = 'there is no result that could meet the fault';
const onlyResults = { idle: noResult, queued: noResult, running: noResult } as const;

async function cut(world: FaultWorld, how: 'reset' | 'end'): Promise<void> {
  await world.strike(() => world.proxy.cut(how));
  await world.noticed();
}

const cuts: readonly Fault[] = serverKinds.flatMap((server) => [
  {
    fault: 'F01',
    what: `connection reset (${server})`,
    server,
    inject: (world: FaultWorld) => cut(world, 'reset'),
  },
]);

const halfOpen: readonly Fault[] = (['both', 'up', 'down'] as const).map((direction) => ({
  fault: 'F06',
  what: `half-open, ${direction === 'both' ? 'both directions' : `nothing goes ${direction}`}`,
  async inject(world) {
    await world.strike(() => world.proxy.flow(direction, { kind: 'blackHole' }));
    const ms = await world.noticed();
    if (ms > noticedWithinMs) world.problems.push(`half-open was noticed after ${Math.round(ms)} ms`);
  },
}));

const shortCuts: readonly Fault[] = [2, 8, 25].map((seconds) => ({
  fault: 'F07',
  what: `link down for ${seconds} s, what was on its way arrives late`,
  async inject(world) {
    await world.strike(() => world.proxy.flow('both', { kind: 'hold' }));
    await pause((seconds * 1000) / world.clock.factor);
  },
}));

/** At the agent's pace: a kilobyte in each of its seconds. */
const shapes: readonly (readonly [string, (world: FaultWorld) => Flow])[] = [
  ['1 kB/s', ({ clock }) => ({ kind: 'trickle', bytesPerSecond: 1000 * clock.factor })],
  ['byte by byte', () => ({ kind: 'split' })],
  ['in lumps', () => ({ kind: 'coalesce', ms: 40 })],
  ['a second late', ({ clock }) => ({ kind: 'delay', ms: 1000 / clock.factor })],
];
const shaped: readonly Fault[] = shapes.map(([how, flow]) => ({
  fault: 'F09',
  what: `everything arrives ${how}`,
  async inject(world) {
    world.proxy.flow('both', flow(world));
    await world.proxy.listen();
    world.host.openGates();
    await world.connected();
    world.meshServer.releaseAcks();
    if (world.subject !== '') await world.delivered(world.subject);
    await world.delivered(world.assign());
  },
}));

/** Answers an upgrade by hand: the agent has ten seconds of patience, whatever trickles in. */
const badUpgrades: readonly (readonly [
  string,
  (write: (text: string) => void, every: (act: () => void) => void) => void,
])[] = [
  ['is never answered', () => undefined],
  [
    'is answered a byte at a time',
    (write, every) => {
      const answer = `HTTP/1.1 101 Switching Protocols\r\nX-Slow: ${'a'.repeat(100_000)}`;
      let at = 0;
      every(() => write(answer[at++] ?? ''));
    },
  ],
  [
    'is answered with a megabyte of headers',
    (write) => write(`HTTP/1.1 101 Switching Protocols\r\n${`X-Long: ${'a'.repeat(1000)}\r\n`.repeat(1000)}\r\n`),
  ],
];
const upgrades: readonly Fault[] = badUpgrades.map(([how, answer]) => ({
  fault: 'F08',
  what: `the upgrade ${how}`,
  async inject(world) {
    const { proxy, events } = world;
    if (world.state !== 'result unsent') await world.lose();
    const refused = events.filter(({ type }) => type === 'waiting').length;
    let met = 0;
    proxy.intercept = (client) => {
      met += 1;
      const timers: NodeJS.Timeout[] = [];
      client.on('data', () => undefined);
      client.on('close', () => timers.forEach(clearInterval));
      answer(
        (text) => client.writable && client.write(text),
        (act) => timers.push(setInterval(act, 5)),
      );
    };
    await proxy.listen();
    const waits = () => events.filter(({ type }) => type === 'waiting').length;
    await world.until(() => met >= 2 && waits() >= refused + 2, 'tried twice');
    for (const client of [...proxy.live]) client.destroy();
  },
}));

const refusedConnections: Fault = {
  fault: 'F12',
  what: 'connection refused for twenty seconds',
  async inject(world) {
    if (world.state !== 'result unsent') await world.lose();
    await pause(20_000 / world.clock.factor);
  },
};

const notReading: Fault = {
  fault: 'F10',
  what: 'nobody reads what the agent sends',
  async inject(world) {
    await world.strike(() => world.proxy.flow('up', { kind: 'stopReading' }));
    const ms = await world.noticed();
    if (ms > noticedWithinMs) world.problems.push(`a peer that does not read was noticed after ${Math.round(ms)} ms`);
    for (const connection of [...world.proxy.live]) connection.destroy();
  },
};

/** The first bytes of a server's frame: FIN and opcode, then the length. */
const header = (first: number, ...length: readonly number[]) => Buffer.from([first, ...length]);
const long = (first: number, bytes: bigint) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(bytes);
  return Buffer.concat([header(first, 127), length]);
};
const frame = (first: number, body: Uint8Array) =>
  body.length < 126
    ? Buffer.concat([header(first, body.length), body])
    : Buffer.concat([header(first, 126, body.length >> 8, body.length & 255), body]);

/** After each of these nobody can know where the next frame begins, or what it means. */
const brokenFrames: readonly (readonly [string, string, Buffer])[] = [
  ['F18', 'a frame with an unknown opcode', frame(0x83, Buffer.from('x'))],
  ['F18', 'a frame with a reserved bit', frame(0xc1, Buffer.from('x'))],
  ['F18', 'a masked frame', Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])],
  ['F18', 'text that is no UTF-8', frame(0x81, Buffer.from([0xff, 0xfe, 0xfd]))],
  ['F18', 'a control frame that is too long', frame(0x89, Buffer.alloc(126))],
  ['F18', 'a close code that does not exist', frame(0x88, Buffer.from([0x03, 0xed]))],
  ['F18', 'a continuation of nothing', frame(0x80, Buffer.from('x'))],
  ['F18', 'noise', Buffer.concat([Buffer.from([0xf7]), randomBytes(2000)])],
  ['F19', 'a frame of 100 MB is declared', long(0x81, 100_000_000n)],
  ['F19', 'a frame of 2^53 bytes is declared', long(0x81, 2n ** 53n)],
  [
    'F19',
    'a flood of fragments',
    Buffer.concat([
      frame(0x01, Buffer.from('x')),
      ...Array.from({ length: 20_000 }, () => frame(0x00, Buffer.from('x'))),
    ]),
  ],
  ['F19', 'a compressed frame that nobody agreed on', frame(0xc1, Buffer.alloc(65_000, 0xaa))],
];
const broken: readonly Fault[] = brokenFrames.map(([fault, what, bytes]) => ({
  fault,
  what,
  async inject(world) {
    collectGarbage();
    const before = heapBytes();
    await world.strike(() => world.proxy.inject(bytes));
    await world.noticed();
    collectGarbage();
    const grown = heapBytes() - before;
    if (grown > 8_000_000) world.problems.push(`I4: ${Math.round(grown / 1e6)} MB more in memory`);
  },
}));

/** What a peer may send, however odd: the connection lives, or is made anew. */
const endured: readonly (readonly [string, string, Buffer])[] = [
  [
    'F19',
    'a flood of 50,000 pings',
    Buffer.concat(Array.from({ length: 50_000 }, () => frame(0x89, Buffer.alloc(100)))),
  ],
  ['F20', 'binary frames', frame(0x82, Buffer.concat([Buffer.from('DMMP'), Buffer.alloc(20, 0xff)]))],
];
const odd: readonly Fault[] = endured.map(([fault, what, bytes]) => ({
  fault,
  what,
  async inject(world) {
    collectGarbage();
    const before = heapBytes();
    await world.strike(() => world.proxy.inject(bytes));
    await pause(200);
    await world.heal();
    await world.connected();
    collectGarbage();
    const grown = heapBytes() - before;
    if (grown > 8_000_000) world.problems.push(`I4: ${Math.round(grown / 1e6)} MB more in memory`);
  },
}));

/** Before the server has it, and after it has it and before it can say so. */
const lostAcks: readonly Fault[] = serverKinds.map((server) => ({
  fault: 'F26',
  what: `reset on the response (${server})`,
  server,
  notIn: onlyResults,
  async inject(world) {
    if (world.state === 'result unsent') return cut(world, 'reset');
    // Twice: the answer to the repeat is lost as well.
    const { proxy, subject } = world;
    const arrived = world.server.arrivals(subject);
    proxy.when({
      direction: 'up',
      moment: 'after',
      matches: (text) => world.server.isResult(text, subject),
      act: (connection) => connection.flow('down', { kind: 'blackHole' }),
    });
    proxy.cut('reset');
    await world.until(() => world.server.arrivals(subject) > arrived, 'sent again');
    proxy.cut('reset');
    return undefined;
  },
}));

/** A link that is torn again and again, each time at another moment of a connection's life. */
const flapping: Fault = {
  fault: 'F07',
  what: 'the link is torn eight times in a row',
  async inject(world) {
    await world.proxy.listen();
    const directions: readonly Direction[] = ['up', 'down'];
    for (let time = 0; time < 8; time++) {
      await pause(3000 / world.clock.factor);
      const direction = directions[time % 2] ?? 'up';
      world.proxy.when({ direction, moment: 'before', matches: () => true, act: (each) => each.cut('reset') });
      world.proxy.cut(time % 3 === 0 ? 'end' : 'reset');
    }
    world.proxy.forget();
  },
};

export const linkFaults: readonly Fault[] = [
  ...cuts,
  { fault: 'F02', what: 'the connection ends without a close frame', inject: (world) => cut(world, 'end') },
  ...halfOpen,
  ...shortCuts,
  flapping,
  ...upgrades,
  ...shaped,
  notReading,
  refusedConnections,
  ...broken,
  ...odd,
  ...lostAcks,
];

function heapBytes(): number {
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
