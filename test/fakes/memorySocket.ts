import { isUtf8 } from 'node:buffer';
import type { OpenSocket, Socket, SocketEnd, SocketEvents, SocketTarget } from '../../src/agent/connection/socket.ts';
import type { Clock } from '../../src/agent/shared/clock.ts';
import type { Disposable } from '../../src/agent/shared/disposables.ts';

/** How the network treats the next connections. */
export type MemoryReception = 'accept' | 'never answer' | SocketEnd;

/**
 * A network in memory: `open` makes sockets whose other ends are the `peers`, in the order they were opened. Everything
 * takes `latencyMs` each way on the clock it is given, in order.
 */
export class MemoryNetwork {
  readonly peers: MemoryPeer[] = [];
  reception: MemoryReception = 'accept';
  latencyMs: number;
  /** The most sockets that were not yet closed at one moment. */
  mostLive = 0;
  readonly #clock: Clock;

  constructor(clock: Clock, latencyMs = 5) {
    this.#clock = clock;
    this.latencyMs = latencyMs;
  }

  get live(): number {
    return this.peers.filter((peer) => !peer.ended).length;
  }

  get last(): MemoryPeer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error('nobody connected');
    return peer;
  }

  readonly open: OpenSocket = (target, events) => {
    const peer = new MemoryPeer(this.#clock, this.latencyMs, target, events, this.reception);
    this.peers.push(peer);
    this.mostLive = Math.max(this.mostLive, this.live);
    return peer.client;
  };
}

/** The server's end of one memory socket. */
export class MemoryPeer {
  readonly target: SocketTarget;
  readonly client: Socket;
  /** Texts that arrived. */
  readonly received: string[] = [];
  /** Ping marks that arrived. */
  readonly pings: string[] = [];
  /** The client was told that it is over. */
  ended = false;
  /** Answers pings; off models a server that forgot how. */
  answersPings = true;
  /** Frames are lost in both directions and nobody is told: a pulled cable. */
  silent = false;
  /** Arrived texts are not read; they count as the client's unsent bytes. */
  stopsReading = false;
  onText: (text: string) => void = () => {};
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #events: SocketEvents;
  readonly #timers = new Set<Disposable>();
  #deadline: Disposable | undefined;
  #open = false;
  /** Only the end may still reach the client. */
  #closing = false;
  #unread = 0;

  constructor(clock: Clock, latencyMs: number, target: SocketTarget, events: SocketEvents, reception: MemoryReception) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#events = events;
    this.target = target;
    this.client = this.#clientEnd();
    this.#deadline = clock.after(target.connectTimeoutMs, () =>
      this.#end({ kind: 'connectTimeout', ms: target.connectTimeoutMs }),
    );
    if (reception === 'accept') this.#later(2 * latencyMs, () => this.#accepted());
    else if (reception !== 'never answer') this.#later(2 * latencyMs, () => this.#end(reception));
  }

  get texts(): readonly Readonly<Record<string, unknown>>[] {
    return this.received.map((text) => JSON.parse(text));
  }

  send(text: string): void {
    this.#toClient(() => {
      if (Buffer.byteLength(text) <= this.target.maxIncomingBytes) this.#events.onMessage(text);
      else
        this.#end({ kind: 'error', code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', message: 'Max payload size exceeded' });
    });
  }

  sendBinary(bytes: Uint8Array): void {
    this.#toClient(() => {
      const text = Buffer.from(bytes).toString('utf8');
      if (/^\s*[{[]/.test(text) && isUtf8(bytes)) this.#events.onMessage(text);
      else this.#events.onBinary(bytes.length);
    });
  }

  pong(mark: string): void {
    this.#toClient(() => this.#events.onPong(mark));
  }

  /** Closes with a close frame. */
  close(code: number, reason = ''): void {
    this.#toClient(() => this.#end({ kind: 'closed', code, reason }));
  }

  /** Drops the line, and the client's system notices. */
  cut(): void {
    this.#toClient(() => this.#end({ kind: 'closed', code: 1006, reason: '' }));
  }

  /** Ends it as the client's own library may. */
  end(end: SocketEnd): void {
    this.#end(end);
  }

  #clientEnd(): Socket {
    const peer = this;
    return {
      send: (text) => {
        if (!this.#open || this.#closing) return;
        if (this.stopsReading) this.#unread += Buffer.byteLength(text);
        else this.#toServer(() => this.#arrived(text));
      },
      ping: (mark) => {
        if (!this.#open || this.#closing || this.stopsReading) return;
        this.#toServer(() => {
          this.pings.push(mark);
          if (this.answersPings) this.pong(mark);
        });
      },
      get bufferedBytes() {
        return peer.#unread;
      },
      close: () => {
        if (!this.#open) return this.client.terminate();
        this.#closing = true;
        if (this.silent || this.stopsReading) this.#later(1000, () => this.#end(dropped));
        else this.#later(2 * this.#latencyMs, () => this.#end({ kind: 'closed', code: 1000, reason: '' }));
      },
      terminate: () => {
        this.#closing = true;
        this.#later(0, () => this.#end(dropped));
      },
    };
  }

  #accepted(): void {
    this.#open = true;
    this.#deadline?.dispose();
    if (!this.#closing) this.#events.onOpen();
  }

  #arrived(text: string): void {
    this.received.push(text);
    this.onText(text);
  }

  #toClient(action: () => void): void {
    if (this.silent) return;
    this.#later(this.#latencyMs, () => {
      if (!this.#closing && !this.silent) action();
    });
  }

  #toServer(action: () => void): void {
    this.#later(this.#latencyMs, () => {
      if (!this.silent) action();
    });
  }

  #later(ms: number, action: () => void): void {
    if (this.ended) return;
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }

  #end(end: SocketEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.#closing = true;
    this.#deadline?.dispose();
    for (const timer of this.#timers) timer.dispose();
    this.#events.onClose(end);
  }
}

const dropped: SocketEnd = { kind: 'closed', code: 1006, reason: '' };
