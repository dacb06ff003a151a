import { isUtf8 } from 'node:buffer';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import { type EditorProxyWatch, watchEditorProxy } from '../network/editorProxy.ts';
import { type NetworkSettings, noProxies, proxyFor } from '../network/proxyFor.ts';
import { codeOf, ProxyError } from '../network/tunnel.ts';
import { createTunnelAgent } from '../network/tunnelAgent.ts';
import type { Clock } from '../shared/clock.ts';
import type { OpenSocket, Socket, SocketEnd, SocketEvents, SocketTarget } from './socket.ts';

const closeGraceMs = 1000;
/** Pieces of one message, and pieces waiting to become one: a flood of them costs memory long before it costs bytes. */
const mostPieces = 1024;

/**
 * The seam over `ws`, which, unlike the editor's own WebSocket, tells a refused upgrade from a broken network.
 * `network` is asked before each connection.
 */
export function createOpenSocket(clock: Clock, network: () => NetworkSettings = () => noProxies): OpenSocket {
  return (target, events) => {
    const over = new AbortController();
    let proxies: EditorProxyWatch | undefined;
    let webSocket: WebSocket;
    try {
      webSocket = new WebSocket(target.url, {
        ...optionsFor(target),
        ...agentFor(target, network(), clock, over.signal),
        finishRequest(request) {
          proxies = watchEditorProxy(request);
          request.end();
        },
      });
    } catch (error) {
      queueMicrotask(() => events.onClose(endOf(error)));
      return deadSocket;
    }
    webSocket.on('close', () => over.abort());
    return live(webSocket, target, events, clock, proxies);
  };
}

/** Nothing without a proxy of ours: in the editor, a request that brings no agent can go through the editor's. */
function agentFor(target: SocketTarget, network: NetworkSettings, clock: Clock, signal: AbortSignal): ClientOptions {
  if (proxyFor(target.url, network).kind === 'direct') return {};
  const secure = target.url.startsWith('wss:');
  const withinMs = target.connectTimeoutMs;
  return { agent: createTunnelAgent({ network: () => network, secure, clock, withinMs, signal }) };
}

function optionsFor(target: SocketTarget): ClientOptions & { readonly closeTimeout: number } {
  return {
    headers: { ...target.headers },
    followRedirects: false,
    // Said, because a variable of the environment could otherwise switch the check off.
    rejectUnauthorized: true,
    // A compressed frame of 65 kB can unpack to 64 MB.
    perMessageDeflate: false,
    maxPayload: target.maxIncomingBytes,
    maxFragments: mostPieces,
    maxBufferedChunks: 16 * mostPieces,
    // Each message in a turn of its own: a server that floods us must not hold up everything else that runs here.
    allowSynchronousEvents: false,
    // Also when the server sends its close frame, or breaks the protocol, and then keeps the line open.
    closeTimeout: closeGraceMs,
  };
}

function live(
  webSocket: WebSocket,
  target: SocketTarget,
  events: SocketEvents,
  clock: Clock,
  proxies: EditorProxyWatch | undefined,
): Socket {
  let end: SocketEnd | undefined;
  /** Ours or the peer's wish to end it was seen: only `onClose` may follow. */
  let ending = false;

  const finish = (why: SocketEnd) => {
    end ??= why;
    ending = true;
  };
  // The library's own handshake timeout starts again with every byte a trickling server sends.
  const deadline = clock.after(target.connectTimeoutMs, () => {
    finish({ kind: 'connectTimeout', ms: target.connectTimeoutMs });
    webSocket.terminate();
  });

  webSocket.on('open', () => {
    deadline.dispose();
    events.onOpen();
  });
  webSocket.on('message', (data, isBinary) => {
    if (ending) return;
    if (!isBinary) return events.onMessage(String(data));
    // One buffer, as long as `binaryType` is left alone.
    const bytes = data as Buffer;
    if (isJsonText(bytes)) events.onMessage(String(bytes));
    else events.onBinary(bytes.length);
  });
  webSocket.on('pong', (data) => {
    if (!ending) events.onPong(data.toString('utf8'));
  });
  webSocket.on('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], clock.now());
    const refusal = target.url.startsWith('wss:') ? proxies?.refusal(response) : undefined;
    if (refusal) finish(endOf(refusal));
    finish({
      kind: 'upgradeRefused',
      status: response.statusCode ?? 0,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
    webSocket.terminate();
  });
  webSocket.on('error', (error) => finish(endOf(proxies?.explain(error) ?? error)));
  webSocket.on('close', (code, reason) => {
    deadline.dispose();
    finish({ kind: 'closed', code, reason: reason.toString('utf8') });
    events.onClose(end ?? { kind: 'closed', code, reason: '' });
  });

  return {
    send: (text) => {
      if (!ending && webSocket.readyState === WebSocket.OPEN) webSocket.send(text);
    },
    ping: (mark) => {
      if (!ending && webSocket.readyState === WebSocket.OPEN) webSocket.ping(mark);
    },
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    close: () => {
      ending = true;
      if (webSocket.readyState === WebSocket.CONNECTING) finish({ kind: 'closed', code: 1006, reason: '' });
      webSocket.close(1000);
    },
    terminate: () => {
      finish({ kind: 'closed', code: 1006, reason: '' });
      webSocket.terminate();
    },
  };
}

/** Looked at and not decoded: whatever a header claims about sizes, nothing is allocated for it. */
function isJsonText(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d));
  return (first === 0x7b || first === 0x5b) && isUtf8(bytes);
}

const deadSocket: Socket = { send() {}, ping() {}, bufferedBytes: 0, close() {}, terminate() {} };

function endOf(error: unknown): SocketEnd {
  if (error instanceof ProxyError) {
    const { proxy, problem, code } = error;
    return { kind: 'proxy', proxy, problem, code };
  }
  return { kind: 'error', code: codeOf(error), message: error instanceof Error ? error.message : String(error) };
}

/** Milliseconds from `now`; undefined when the header is missing or neither seconds nor an HTTP date. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes almost anything; every form of an HTTP date begins with the day's name.
  const moment = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, moment - now);
}
