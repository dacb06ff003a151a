import { ClientRequest } from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
// Whole: the editor adds its certificates to the functions of these modules, and named imports would miss that.
import tls from 'node:tls';
import type { Clock } from '../shared/clock.ts';
import type { ProxyServer } from './proxyFor.ts';

/** What a proxy can do wrong before a connection through it stands. */
export type ProxyProblem =
  /** Its address is none, or of a kind that is not spoken here. */
  | 'unusable'
  | 'unreachable'
  /** It did not prove over TLS who it is. */
  | 'certificate'
  /** It wants a user name and a password, or others (HTTP 407). */
  | 'authentication'
  /** It does not connect to this target. */
  | 'refused'
  /** It hung up, or said something that is no HTTP. */
  | 'broke'
  | 'silent';

export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly problem: ProxyProblem;
  /** `host:port`; never the whole address, which may hold a password. */
  readonly proxy: string;
  /** As Node gives it, `HTTP 407`, or words. */
  readonly code: string;

  constructor(problem: ProxyProblem, proxy: string, code: string) {
    super(`proxy ${proxy}: ${problem} (${code})`);
    this.problem = problem;
    this.proxy = proxy;
    this.code = code;
  }
}

export interface TunnelLimits {
  readonly clock: Clock;
  /** Wall-clock milliseconds for all of it, a proxy that trickles included. */
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

/** What Node and OpenSSL call a certificate that they do not accept. */
export const certificateCode = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_|HOSTNAME_MISMATCH|ALTNAME|CRL|CA_KEY|PURPOSE/;

/**
 * Asks the proxy to connect to `target` (`host:port`) and resolves with the line, on which nobody has spoken yet. Rejects
 * with a `ProxyError`, or with the signal's reason.
 */
export function openTunnel(proxy: ProxyServer, target: string, limits: TunnelLimits): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const { clock, withinMs, signal } = limits;
    if (signal?.aborted) return reject(signal.reason);
    let stands = false;
    const line = connectToProxy(proxy, () => {
      stands = true;
    });
    // Not http.request: the editor replaces that one, and would send this through its own proxy.
    const request = new ClientRequest({
      method: 'CONNECT',
      path: target,
      setHost: false,
      headers: {
        Host: target,
        Connection: 'keep-alive',
        'Proxy-Connection': 'keep-alive',
        ...(proxy.authorization && { 'Proxy-Authorization': proxy.authorization }),
      },
      createConnection: () => line,
    });

    const finish = () => {
      deadline.dispose();
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (reason: unknown) => {
      finish();
      reject(reason);
      request.destroy();
      line.destroy();
    };
    const onAbort = () => giveUp(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const deadline = clock.after(withinMs, () =>
      giveUp(new ProxyError('silent', proxy.name, `no answer within ${Math.round(withinMs / 1000)} s`)),
    );

    request.on('error', (error) => {
      const code = codeOf(error);
      const problem = stands ? 'broke' : certificateCode.test(code) ? 'certificate' : 'unreachable';
      giveUp(new ProxyError(problem, proxy.name, code));
    });
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        const problem = statusCode === 407 ? 'authentication' : 'refused';
        return giveUp(new ProxyError(problem, proxy.name, `HTTP ${statusCode}`));
      }
      finish();
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

function connectToProxy({ secure, host, port }: ProxyServer, onStands: () => void): net.Socket {
  if (!secure) return net.connect({ host, port }, onStands);
  const servername = net.isIP(host) === 0 ? host : '';
  return tls.connect({ host, port, servername, ALPNProtocols: ['http/1.1'], rejectUnauthorized: true }, onStands);
}

/** An error's code as Node gives it; for one that says no more than EPROTO, the name that Node has for OpenSSL's reason. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const reason = code === 'EPROTO' && error instanceof Error && /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1];
  return reason ? `ERR_SSL_${reason.trim().toUpperCase().replaceAll(' ', '_')}` : code;
}
