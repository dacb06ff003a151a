import { failed, failures, type Outcome, succeeded } from '../failures.ts';

export interface ServerUrl {
  /** What is dialled. */
  readonly url: string;
  /** `wss://host:port`, the port always written: what a key is bound to. */
  readonly origin: string;
  /** For a person to read: the host, and the port unless it is the usual one. */
  readonly host: string;
}

const secureSchemes: Readonly<Record<string, boolean>> = { 'wss:': true, 'https:': true, 'ws:': false, 'http:': false };

/**
 * Reads what a person typed. Everything is decided on the parsed URL, never on its text: `127.0.0.1.evil.com`
 * and `wss://127.0.0.1@evil.com` begin like a loopback address and are none.
 */
export function parseServerUrl(text: string): Outcome<ServerUrl> {
  const typed = text.trim();
  const refuse = (reason: string) => failed(failures.badServerUrl(reason));
  if (typed === '') return refuse('it is empty.');
  if (typed.length > 2048) return refuse('it is longer than 2048 characters.');
  // The parser drops tabs and line breaks and reads a backslash as a slash, so the URL would not be the one that was read.
  if (/[\s\\\p{Cc}]/u.test(typed)) return refuse('it has a space, a backslash or a control character.');
  if (!/^[a-z]+:\/\/[^/]/i.test(typed)) return refuse('it must look like wss://host/path.');

  if (!URL.canParse(typed)) return refuse('it is not a URL.');
  const parsed = new URL(typed);
  const secure = secureSchemes[parsed.protocol];
  if (secure === undefined) return refuse('it must begin with wss://.');
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(typed)?.[1] ?? '';
  if (authority.includes('@')) return refuse('it must not carry a user name or a password.');
  if (typed.includes('#')) return refuse('it must not carry a fragment (#).');
  if (parsed.port === '0') return refuse('port 0 cannot be connected to.');
  if (!secure && !isLoopback(parsed.hostname)) {
    return refuse('without encryption (ws://) only this computer itself can be used; begin it with wss://.');
  }

  const scheme = secure ? 'wss' : 'ws';
  const path = parsed.pathname === '/' ? '/ws' : parsed.pathname;
  return succeeded({
    url: `${scheme}://${parsed.host}${path}${parsed.search}`,
    origin: `${scheme}://${parsed.hostname}:${parsed.port || (secure ? 443 : 80)}`,
    host: parsed.host,
  });
}

/** An address as it may be shown and logged: its query can hold what nobody else should read. */
export function withoutQuery(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** `hostname` as the URL parser gives it: lower case, numbers already spelled as four decimals. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
