import { type Failure, failures } from '../failures.ts';
import { proxyFailure, tlsFailure } from '../network/networkFailure.ts';
import { meaningOf } from './closeCodes.ts';
import type { SocketEnd } from './socket.ts';

/** Why a link ended: what its socket said, or what the link itself found. */
export type LinkEnd =
  | SocketEnd
  /** A ping stayed without its pong. */
  | { readonly kind: 'silent'; readonly ms: number }
  /** The server answered the registration, or the whole connection, with an error. */
  | {
      readonly kind: 'refused';
      readonly key: boolean;
      readonly text: string;
      /** It is not us: there is too much for the server at present. */
      readonly busy?: { readonly retryAfterMs?: number };
    };

export type Verdict =
  /** The key was seen and not accepted, so it is never shown to this server again. */
  | { readonly kind: 'stop'; readonly failure: Failure }
  | {
      readonly kind: 'retry';
      readonly failure: Failure;
      readonly retryAfterMs?: number;
      /** The server has made up its mind about what we are or do: only time, or a person, may change that. */
      readonly slow?: true;
    };

const refusedKeyStatus: ReadonlySet<number> = new Set([401, 403]);

/**
 * What an end means. Only a refused key stops the tries: a close with 1000 in particular is how some servers
 * hang up on anything, and says nothing about being finished.
 */
export function judge(end: LinkEnd, host: string, established: boolean): Verdict {
  switch (end.kind) {
    case 'upgradeRefused': {
      if (refusedKeyStatus.has(end.status)) return { kind: 'stop', failure: failures.keyRejected(host) };
      return {
        kind: 'retry',
        failure: refusedUpgrade(end.status, host),
        ...(end.retryAfterMs !== undefined && { retryAfterMs: end.retryAfterMs }),
      };
    }
    case 'closed': {
      const meaning = meaningOf(end.code);
      if (meaning === 'key') return { kind: 'stop', failure: failures.keyRejected(host) };
      if (meaning === 'final') {
        return { kind: 'retry', failure: failures.closedForGood(host, end.code, end.reason), slow: true };
      }
      const detail = end.reason === '' ? `close ${end.code}` : `close ${end.code}: ${end.reason}`;
      return { kind: 'retry', failure: failures.connectionLost(host, detail) };
    }
    case 'refused': {
      if (end.key) return { kind: 'stop', failure: failures.keyRejected(host) };
      if (!end.busy) return { kind: 'retry', failure: failures.registrationRefused(host, end.text) };
      const { retryAfterMs } = end.busy;
      const failure = failures.serverResting(host, end.text, retryAfterMs);
      return { kind: 'retry', failure, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    }
    case 'silent':
      return { kind: 'retry', failure: failures.connectionLost(host, `no pong within ${end.ms} ms`) };
    case 'connectTimeout':
      return { kind: 'retry', failure: failures.connectTimeout(host, Math.round(end.ms / 1000)) };
    case 'proxy':
      return { kind: 'retry', failure: proxyFailure(end, host) };
    case 'error': {
      // A key with a line break in it cannot be put into a header: no server will ever see it.
      if (end.code === 'ERR_INVALID_CHAR') return { kind: 'stop', failure: failures.keyRejected(host) };
      const tls = tlsFailure(end.code, host, 'developerMesh.server.url');
      if (tls) return { kind: 'retry', failure: tls };
      const nameless = end.code === '' || end.code === 'UNKNOWN' || end.message.includes(end.code);
      const detail = nameless ? end.message : `${end.code} ${end.message}`;
      if (established) return { kind: 'retry', failure: failures.connectionLost(host, detail) };
      const failure = isNoAnswer(end.code) ? failures.unreachable(host, detail) : failures.notWebSocket(host, detail);
      return { kind: 'retry', failure };
    }
  }
}

/** What is wrong with an answer is found by the reader of HTTP, or by that of the upgrade, who gives no codes. */
function isNoAnswer(code: string): boolean {
  return code !== 'UNKNOWN' && !code.startsWith('HPE_');
}

function refusedUpgrade(status: number, host: string): Failure {
  if (status === 429 || status === 503) return failures.serverBusy(host, status);
  return status >= 200 && status < 400 ? failures.webPage(host, status) : failures.upgradeRefused(host, status);
}

export type Hostility = 'none' | 'perhaps' | 'certain';

/**
 * Whether a connection that had been open ended as only a server's fault or ill will can end it. We hang up on a flood
 * of pings without an error, so a line that breaks before the registration may be that, or just the network.
 */
export function hostilityOf(end: LinkEnd, registered: boolean): Hostility {
  if (end.kind === 'error' && end.code.startsWith('WS_ERR_')) return 'certain';
  if (end.kind !== 'closed' || registered) return 'none';
  // The registration itself is too large for it, and cannot be made smaller.
  if (meaningOf(end.code) === 'tooLarge') return 'certain';
  return end.code === 1006 ? 'perhaps' : 'none';
}
