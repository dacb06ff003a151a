import type { Socket, SocketEnd } from '../../../src/agent/connection/socket.ts';
import { createOpenSocket } from '../../../src/agent/connection/webSocket.ts';
import { type NetworkSettings, noProxies } from '../../../src/agent/network/proxyFor.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';

export const key = 'a-key-that-must-not-go-astray';

/** One WebSocket that is opened, says `hello` and keeps what it hears, until it ends. */
export class SocketVisit {
  readonly messages: string[] = [];
  readonly socket: Socket;
  readonly heard: Promise<string>;
  readonly end: Promise<SocketEnd>;

  constructor(url: string, network: NetworkSettings = noProxies, connectTimeoutMs = 3000) {
    let hear = (_text: string): void => {};
    let miss = (_error: Error): void => {};
    let finish = (_end: SocketEnd): void => {};
    this.heard = new Promise((resolve, reject) => {
      hear = resolve;
      miss = reject;
    });
    this.end = new Promise((resolve) => {
      finish = resolve;
    });
    const headers = { Authorization: `Bearer ${key}` };
    this.socket = createOpenSocket(systemClock, () => network)(
      { url, headers, connectTimeoutMs, maxIncomingBytes: 100_000 },
      {
        onOpen: () => this.socket.send('hello'),
        onMessage: (text) => {
          this.messages.push(text);
          hear(text);
        },
        onBinary: () => {},
        onPong: () => {},
        onClose: (why) => {
          // Where nobody waits for a message, the end alone is what counts.
          this.heard.catch(() => undefined);
          miss(new Error(`it ended: ${JSON.stringify(why)}`));
          finish(why);
        },
      },
    );
  }

  async leave(): Promise<SocketEnd> {
    this.socket.terminate();
    return this.end;
  }
}
