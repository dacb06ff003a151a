import {
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectRequest {
  /** `host:port` as it was asked for. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export type ProxyAnswer =
  | 'connect'
  /** Hangs up without a word. */
  | 'hang up'
  | 'nothing'
  /** The answer, a byte at a time, without an end. */
  | 'trickle'
  /** Something that is no HTTP. */
  | 'garbage'
  | { readonly status: number; readonly headers?: string };

export interface ConnectProxyOptions {
  /** Certificate of a proxy that is itself spoken to over TLS. */
  readonly secure?: { readonly cert: string; readonly key: string };
  /** The value of `Proxy-Authorization` without which nobody gets through. */
  readonly authorization?: string;
}

/** A proxy of an organisation, on loopback. Every host that it is asked for is on loopback as well. */
export class ConnectProxy {
  readonly connects: ConnectRequest[] = [];
  /** Requests that were sent for it to pass on in plain text. */
  readonly passedOn: string[] = [];
  answer: ProxyAnswer = 'connect';
  readonly #authorization: string | undefined;
  readonly #server: Server;
  readonly #lines = new Set<Socket>();

  private constructor({ secure, authorization }: ConnectProxyOptions) {
    this.#authorization = authorization;
    this.#server = secure ? createSecureServer(secure) : createPlainServer();
    this.#server.on('connection', (line: Socket) => this.#keep(line));
    this.#server.on('connect', (request: IncomingMessage, line: Socket) => this.#serve(request, line));
    this.#server.on('request', (request, response) => {
      this.passedOn.push(`${request.method} ${request.url}`);
      response.writeHead(501).end();
    });
  }

  static async start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now, in both directions. */
  get lines(): number {
    return this.#lines.size;
  }

  /** Ends every connection at once. */
  cut(): void {
    for (const line of this.#lines) line.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve({ url = '', headers }: IncomingMessage, line: Socket): void {
    this.connects.push({ target: url, headers });
    // Node's servers keep their half of a connection open when the client leaves.
    line.on('end', () => line.destroy());
    if (this.#authorization !== undefined && headers['proxy-authorization'] !== this.#authorization) {
      line.end('HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 4\r\n\r\nWho?');
      return;
    }
    const { answer } = this;
    switch (answer) {
      case 'connect':
        this.#connect(url, line);
        return;
      case 'hang up':
        line.destroy();
        return;
      case 'nothing':
        // Reads on, to notice that it is left.
        line.resume();
        return;
      case 'garbage':
        line.end('SSH-2.0-dropbear\r\n');
        return;
      case 'trickle': {
        line.write('HTTP/1.1 200 Wait\r\nX: ');
        line.resume();
        const timer = setInterval(() => line.write('a'), 20);
        line.on('close', () => clearInterval(timer));
        return;
      }
      default:
        line.end(`HTTP/1.1 ${answer.status} No\r\n${answer.headers ?? ''}Content-Length: 0\r\n\r\n`);
    }
  }

  #connect(target: string, line: Socket): void {
    const onwards = connect(Number(target.slice(target.lastIndexOf(':') + 1)), '127.0.0.1', () => {
      line.write('HTTP/1.1 200 Connection established\r\n\r\n');
      line.pipe(onwards).pipe(line);
    });
    this.#keep(onwards);
    onwards.on('close', () => line.destroy());
    line.on('close', () => onwards.destroy());
  }

  #keep(line: Socket): void {
    this.#lines.add(line);
    line.on('close', () => this.#lines.delete(line));
    // Being cut is part of the game.
    line.on('error', () => line.destroy());
  }
}
