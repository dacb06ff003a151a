import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Socket as NetSocket } from 'node:net';
import { describe, test } from 'node:test';
import type { SocketEnd } from '../../../src/agent/connection/socket.ts';
import { createOpenSocket } from '../../../src/agent/connection/webSocket.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';

const megabyte = 1024 * 1024;
const accept = (key: string) =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** Connects to a server that answers the request with whatever `answer` writes, and waits for the end. */
async function meet(
  answer: (raw: NetSocket, websocketKey: string) => void,
  connectTimeoutMs = 3000,
): Promise<{ end: SocketEnd; ms: number; messages: number }> {
  const raws = new Set<NetSocket>();
  const server = createServer((raw) => {
    raws.add(raw);
    // Being hung up on is the point.
    raw.on('error', () => raw.destroy());
    raw.once('data', (request) => answer(raw, /Sec-WebSocket-Key: (\S+)/i.exec(String(request))?.[1] ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const from = performance.now();
  let messages = 0;
  const end = await new Promise<SocketEnd>((resolve) => {
    const target = { url: `ws://127.0.0.1:${port}/`, headers: {}, connectTimeoutMs, maxIncomingBytes: 2 * megabyte };
    createOpenSocket(systemClock)(target, {
      onOpen: () => {},
      onMessage: () => {
        messages += 1;
      },
      onBinary: () => {},
      onPong: () => {},
      onClose: resolve,
    });
  });
  const ms = performance.now() - from;
  for (const raw of raws) raw.destroy();
  await new Promise((resolve) => server.close(resolve));
  return { end, ms, messages };
}

function open(raw: NetSocket, key: string, extra = ''): void {
  raw.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}\r\n${extra}\r\n`,
  );
}

const frames: readonly [string, Uint8Array][] = [
  ['an unknown opcode', Uint8Array.of(0x83, 0)],
  ['a reserved bit', Uint8Array.of(0xc1, 0)],
  ['a masked frame', Uint8Array.of(0x81, 0x81, 1, 2, 3, 4, 5)],
  ['text that is not UTF-8', Uint8Array.of(0x81, 2, 0xc3, 0x28)],
  ['a continuation of nothing', Uint8Array.of(0x80, 1, 65)],
  ['a control frame of 126 bytes', Uint8Array.of(0x89, 126, 0, 126)],
  ['a close code that may not be sent', Uint8Array.of(0x88, 2, 0x03, 0xed)],
  ['a frame that declares 100 MB', Uint8Array.of(0x81, 127, 0, 0, 0, 0, 0x06, 0x40, 0, 0)],
  ['a frame that declares 2^53 bytes', Uint8Array.of(0x81, 127, 0, 0x20, 0, 0, 0, 0, 0, 0)],
  [
    '20,000 fragments of a byte',
    Buffer.concat([Buffer.from([0x01, 1, 65]), ...Array(20_000).fill(Buffer.from([0, 1, 65]))]),
  ],
  ['a compressed frame, though nothing was agreed', Buffer.concat([Buffer.from([0xc1, 3]), Buffer.from([1, 2, 3])])],
];

describe('a hostile server', { concurrency: true }, () => {
  for (const [what, bytes] of frames) {
    test(`${what} ends the connection within about a second, though the server keeps the line open`, async () => {
      const { end, ms, messages } = await meet((raw, key) => {
        open(raw, key);
        raw.write(bytes);
      });
      assert.ok(end.kind === 'error' && end.code.startsWith('WS_ERR_'), JSON.stringify(end));
      assert.ok(ms < 2500, `${ms} ms`);
      assert.equal(messages, 0);
    });
  }

  test('a close frame without a hang-up is over after a second', async () => {
    const { end, ms } = await meet((raw, key) => {
      open(raw, key);
      raw.write(Uint8Array.of(0x88, 2, 0x0f, 0xa1));
    });
    assert.deepEqual(end, { kind: 'closed', code: 4001, reason: '' });
    assert.ok(ms < 2500, `${ms} ms`);
  });

  test('an upgrade that trickles in byte by byte is given up at the deadline', async () => {
    const { end, ms } = await meet((raw) => {
      const text = `HTTP/1.1 101 Switching Protocols\r\nX: ${'a'.repeat(5000)}`;
      let at = 0;
      const timer = setInterval(() => raw.write(text[at++] ?? 'a'), 20);
      raw.on('close', () => clearInterval(timer));
    }, 400);
    assert.deepEqual(end, { kind: 'connectTimeout', ms: 400 });
    assert.ok(ms < 2000, `${ms} ms`);
  });

  test('a megabyte of headers is not read to its end', async () => {
    const { end } = await meet((raw) => raw.write(`HTTP/1.1 101 Hi\r\nX: ${'a'.repeat(megabyte)}\r\n\r\n`));
    assert.equal(end.kind === 'error' && end.code, 'HPE_HEADER_OVERFLOW');
  });

  test('an answer that proves no WebSocket is refused', async () => {
    const { end } = await meet((raw) => open(raw, 'another key'));
    assert.equal(end.kind, 'error');
  });

  test('compression that nobody asked for is refused', async () => {
    const { end } = await meet((raw, key) => open(raw, key, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'));
    assert.equal(end.kind, 'error');
  });

  test('a portal that answers with a page is an HTTP answer, whatever the page', async () => {
    const { end } = await meet((raw) => raw.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<html>'));
    assert.deepEqual(end, { kind: 'upgradeRefused', status: 200 });
  });

  test('fifty thousand pings cost no memory to speak of', async () => {
    const before = process.memoryUsage().rss;
    const { end } = await meet((raw, key) => {
      open(raw, key);
      raw.pause();
      raw.write(Buffer.alloc(100_000, Buffer.from([0x89, 0])));
      raw.end();
    });
    assert.equal(end.kind, 'closed');
    assert.ok(process.memoryUsage().rss - before < 64 * megabyte);
  });
});
