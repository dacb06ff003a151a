import { BlockList, isIP, isIPv6 } from 'node:net';

/** What a person has said about proxies, in VS Code's `http.*` settings or in the environment. */
export interface NetworkSettings {
  /** Address of the proxy for https and wss; empty: none. */
  readonly secureProxy: string;
  /** The same for http and ws. */
  readonly plainProxy: string;
  /** Hosts that are reached without a proxy. */
  readonly noProxy: readonly string[];
  /** Value of the header `Proxy-Authorization`, for a proxy whose address has no user name in it. */
  readonly authorization?: string;
}

export const noProxies: NetworkSettings = { secureProxy: '', plainProxy: '', noProxy: [] };

export interface ProxyServer {
  /** Whether the proxy itself is spoken to over TLS. */
  readonly secure: boolean;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** `host:port`, to be shown: the address may hold a password. */
  readonly name: string;
  readonly authorization?: string;
}

export type Route =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly proxy: ProxyServer }
  /** A proxy is wanted that cannot be used. Never a reason to go without one. */
  | { readonly kind: 'unusable'; readonly proxy: string; readonly reason: string };

export type Environment = Readonly<Record<string, string | undefined>>;

/** As curl reads the environment: each name in lower case first, and `ALL_PROXY` for what has no proxy of its own. */
export function environmentNetwork(environment: Environment): NetworkSettings {
  const read = (name: string) => (environment[name] || environment[name.toUpperCase()] || '').trim();
  return {
    secureProxy: read('https_proxy') || read('all_proxy'),
    plainProxy: read('http_proxy') || read('all_proxy'),
    noProxy: read('no_proxy')
      .split(/[\s,]+/)
      .filter((entry) => entry !== ''),
  };
}

/**
 * The way to a URL of the schemes ws, wss, http or https. Loopback is never proxied, as in VS Code and Go and other than
 * in curl, unless `<-loopback>` stands in `noProxy`, as in Chromium.
 */
export function proxyFor(target: string, network: NetworkSettings): Route {
  const { protocol, hostname, port } = new URL(target);
  const secure = protocol === 'wss:' || protocol === 'https:';
  const address = secure ? network.secureProxy : network.plainProxy;
  if (address === '') return { kind: 'direct' };
  const host = withoutBrackets(hostname).replace(/\.$/, '');
  const entries = network.noProxy.map((entry) => entry.trim().toLowerCase());
  if (isLoopback(host) && !entries.includes('<-loopback>')) return { kind: 'direct' };
  const portNumber = port === '' ? (secure ? 443 : 80) : Number(port);
  if (entries.some((entry) => matches(entry, host, portNumber))) return { kind: 'direct' };
  return readProxy(address, network.authorization);
}

/**
 * One entry of NO_PROXY: `*`, a host with all hosts below it (`example.com`, `.example.com`, `*.example.com`), an
 * address, a range of addresses (`10.0.0.0/8`); each but a range with a port or without.
 */
function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const range = /^(.+)\/(\d{1,3})$/.exec(entry);
  if (range) return isInRange(host, withoutBrackets(range[1] ?? ''), Number(range[2]));
  const withPort = isIPv6(entry) ? undefined : /^(.+):(\d{1,5})$/.exec(entry);
  if (withPort && Number(withPort[2]) !== port) return false;
  const name = withoutBrackets(withPort?.[1] ?? entry).replace(/^\*?\./, '');
  if (name === '') return false;
  if (isIP(host) !== 0) return isIP(name) !== 0 && isInRange(host, name, isIPv6(name) ? 128 : 32);
  return host === name || host.endsWith(`.${name}`);
}

function isInRange(host: string, network: string, prefix: number): boolean {
  const family = isIP(host);
  if (family === 0 || isIP(network) !== family || prefix > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, prefix, type);
  return list.check(host, type);
}

/** `host` as the URL parser gives it: lower case, numbers already spelled as four decimals. */
function isLoopback(host: string): boolean {
  return /^(.+\.)?localhost$|^127(\.\d{1,3}){3}$|^::1$|^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(host);
}

function readProxy(address: string, authorization: string | undefined): Route {
  // Without a scheme it is an http proxy, as everywhere.
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const unusable = (proxy: string, reason: string): Route => ({ kind: 'unusable', proxy, reason });
  // The text itself is not shown: it may hold a password.
  if (!URL.canParse(text)) return unusable('that is set', 'its address is not a URL');
  const { protocol, hostname, port, host, username, password } = new URL(text);
  if (hostname === '') return unusable('that is set', 'its address names no host');
  if (protocol !== 'http:' && protocol !== 'https:') {
    return unusable(host, `it is ${protocol}// and only http:// and https:// are spoken here`);
  }
  const signsIn = username !== '' || password !== '';
  if (!signsIn && /[^\t\x20-\x7e\x80-\xff]/.test(authorization ?? '')) {
    return unusable(host, 'http.proxyAuthorization has a character that no header can carry');
  }
  const secure = protocol === 'https:';
  const number = port === '' ? (secure ? 443 : 80) : Number(port);
  const header = signsIn
    ? `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
    : authorization;
  return {
    kind: 'proxy',
    proxy: {
      secure,
      host: withoutBrackets(hostname),
      port: number,
      name: `${hostname}:${number}`,
      ...(header && { authorization: header }),
    },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare % in a password: meant as it stands.
    return text;
  }
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
