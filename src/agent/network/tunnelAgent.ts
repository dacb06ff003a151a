import { Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { isIPv6, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
// Whole: the editor adds its certificates to the functions of these modules, and named imports would miss that.
import tls from 'node:tls';
import { type NetworkSettings, proxyFor } from './proxyFor.ts';
import { openTunnel, ProxyError, type TunnelLimits } from './tunnel.ts';

export interface TunnelAgentOptions extends TunnelLimits {
  /** Asked anew for each connection. */
  network(): NetworkSettings;
  /** For requests over TLS. */
  readonly secure: boolean;
  /** Connections that are kept for the next requests, each until it was idle for so long; absent: none. */
  readonly kept?: { readonly most: number; readonly idleMs: number };
}

/**
 * An agent for Node's http and https whose connections go through the proxy that their target has, if it has one. In
 * the editor, where `http.proxySupport` lets its own proxies replace what a request asks for, it is not used at all.
 * Certificates are checked, whatever the environment says.
 */
export function createTunnelAgent(options: TunnelAgentOptions): PlainAgent {
  const { secure, kept, network } = options;
  const pool = kept ? { keepAlive: true, maxSockets: kept.most, timeout: kept.idleMs } : { keepAlive: false };
  const agent = secure ? new SecureAgent({ ...pool, rejectUnauthorized: true }) : new PlainAgent(pool);
  const connectDirectly = agent.createConnection.bind(agent);
  agent.createConnection = (request, callback) => {
    const host = request.host ?? 'localhost';
    const authority = `${isIPv6(host) ? `[${host}]` : host}:${request.port ?? (secure ? 443 : 80)}`;
    const route = proxyFor(`${secure ? 'https' : 'http'}://${authority}`, network());
    if (route.kind === 'direct') return connectDirectly(request, callback);
    const opening: Promise<Duplex> =
      route.kind === 'unusable'
        ? Promise.reject(new ProxyError('unusable', route.proxy, route.reason))
        : openTunnel(route.proxy, authority, options).then((line) =>
            // What the request says of certificates, those that the editor adds included, holds inside the tunnel.
            secure ? tls.connect({ ...request, host, path: undefined, port: undefined, socket: line }) : line,
          );
    opening.then(
      (connection) => callback?.(null, connection),
      // The second argument is not looked at.
      (error: Error) => callback?.(error, new Socket()),
    );
    return undefined;
  };
  return agent;
}
