import { NodeHttpHandler } from '@smithy/node-http-handler';
import { editorProxyError } from '../../network/editorProxy.ts';
import { type NetworkSettings, noProxies } from '../../network/proxyFor.ts';
import { createTunnelAgent } from '../../network/tunnelAgent.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Timeouts } from './bedrockClient.ts';

export interface NetworkParts {
  readonly clock: Clock;
  /** Asked before each connection; absent: no proxies. */
  network?(): NetworkSettings;
}

/** HTTP/1.1: the SDK's own choice, HTTP/2, passes by every proxy, the editor's and ours. */
export function createRequestHandler(timeouts: Timeouts, { clock, network = () => noProxies }: NetworkParts) {
  const withinMs = timeouts.connect;
  const kept = { most: 50, idleMs: timeouts.idle };
  const agent = (secure: boolean) => createTunnelAgent({ network, secure, kept, clock, withinMs });
  return new NodeHttpHandler({
    connectionTimeout: timeouts.connect,
    requestTimeout: timeouts.response,
    throwOnRequestTimeout: true,
    socketTimeout: timeouts.idle,
    httpAgent: agent(false),
    httpsAgent: agent(true),
  });
}

/** Somebody who has credentials for us could not be asked for them; `cause` is why. */
export class NotAsked extends Error {
  override readonly name = 'NotAsked';
  readonly host: string;

  constructor(host: string, cause: unknown) {
    super(`${host} could not be asked`, { cause });
    this.host = host;
  }
}

export interface CredentialsRequests {
  readonly handler: NodeHttpHandler;
  /** Finds the credentials. Rejects with `NotAsked` where the SDK would keep no more than a text of it, if that. */
  explained<T>(find: () => Promise<T>): Promise<T>;
}

/** The requests of credential providers (STS, SSO): of those that fail, the reason is kept. */
export function createCredentialsRequests(timeouts: Timeouts, parts: NetworkParts): CredentialsRequests {
  const handler = createRequestHandler(timeouts, parts);
  let last: NotAsked | undefined;
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    try {
      return await handle(request, options);
    } catch (error) {
      last = new NotAsked(request.hostname, editorProxyError(error) ?? error);
      throw error;
    }
  };
  return {
    handler,
    async explained(find) {
      last = undefined;
      try {
        return await find();
      } catch (error) {
        throw last ?? error;
      }
    },
  };
}
