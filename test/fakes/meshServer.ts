import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket as NetSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject, type JsonObject, type MeshFrame, objectFrom } from './meshFrame.ts';
import { MeshTaskLog } from './meshTaskLog.ts';

export interface MeshUpgrade {
  readonly at: number;
  readonly headers: IncomingMessage['headers'];
  /** 101, the refusal, or 0 for one that was never answered. */
  readonly status: number;
}

export interface MeshServerOptions {
  /** What `Authorization: Bearer` must carry. */
  readonly key?: string;
  /** 0: any free one. */
  readonly port?: number;
  /** Whether `agent.registered` offers `ack`, and results are acknowledged. Can be changed later. */
  readonly ack?: boolean;
  /** Whether a registration is answered at all. Can be changed later. */
  readonly answerRegister?: boolean;
  /** Given to every agent in place of its own id. */
  readonly agentId?: string;
}

type Refusal = { readonly status: number; readonly retryAfter?: string; readonly location?: string } | 'never answer';

/**
 * A server of the mesh dialect, on loopback, that does what it is told: the tests', the demo's and the benches'.
 * It records every frame and knows for every task what it was sent. Over 300 lines, because a test should find all that
 * a server can be told to do in one place.
 */
export class MeshServer {
  readonly key: string;
  readonly frames: MeshFrame[] = [];
  readonly upgrades: MeshUpgrade[] = [];
  /** What became of each task. */
  readonly tasks = new MeshTaskLog();
  ack: boolean;
  answerRegister: boolean;
  agentId: string | undefined;
  /** Results are read and logged, and neither acknowledged nor refused. */
  swallowResults = false;
  /** Answers the next results with this error; `id` is filled in. */
  resultError: { readonly error: string; readonly code: number } | undefined;
  /** The most connections that were open at one moment. */
  mostOpen = 0;
  #port: number;
  #http: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #refusal: Refusal | undefined;
  #refusalsLeft = 0;
  #holdsPongs = false;
  #connections = 0;
  readonly #open = new Map<WebSocket, { readonly number: number; readonly raw: Duplex }>();
  readonly #raw = new Set<NetSocket>();
  readonly #watchers = new Set<() => void>();
  readonly #since = performance.now();

  constructor(options: MeshServerOptions = {}) {
    this.key = options.key ?? 'mesh-test-key';
    this.#port = options.port ?? 0;
    this.ack = options.ack ?? true;
    this.answerRegister = options.answerRegister ?? true;
    this.agentId = options.agentId;
  }

  static async start(options: MeshServerOptions = {}): Promise<MeshServer> {
    const server = new MeshServer(options);
    await server.listen();
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  get openConnections(): number {
    return this.#open.size;
  }

  /** Listens, again after `stop` on the same port: a restart that kept its state. */
  async listen(): Promise<void> {
    const http = createServer((_request, response) => response.writeHead(426).end());
    // No pong is sent by the library, so that pongs can be held.
    const sockets = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: 1024 * 1024 });
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

  /** Drops every connection without a word and stops listening, as a killed process does. */
  async stop(): Promise<void> {
    this.cut();
    for (const raw of this.#raw) raw.destroy();
    this.#sockets?.close();
    const http = this.#http;
    this.#http = undefined;
    if (http) await new Promise<void>((resolve) => http.close(() => resolve()));
  }

  /** Refuses the next `times` upgrades with an HTTP status. `retryAfter` is the header as it stands. */
  refuseUpgrades(refusal: Refusal, times = Number.POSITIVE_INFINITY): void {
    this.#refusal = refusal;
    this.#refusalsLeft = times;
  }

  acceptUpgrades(): void {
    this.#refusalsLeft = 0;
  }

  /** Pings are read and not answered, until told otherwise. */
  holdPongs(hold: boolean): void {
    this.#holdsPongs = hold;
  }

  closeAll(code: number, reason = ''): void {
    for (const socket of this.#open.keys()) socket.close(code, reason);
  }

  /** Cuts the TCP connections: no close frame. */
  cut(): void {
    for (const { raw } of this.#open.values()) raw.destroy();
  }

  /** Stops reading, so that what the agents send piles up at their end. */
  pauseReading(): void {
    for (const socket of this.#open.keys()) socket.pause();
  }

  resumeReading(): void {
    for (const socket of this.#open.keys()) socket.resume();
  }

  /** Gives a task to every connected agent. Returns its id. */
  assign(task: { readonly id?: string; readonly type: string } & JsonObject): string {
    const id = task.id ?? randomUUID();
    this.tasks.assigned(id);
    this.send({ type: 'task.assigned', payload: { payload: {}, ...task, id } });
    return id;
  }

  cancel(taskId: string, reason?: string): void {
    this.send({ type: 'task.cancel', payload: { task_id: taskId, ...(reason !== undefined && { reason }) } });
  }

  updateConfig(config: JsonObject): void {
    this.send({ type: 'config.update', payload: config });
  }

  askHealth(): void {
    this.send({ type: 'health.check' });
  }

  askCapabilities(): void {
    this.send({ type: 'capability.query' });
  }

  send(message: object): void {
    this.sendRaw(JSON.stringify(message));
  }

  /** Any text, or any bytes as a binary frame, to every connected agent. */
  sendRaw(data: string | Uint8Array): void {
    for (const socket of this.#open.keys()) this.#put(socket, data);
  }

  /** Frames the agents sent, of one type or all. */
  received(type?: string): MeshFrame[] {
    return this.frames.filter((frame) => frame.direction === 'in' && (type === undefined || frame.type === type));
  }

  /** The first frame from an agent that fits, past ones included unless `after` (an `order`) excludes them. */
  async nextFrame(fits: (frame: MeshFrame) => boolean, { after = 0, withinMs = 5000 } = {}): Promise<MeshFrame> {
    const find = () => this.frames.find((frame) => frame.direction === 'in' && frame.order > after && fits(frame));
    await this.waitFor(() => find() !== undefined, withinMs);
    const found = find();
    if (!found) throw new Error('the frame was there and is gone');
    return found;
  }

  /** Resolves as soon as it is true after something happened here; rejects with what was received when it takes too long. */
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
        const types = this.received().map((frame) => frame.type);
        reject(new Error(`not within ${withinMs} ms; received: ${types.join(', ')}`));
      }, withinMs);
      this.#watchers.add(look);
      look();
    });
  }

  #upgrade(sockets: WebSocketServer, request: IncomingMessage, raw: Duplex, head: Buffer): void {
    const note = (status: number) => {
      this.upgrades.push({ at: this.#now(), headers: request.headers, status });
      this.#happened();
    };
    const refuse = (status: number, headers: string) => {
      note(status);
      raw.end(`HTTP/1.1 ${status} Refused\r\n${headers}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    };
    if (this.#refusal && this.#refusalsLeft > 0) {
      this.#refusalsLeft -= 1;
      if (this.#refusal === 'never answer') {
        note(0);
        return;
      }
      const { status, retryAfter, location } = this.#refusal;
      const headers = [retryAfter && `Retry-After: ${retryAfter}\r\n`, location && `Location: ${location}\r\n`];
      refuse(status, headers.filter(Boolean).join(''));
      return;
    }
    if (request.headers.authorization !== `Bearer ${this.key}`) {
      refuse(401, '');
      return;
    }
    sockets.handleUpgrade(request, raw, head, (socket) => {
      this.#connections += 1;
      this.#open.set(socket, { number: this.#connections, raw });
      this.mostOpen = Math.max(this.mostOpen, this.#open.size);
      socket.on('message', (data, isBinary) => this.#heard(socket, isBinary ? '' : String(data)));
      socket.on('ping', (data) => {
        if (!this.#holdsPongs) socket.pong(data);
      });
      // The close event that follows says all that is needed.
      socket.on('error', () => socket.terminate());
      socket.on('close', () => {
        this.#open.delete(socket);
        this.#happened();
      });
      note(101);
    });
  }

  #heard(socket: WebSocket, text: string): void {
    const frame = this.#record(socket, 'in', text);
    if (frame.type === 'agent.register') this.#registered(socket, frame);
    else if (frame.type === 'task.accepted') this.tasks.accepted(frame);
    else if (frame.type === 'task.progress') this.tasks.progressed(frame);
    else if (frame.type === 'task.complete') this.#completed(socket, frame);
    else if (frame.type === '') this.#put(socket, '{"type":"error","error":"a message without a type","code":400}');
    this.#happened();
  }

  #registered(socket: WebSocket, frame: MeshFrame): void {
    if (!this.answerRegister) return;
    const agent_id = this.agentId ?? frame.json['agent_id'];
    this.#put(socket, JSON.stringify({ type: 'agent.registered', agent_id, features: this.ack ? ['ack'] : [] }));
  }

  #completed(socket: WebSocket, frame: MeshFrame): void {
    this.tasks.completed(frame);
    const id = frame.json['id'];
    if (this.swallowResults) return;
    if (this.resultError) this.#put(socket, JSON.stringify({ type: 'error', id, ...this.resultError }));
    else if (this.ack) this.#put(socket, JSON.stringify({ type: 'ack', id }));
  }

  #put(socket: WebSocket, data: string | Uint8Array): void {
    this.#record(socket, 'out', typeof data === 'string' ? data : '');
    socket.send(data);
  }

  #record(socket: WebSocket, direction: 'in' | 'out', text: string): MeshFrame {
    const json = objectFrom(text);
    const frame: MeshFrame = {
      order: this.frames.length + 1,
      at: this.#now(),
      connection: this.#open.get(socket)?.number ?? 0,
      direction,
      text,
      type: typeof json['type'] === 'string' ? json['type'] : '',
      json,
      payload: isObject(json['payload']) ? json['payload'] : {},
    };
    this.frames.push(frame);
    return frame;
  }

  #happened(): void {
    for (const look of [...this.#watchers]) look();
  }

  #now(): number {
    return performance.now() - this.#since;
  }
}
