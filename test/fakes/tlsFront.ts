import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';

/** Stands on loopback before a server without encryption and speaks TLS for it. */
export class TlsFront {
  readonly #server: Server;
  readonly #lines = new Set<Socket>();

  private constructor(certificate: { readonly cert: string; readonly key: string }, behind: number) {
    this.#server = createServer(certificate, (line) => {
      const onwards = connect(behind, '127.0.0.1');
      for (const one of [line, onwards]) {
        this.#lines.add(one);
        one.on('close', () => this.#lines.delete(one));
        one.on('error', () => one.destroy());
      }
      line.on('close', () => onwards.destroy());
      onwards.on('close', () => line.destroy());
      line.pipe(onwards).pipe(line);
    });
  }

  /** `behind`: the port of the server. */
  static async start(certificate: { readonly cert: string; readonly key: string }, behind: number): Promise<TlsFront> {
    const front = new TlsFront(certificate, behind);
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const line of this.#lines) line.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
