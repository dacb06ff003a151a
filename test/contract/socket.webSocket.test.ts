import { createServer } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SocketTarget } from '../../src/agent/connection/socket.ts';
import { createOpenSocket } from '../../src/agent/connection/webSocket.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { type SocketPeer, socketContract } from './socket.ts';

socketContract('ws', async () => {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, autoPong: false });
  const peers: SocketPeer[] = [];
  const raw = new Set<NetSocket>();
  let next: 'accept' | 'ignore' | { status: number; seconds: number } = 'accept';
  http.on('connection', (socket) => {
    raw.add(socket);
    // The client hanging up hard is what some of the tests are about.
    socket.on('error', () => socket.destroy());
  });
  http.on('upgrade', (request, socket, head) => {
    if (next === 'ignore') return;
    if (next === 'accept') {
      sockets.handleUpgrade(request, socket, head, (webSocket) => peers.push(peerOf(webSocket, socket)));
      return;
    }
    socket.end(`HTTP/1.1 ${next.status} No\r\nRetry-After: ${next.seconds}\r\nContent-Length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const target: SocketTarget = {
    url: `ws://127.0.0.1:${port}/ws`,
    headers: {},
    connectTimeoutMs: 5000,
    maxIncomingBytes: 100_000,
  };
  return {
    open: createOpenSocket(systemClock),
    target,
    peers,
    refuseNext: (status, seconds) => {
      next = { status, seconds };
    },
    ignoreNext: () => {
      next = 'ignore';
    },
    nowhere: { ...target, url: `ws://127.0.0.1:${await freePort()}/ws` },
    until: async (isTrue) => {
      for (let step = 0; step < 1000 && !isTrue(); step++) await pause(5);
      if (!isTrue()) throw new Error('it did not happen');
    },
    pass: (ms) => pause(ms),
    dispose: async () => {
      for (const socket of raw) socket.destroy();
      sockets.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
});

function peerOf(webSocket: WebSocket, raw: Duplex): SocketPeer {
  const received: string[] = [];
  let answers = true;
  webSocket.on('message', (data) => received.push(String(data)));
  webSocket.on('ping', (data) => {
    if (answers) webSocket.pong(data);
  });
  webSocket.on('error', () => webSocket.terminate());
  return {
    received,
    send: (text) => webSocket.send(text),
    sendBinary: (bytes) => webSocket.send(bytes),
    close: (code, reason) => webSocket.close(code, reason),
    cut: () => raw.destroy(),
    freeze: () => webSocket.pause(),
    answersPings: (wanted) => {
      answers = wanted;
    },
  };
}

/** A port that was free a moment ago: connecting to it is refused. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
