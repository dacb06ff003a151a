import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket as NetSocket, type Server } from 'node:net';
import { createOpenSocket } from '../../src/agent/connection/webSocket.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { Dice } from '../fakes/dice.ts';
import { MemoryWatch } from './fuzzMemory.ts';
import { type FuzzReport, pollution } from './fuzzMessages.ts';
import { samplesOf, WordMaker } from './fuzzWords.ts';

const acceptKey = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const maxIncomingBytes = 64 * 1024;
const atOnce = 8;
/** Longer than the second that a socket waits for a peer that does not hang up. */
const endsWithinMs = 5_000;
const hangMs = 100;
const checkEvery = 2000;

interface Blob {
  readonly bytes: Buffer;
  readonly frames: number;
  /** The texts that must arrive whatever follows: those before the first frame that was tampered with. */
  readonly texts: readonly string[];
  /** Nothing in it was tampered with. */
  readonly clean: boolean;
}

/** Frames as a server sends them, and frames as no server should. */
class FrameMaker {
  readonly #dice: Dice;
  readonly #words: WordMaker;

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#words = new WordMaker(dice.fork(), samplesOf('mesh'));
  }

  /** What one connection gets. */
  blob(): Blob {
    const dice = this.#dice;
    const parts: Buffer[] = [];
    const texts: string[] = [];
    const wildAfter = dice.chance(0.1) ? Number.POSITIVE_INFINITY : dice.between(0, 120);
    const length = dice.between(1, 160);
    let frames = 0;
    let clean = true;
    while (frames < length) {
      if (frames >= wildAfter) {
        clean = false;
        parts.push(this.#wild());
        frames += 1;
        continue;
      }
      const made = this.#proper();
      parts.push(...made.frames);
      frames += made.frames.length;
      if (made.text !== undefined && clean) texts.push(made.text);
    }
    return { bytes: Buffer.concat(parts), frames, texts, clean };
  }

  /** One message, perhaps in pieces with pings and pongs between them, or one of those alone. */
  #proper(): { readonly frames: readonly Buffer[]; readonly text?: string } {
    const dice = this.#dice;
    if (dice.chance(0.15)) return { frames: [this.#control()] };
    const text = this.#words.text(this.#words.sample().value).slice(0, 20_000).toWellFormed();
    const bytes = Buffer.from(text);
    if (dice.chance(0.7)) return { frames: [frame(0x81, bytes)], text };
    const pieces = dice.between(2, 6);
    const frames: Buffer[] = [];
    for (let piece = 0; piece < pieces; piece++) {
      const part = bytes.subarray((bytes.length * piece) / pieces, (bytes.length * (piece + 1)) / pieces);
      const last = piece === pieces - 1 ? 0x80 : 0;
      frames.push(frame((piece === 0 ? 1 : 0) | last, part));
      if (last === 0 && dice.chance(0.3)) frames.push(this.#control());
    }
    return { frames, text };
  }

  #control(): Buffer {
    return frame(this.#dice.chance(0.5) ? 0x89 : 0x8a, this.#noise(this.#dice.between(0, 125)));
  }

  #wild(): Buffer {
    const dice = this.#dice;
    const [bytes = frame(0x81, Buffer.from('{}'))] = this.#proper().frames;
    switch (dice.between(0, 9)) {
      case 0:
        return this.#noise(dice.between(1, 60));
      case 1: {
        // Any bit of the head, or of the body.
        const at = dice.between(0, dice.chance(0.7) ? Math.min(3, bytes.length - 1) : bytes.length - 1);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.between(0, 7));
        return bytes;
      }
      case 2:
        return frame(dice.between(0, 255), this.#noise(dice.between(0, 200)));
      case 3:
        return bytes.subarray(0, dice.between(1, bytes.length));
      case 4:
        return head(0x81, dice.pick([126, 127, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53]), dice.chance(0.5));
      case 5:
        return frame(
          0x88,
          Buffer.concat([shorts(dice.pick([0, 999, 1000, 1004, 1005, 1006, 1015, 3000, 65_535])), this.#noise(5)]),
        );
      case 6:
        return frame(0x81, Buffer.from([0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf8, ...this.#noise(4)]));
      case 7:
        return frame(0x82, this.#noise(dice.between(0, 100)));
      case 8:
        return Buffer.concat(
          Array.from({ length: dice.between(1, 40) }, () => frame(dice.pick([0, 1]), this.#noise(1))),
        );
      default:
        return Buffer.concat([bytes.subarray(0, bytes.length / 2), this.#noise(dice.between(1, 8)), bytes]);
    }
  }

  #noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#dice.between(0, 255)));
  }
}

function shorts(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function frame(first: number, body: Uint8Array): Buffer {
  return Buffer.concat([head(first, body.length, false), body]);
}

/** `masked`: as only a client may. A length beyond what fits is written as it is, modulo 2 to the 64th. */
function head(first: number, length: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  if (length < 126) return Buffer.from([first, mask | length]);
  if (length < 2 ** 16) return Buffer.concat([Buffer.from([first, mask | 126]), shorts(length)]);
  const bytes = Buffer.alloc(10);
  bytes[0] = first;
  bytes[1] = mask | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

/** Upgrades everybody and writes what it is told, in pieces cut anywhere. */
class RawServer {
  readonly #server: Server;
  readonly #dice: Dice;
  #paths = 0;
  /** By the path that its connection asks for. */
  readonly #blobs = new Map<string, Buffer>();

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The path that gets it. */
  put(blob: Buffer): string {
    const path = `/${++this.#paths}`;
    this.#blobs.set(path, blob);
    return path;
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: NetSocket): void {
    let request = '';
    let upgraded = false;
    // Whoever hangs up on bad frames does what it should.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      if (upgraded) {
        // A close frame of theirs is the end; pongs are not listened to.
        if (((chunk[0] ?? 0) & 15) === 8) socket.end();
        return;
      }
      request += String(chunk);
      if (!request.includes('\r\n\r\n')) return;
      upgraded = true;
      const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}${acceptKey}`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      const path = /^GET (\S+)/.exec(request)?.[1] ?? '';
      this.#write(socket, this.#blobs.get(path) ?? Buffer.alloc(0));
      this.#blobs.delete(path);
    });
  }

  #write(socket: NetSocket, blob: Buffer): void {
    const cuts = this.#dice.between(0, 3);
    let from = 0;
    for (let cut = 0; cut <= cuts; cut++) {
      const to = cut === cuts ? blob.length : this.#dice.between(from, blob.length);
      if (to > from) socket.write(blob.subarray(from, to));
      from = to;
    }
    socket.end();
  }
}

/** `count` frames through the real socket over loopback, on as many connections as it takes. A seed repeats what is sent. */
export async function fuzzFrames(seed: number, count: number, warmUp = count / 4): Promise<FuzzReport> {
  const dice = new Dice(seed);
  const maker = new FrameMaker(dice.fork());
  const server = new RawServer(dice.fork());
  const url = await server.listen();
  const openSocket = createOpenSocket(systemClock);
  const wrong: string[] = [];
  const unhandled = (error: unknown) =>
    wrong.push(`nobody caught ${error instanceof Error ? error.stack : String(error)}`);
  process.on('uncaughtException', unhandled).on('unhandledRejection', unhandled);
  const memory = new MemoryWatch();
  let slowest = { ms: 0, name: 'none', text: '' };
  let total = 0;
  let connections = 0;
  let delivered = 0;
  let hungUp = 0;

  /** One connection from its opening to its end. */
  const connect = (blob: Blob) =>
    new Promise<void>((resolve) => {
      const got: string[] = [];
      let ended = 0;
      const finish = () => {
        clearTimeout(guard);
        const missing = blob.texts.findIndex((text, index) => got[index] !== text);
        if (missing >= 0) wrong.push(`text ${missing} of ${blob.texts.length} did not arrive, ${got.length} did`);
        delivered += got.length;
        resolve();
      };
      const guard = setTimeout(() => {
        wrong.push(`a connection did not end: ${blob.bytes.toString('base64').slice(0, 300)}`);
        finish();
      }, endsWithinMs);
      const said = () => {
        if (ended > 0) wrong.push('something came after the end');
      };
      const target = {
        url: url + server.put(blob.bytes),
        headers: {},
        connectTimeoutMs: endsWithinMs,
        maxIncomingBytes,
      };
      openSocket(target, {
        onOpen: said,
        onMessage: (text) => {
          said();
          got.push(text);
        },
        onPong: said,
        onBinary: said,
        onClose: (end) => {
          said();
          ended += 1;
          if (end.kind === 'error') hungUp += 1;
          if (ended === 1) setImmediate(finish);
        },
      });
    });

  while (total < count && wrong.length < 20) {
    const blobs = Array.from({ length: atOnce }, () => maker.blob());
    const before = performance.now();
    await Promise.all(blobs.map(connect));
    const ms = performance.now() - before;
    const frames = blobs.reduce((sum, blob) => sum + blob.frames, 0);
    if (ms / atOnce > slowest.ms) slowest = { ms: ms / atOnce, name: 'one connection', text: '' };
    connections += atOnce;
    total += frames;
    if (Math.floor(total / checkEvery) > Math.floor((total - frames) / checkEvery)) {
      wrong.push(...pollution());
      if (total < warmUp) memory.warm();
      else memory.look();
    }
  }
  if (slowest.ms > 10 * hangMs) wrong.push(`a connection took ${slowest.ms} ms`);
  server.close();
  process.off('uncaughtException', unhandled).off('unhandledRejection', unhandled);
  const counts = new Map([
    ['connections', connections],
    ['of these the agent hung up on', hungUp],
    ['texts delivered', delivered],
  ]);
  return { counts, total, wrong, slowest, memory };
}
