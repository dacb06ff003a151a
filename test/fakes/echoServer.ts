import { createServer as createPlainServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { WebSocketServer } from 'ws';

/** A WebSocket server on loopback that says back what it hears, over TLS when it is given a certificate. */
export class EchoServer {
  /** Headers of every request that it could read: where the key would be. */
  readonly requests: IncomingHttpHeaders[] = [];
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #lines = new Set<Socket>();
  readonly #secure: boolean;
  /** Written in the place of an upgrade. */
  answer: string | undefined;

  private constructor(tls: SecureContextOptions | undefined) {
    this.#secure = tls !== undefined;
    this.#http = tls ? createSecureServer(tls) : createPlainServer();
    this.#http.on('connection', (line: Socket) => {
      this.#lines.add(line);
      line.on('close', () => this.#lines.delete(line));
      // Clients that hang up are what many tests are about.
      line.on('error', () => line.destroy());
    });
    this.#http.on('upgrade', (request, line, head) => {
      this.requests.push(request.headers);
      line.on('error', () => line.destroy());
      if (this.answer !== undefined) return void line.end(this.answer);
      this.#sockets.handleUpgrade(request, line, head, (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
        socket.on('error', () => socket.terminate());
      });
    });
  }

  static async start(tls?: SecureContextOptions): Promise<EchoServer> {
    const server = new EchoServer(tls);
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** From now on new connections see this certificate. Only of a server over TLS. */
  present(tls: SecureContextOptions): void {
    if (this.#secure) (this.#http as SecureServer).setSecureContext(tls);
  }

  async stop(): Promise<void> {
    for (const line of this.#lines) line.destroy();
    this.#sockets.close();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
