import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { FrameReader, type Segment } from './frameReader.ts';

/** `up`: from the agent to the server. */
export type Direction = 'up' | 'down';

/** What becomes of the bytes of one direction. Durations are real milliseconds. */
export type Flow =
  | { readonly kind: 'pass' }
  /** Read and thrown away, the end of the stream too: a dead link. */
  | { readonly kind: 'blackHole' }
  /** Read and kept, and passed on in order as soon as another flow is set: a link that is down for a while. */
  | { readonly kind: 'hold' }
  /** Not read: the sender's window closes. */
  | { readonly kind: 'stopReading' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'trickle'; readonly bytesPerSecond: number }
  /** Each byte is a write, and as far as the system allows a packet, of its own. */
  | { readonly kind: 'split' }
  /** Whatever comes within so many milliseconds arrives in one piece. */
  | { readonly kind: 'coalesce'; readonly ms: number };

export interface Rule {
  readonly direction: Direction;
  /** Asked for every whole message, in the order of the messages. */
  matches(text: string): boolean;
  /** Whether the message has been passed on when `act` is called. */
  readonly moment: 'before' | 'after';
  act(connection: ProxiedConnection): void;
  /** How often it applies; once unless said otherwise. */
  readonly times?: number;
}

const pass: Flow = { kind: 'pass' };
const trickleEveryMs = 10;

/** One connection through the proxy. */
export class ProxiedConnection {
  /** From 1. */
  readonly number: number;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: Readonly<Record<Direction, Pipe>>;

  constructor(
    number: number,
    client: Socket,
    server: Socket,
    rules: RuleBook,
    flows: Readonly<Record<Direction, Flow>>,
  ) {
    this.number = number;
    this.#client = client;
    this.#server = server;
    const matched = (direction: Direction) => (segment: Segment, forward: () => void) =>
      rules.apply(direction, segment, forward, this);
    this.#pipes = {
      up: new Pipe(client, server, matched('up'), flows.up),
      down: new Pipe(server, client, matched('down'), flows.down),
    };
  }

  flow(direction: Direction, flow: Flow): void {
    this.#pipes[direction].become(flow);
  }

  /** `reset`: both ends see an RST. `end`: both see the end of the stream, and no close frame. */
  cut(how: 'reset' | 'end'): void {
    for (const pipe of Object.values(this.#pipes)) pipe.stop();
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.end();
    }
  }

  /** Bytes that the server never sent. */
  inject(bytes: Uint8Array): void {
    if (!this.#client.destroyed) this.#client.write(bytes);
  }

  destroy(): void {
    for (const pipe of Object.values(this.#pipes)) pipe.stop();
    this.#client.destroy();
    this.#server.destroy();
  }
}

/**
 * Stands between an agent and a server on loopback and does to their packets what networks do. What is set here holds
 * for the connections there are and for those to come, until something else is set.
 */
export class FaultProxy {
  readonly live = new Set<ProxiedConnection>();
  /** Connections that were ever accepted, intercepted ones included. */
  accepted = 0;
  /** Answers the next connections in the server's stead. */
  intercept: ((client: Socket) => void) | undefined;
  readonly #targetPort: () => number;
  readonly #rules = new RuleBook();
  readonly #sockets = new Set<Socket>();
  readonly #flows: Record<Direction, Flow> = { up: pass, down: pass };
  #server: Server | undefined;
  #port = 0;

  private constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
  }

  static async start(targetPort: () => number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    await proxy.listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/ws`;
  }

  /** Again, on the same port, after `refuse`. */
  async listen(): Promise<void> {
    if (this.#server) return;
    // The end of one direction must not end the other by itself.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#admit(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Nobody listens any more; live connections stay. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    // It resolves only when the live connections are gone, too; the port is free at once.
    server?.close();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async stop(): Promise<void> {
    for (const connection of this.live) connection.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await this.refuse();
  }

  /** For all connections, and all to come. */
  flow(direction: Direction | 'both', flow: Flow): void {
    for (const each of direction === 'both' ? (['up', 'down'] as const) : [direction]) {
      this.#flows[each] = flow;
      for (const connection of this.live) connection.flow(each, flow);
    }
  }

  cut(how: 'reset' | 'end'): void {
    for (const connection of [...this.live]) connection.cut(how);
  }

  inject(bytes: Uint8Array): void {
    for (const connection of this.live) connection.inject(bytes);
  }

  when(rule: Rule): void {
    this.#rules.add(rule);
  }

  /** Rules that have not applied yet apply no more. */
  forget(): void {
    this.#rules.clear();
  }

  #admit(client: Socket): void {
    this.accepted += 1;
    this.#track(client);
    if (this.intercept) {
      this.intercept(client);
      return;
    }
    const server = connect({ port: this.#targetPort(), host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#track(server);
    const connection = new ProxiedConnection(this.accepted, client, server, this.#rules, this.#flows);
    this.live.add(connection);
    for (const socket of [client, server]) socket.on('close', () => this.live.delete(connection));
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Ends of every kind are what this is for.
    socket.on('error', () => socket.destroy());
  }
}

class RuleBook {
  readonly #rules = new Map<Rule, number>();

  add(rule: Rule): void {
    this.#rules.set(rule, rule.times ?? 1);
  }

  clear(): void {
    this.#rules.clear();
  }

  apply(direction: Direction, { text }: Segment, forward: () => void, connection: ProxiedConnection): void {
    const rule =
      text === undefined
        ? undefined
        : [...this.#rules.keys()].find((each) => each.direction === direction && each.matches(text));
    if (!rule) {
      forward();
      return;
    }
    const left = (this.#rules.get(rule) ?? 1) - 1;
    if (left > 0) this.#rules.set(rule, left);
    else this.#rules.delete(rule);
    if (rule.moment === 'before') rule.act(connection);
    forward();
    if (rule.moment === 'after') rule.act(connection);
  }
}

/** One direction of a connection. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #reader = new FrameReader();
  #flow: Flow;
  /** Read and not yet passed on, in order. */
  #waiting: Buffer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #stopped = false;

  constructor(from: Socket, to: Socket, apply: (segment: Segment, forward: () => void) => void, flow: Flow) {
    this.#from = from;
    this.#to = to;
    this.#flow = flow;
    from.on('data', (chunk: Buffer) => {
      for (const segment of this.#reader.push(chunk)) apply(segment, () => this.#put(segment.bytes));
    });
    from.on('end', () => {
      this.#ended = true;
      this.#pump();
    });
    from.on('close', () => this.#lost());
    if (flow.kind === 'stopReading') from.pause();
  }

  become(flow: Flow): void {
    this.#flow = flow;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (flow.kind === 'blackHole') this.#waiting = [];
    if (flow.kind === 'stopReading') this.#from.pause();
    else this.#from.resume();
    this.#pump();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #put(bytes: Buffer): void {
    if (this.#stopped || this.#flow.kind === 'blackHole') return;
    this.#waiting.push(bytes);
    this.#pump();
  }

  #pump(): void {
    if (this.#stopped || this.#timer) return;
    const flow = this.#flow;
    if (flow.kind === 'blackHole' || flow.kind === 'hold' || flow.kind === 'stopReading') return;
    if (this.#waiting.length > 0) this.#move(flow);
    if (this.#ended && this.#waiting.length === 0 && !this.#timer && this.#to.writable) this.#to.end();
  }

  #move(flow: Exclude<Flow, { readonly kind: 'blackHole' | 'hold' | 'stopReading' }>): void {
    switch (flow.kind) {
      case 'pass':
        this.#write(this.#takeAll());
        break;
      case 'split': {
        const bytes = this.#takeAll();
        for (let at = 0; at < bytes.length; at++) this.#write(bytes.subarray(at, at + 1));
        break;
      }
      case 'delay':
      case 'coalesce':
        this.#later(flow.ms, () => this.#write(this.#takeAll()));
        break;
      case 'trickle':
        this.#later(trickleEveryMs, () => {
          const all = this.#takeAll();
          const now = Math.max(1, Math.floor((flow.bytesPerSecond * trickleEveryMs) / 1000));
          this.#write(all.subarray(0, now));
          if (all.length > now) this.#waiting = [all.subarray(now)];
        });
    }
  }

  #later(ms: number, act: () => void): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      act();
      this.#pump();
    }, ms);
  }

  #takeAll(): Buffer {
    return Buffer.concat(this.#waiting.splice(0));
  }

  #write(bytes: Buffer): void {
    if (bytes.length > 0 && !this.#to.destroyed && this.#to.writable) this.#to.write(bytes);
  }

  /** The other side learns of it, unless this direction carries nothing at present. */
  #lost(): void {
    if (this.#flow.kind === 'pass' && !this.#to.destroyed && !this.#ended) this.#to.resetAndDestroy();
    if (this.#ended) this.#pump();
  }
}
