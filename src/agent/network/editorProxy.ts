import type { ClientRequest, IncomingMessage } from 'node:http';
import { certificateCode, codeOf, ProxyError } from './tunnel.ts';

/**
 * Inside the editor its own proxies stand between us and the target. They keep the reason of a failure to themselves and
 * to an event of the request, and hand on a refusal as if the target had given it.
 */
export interface EditorProxyWatch {
  /** What the proxy did, when it was the proxy that made the request fail with `error`. */
  explain(error: unknown): ProxyError | undefined;
  /** The refusal that an answer to a request over TLS is, when a proxy gave it. */
  refusal(response: IncomingMessage): ProxyError | undefined;
}

export function watchEditorProxy(request: ClientRequest): EditorProxyWatch {
  let seen: unknown;
  request.on('proxy', (event: unknown) => {
    seen = event;
  });
  return {
    explain: (error) => editorProxyError(error, property(seen, 'error')),
    refusal: ({ statusCode, socket }) => refusalOf({ statusCode, socket }, nameIn(property(seen, 'proxy'))),
  };
}

/** The editor's error as ours; undefined for any other. Its text can hold a password and must not be shown. */
export function editorProxyError(error: unknown, cause?: unknown): ProxyError | undefined {
  const list = /^Failed to establish a socket connection to proxies: (.*)$/s.exec(messageOf(error))?.[1];
  if (list === undefined) return undefined;
  if (cause === undefined) return new ProxyError('unreachable', nameIn(list), 'no connection');
  const code = codeOf(cause);
  if (code === 'UNKNOWN') return new ProxyError('broke', nameIn(list), 'connection closed');
  return new ProxyError(certificateCode.test(code) ? 'certificate' : 'unreachable', nameIn(list), code);
}

/** Only what came over TLS came from the target. */
export function refusalOf(
  { statusCode, socket }: { readonly statusCode: number | undefined; readonly socket: object },
  proxy = nameIn(undefined),
): ProxyError | undefined {
  if ('encrypted' in socket) return undefined;
  const status = statusCode ?? 0;
  return new ProxyError(status === 407 ? 'authentication' : 'refused', proxy, `HTTP ${status}`);
}

/** `host:port` in a text such as `PROXY user:password@host:port; DIRECT`. */
function nameIn(list: unknown): string {
  const first = typeof list === 'string' ? /^\s*\w+\s+(?:[^\s;]*@)?([^\s;@]+)/.exec(list)?.[1] : undefined;
  return first ?? 'of the editor';
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
