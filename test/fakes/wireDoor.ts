import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type JsonObject, objectFrom } from './meshFrame.ts';

export interface WireFrame {
  /** Over all connections, from 1. */
  readonly order: number;
  /** Which connection, from 1. */
  readonly connection: number;
  readonly direction: 'in' | 'out';
  readonly text: string;
  readonly json: JsonObject;
}

/** One client, as a server double sees it. */
export interface WireClient {
  readonly number: number;
  readonly token: string;
  send(text: string): void;
  close(code: number, reason?: string): void;
}

export interface WireRules {
  /** The library closes with 1009 above it. */
  readonly maxMessageBytes: number;
  readonly compresses?: boolean;
  /** Where a key may stand besides `Authorization` and `X-API-Key`. */
  readonly tokenInQuery?: boolean;
  readonly subprotocol?: string;
  /** Body of a refused upgrade. */
  readonly unauthorized: string;
  /** Milliseconds between WebSocket pings of the server. */
  readonly pingEveryMs?: number;
  accepts(token: string): boolean;
  onText(client: WireClient, text: string): void;
  onBinary(client: WireClient): void;
  onGone?(client: WireClient): void;
}

type Refusal = { readonly status: number; readonly retryAfter?: string };

/** What all server doubles share: a real WebSocket on loopback that records every frame and can be cut, stopped and restarted. */
export class WireDoor {
  readonly frames: WireFrame[] = [];
  /** HTTP status of every upgrade. */
  readonly upgrades: number[] = [];
  /** Codes with which the double itself hung up on a client: what a well-behaved client never causes. */
  readonly hangUps: number[] = [];
  mostOpen = 0;
  readonly #rules: WireRules;
  #port = 0;
  #http: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #refusals: Refusal[] = [];
  #connections = 0;
  readonly #clients = new Map<WebSocket, { readonly client: WireClient; readonly raw: Duplex }>();
  readonly #raw = new Set<NetSocket>();
  readonly #watchers = new Set<() => void>();

  constructor(rules: WireRules) {
    this.#rules = rules;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  get clients(): readonly WireClient[] {
    return [...this.#clients.values()].map(({ client }) => client);
  }

  /** Listens, again after `stop` on the same port. */
  async listen(): Promise<void> {
    const http = createServer((_request, response) => response.writeHead(426).end());
    const { subprotocol, maxMessageBytes, compresses = false } = this.#rules;
    const sockets = new WebSocketServer({
      noServer: true,
      maxPayload: maxMessageBytes,
      perMessageDeflate: compresses,
      handleProtocols: (offered) => (subprotocol !== undefined && offered.has(subprotocol) ? subprotocol : false),
    });
    http.on('connection', (raw) => {
      this.#raw.add(raw);
      raw.on('close', () => this.#raw.delete(raw));
      // A client that hangs up hard is part of the game.
      raw.on('error', () => raw.destroy());
    });
    http.on('upgrade', (request, raw, head) => this.#upgrade(sockets, request, raw, head));
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (http.address() as AddressInfo).port;
    this.#http = http;
    this.#sockets = sockets;
  }

  /** Drops every connection without a close frame, which a client sees as 1006, and stops listening. */
  async stop(): Promise<void> {
    this.cut();
    for (const raw of this.#raw) raw.destroy();
    this.#sockets?.close();
    const http = this.#http;
    this.#http = undefined;
    if (http) await new Promise<void>((resolve) => http.close(() => resolve()));
  }

  cut(): void {
    for (const { raw } of this.#clients.values()) raw.destroy();
  }

  closeAll(code: number, reason = ''): void {
    for (const socket of this.#clients.keys()) socket.close(code, reason);
  }

  refuseUpgrades(...refusals: readonly Refusal[]): void {
    this.#refusals.push(...refusals);
  }

  received(): readonly WireFrame[] {
    return this.frames.filter(({ direction }) => direction === 'in');
  }

  /** To be called by the double when its own state changed outside of a frame. */
  happened(): void {
    for (const look of [...this.#watchers]) look();
  }

  waitFor(isTrue: () => boolean, withinMs = 5000): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = () => {
        if (!isTrue()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        const heard = this.received().map(({ text }) => text.slice(0, 160));
        reject(new Error(`not within ${withinMs} ms; received:\n${heard.join('\n')}`));
      }, withinMs);
      this.#watchers.add(look);
      look();
    });
  }

  #upgrade(sockets: WebSocketServer, request: IncomingMessage, raw: Duplex, head: Buffer): void {
    const refuse = (status: number, body: string, headers = '') => {
      this.upgrades.push(status);
      raw.end(
        `HTTP/1.1 ${status} Refused\r\n${headers}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      this.happened();
    };
    const refusal = this.#refusals.shift();
    if (refusal) {
      refuse(refusal.status, 'Rate limit exceeded', refusal.retryAfter ? `Retry-After: ${refusal.retryAfter}\r\n` : '');
      return;
    }
    const token = tokenOf(request, this.#rules.tokenInQuery ?? false);
    if (!this.#rules.accepts(token)) {
      refuse(401, this.#rules.unauthorized);
      return;
    }
    sockets.handleUpgrade(request, raw, head, (socket) => {
      this.upgrades.push(101);
      this.#admit(socket, raw, token);
    });
  }

  #admit(socket: WebSocket, raw: Duplex, token: string): void {
    this.#connections += 1;
    const number = this.#connections;
    const client: WireClient = {
      number,
      token,
      send: (text) => {
        this.#record(number, 'out', text);
        socket.send(text);
      },
      close: (code, reason = '') => {
        this.hangUps.push(code);
        socket.close(code, reason);
      },
    };
    this.#clients.set(socket, { client, raw });
    this.mostOpen = Math.max(this.mostOpen, this.#clients.size);
    const { pingEveryMs = 30_000 } = this.#rules;
    const pings = setInterval(() => socket.ping(), pingEveryMs);
    socket.on('message', (data, isBinary) => {
      this.#record(number, 'in', isBinary ? '' : String(data));
      if (isBinary) this.#rules.onBinary(client);
      else this.#rules.onText(client, String(data));
      this.happened();
    });
    socket.on('error', () => {
      // The library has closed with 1009 (too large) or 1002 and the close event follows.
      this.hangUps.push(1009);
    });
    socket.on('close', () => {
      clearInterval(pings);
      this.#clients.delete(socket);
      this.#rules.onGone?.(client);
      this.happened();
    });
    this.happened();
  }

  #record(connection: number, direction: 'in' | 'out', text: string): void {
    this.frames.push({ order: this.frames.length + 1, connection, direction, text, json: objectFrom(text) });
  }
}

/** `Authorization`, with or without `Bearer`, wins over `X-API-Key`, and that over the query. */
function tokenOf(request: IncomingMessage, inQuery: boolean): string {
  const authorization = request.headers.authorization;
  if (authorization !== undefined) return authorization.replace(/^Bearer /, '');
  const key = request.headers['x-api-key'];
  if (typeof key === 'string') return key;
  return (inQuery && new URL(request.url ?? '/', 'http://localhost').searchParams.get('token')) || '';
}
