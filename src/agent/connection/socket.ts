import type { ProxyProblem } from '../network/tunnel.ts';

/** One message connection to a server. Implementations: `webSocket.ts`, and a memory pair in the tests. */
export interface Socket {
  /** Queues one text frame. Returning says nothing about arrival. A closed socket drops it. */
  send(text: string): void;
  /** Asks the peer for a sign of life. Its `onPong` carries the same mark and proves that all sent before was read. */
  ping(mark: string): void;
  /** Bytes queued and not yet handed to the kernel. */
  readonly bufferedBytes: number;
  /** Polite close with 1000, hard after one second. `onClose` still follows, once. */
  close(): void;
  /** Hard close at once. `onClose` still follows, once. */
  terminate(): void;
}

export interface SocketEvents {
  onOpen(): void;
  /** One message of text. Its bytes may have come as a binary frame: some servers send their JSON so. */
  onMessage(text: string): void;
  /** A binary frame that is no JSON text, of so many bytes. It was thrown away, and the connection lives. */
  onBinary(bytes: number): void;
  onPong(mark: string): void;
  /** Exactly once, the last event, whatever happened. */
  onClose(end: SocketEnd): void;
}

export type SocketEnd =
  /** The server answered the upgrade with an HTTP status instead. `retryAfterMs` from its header. */
  | { readonly kind: 'upgradeRefused'; readonly status: number; readonly retryAfterMs?: number }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  /** `code` as Node gives it (ECONNREFUSED, CERT_HAS_EXPIRED, ...). */
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  /** The proxy on the way, `host:port`, let nothing through. `code`: as Node gives it, `HTTP 407`, or words. */
  | { readonly kind: 'proxy'; readonly proxy: string; readonly problem: ProxyProblem; readonly code: string }
  | { readonly kind: 'connectTimeout'; readonly ms: number };

export interface SocketTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Wall-clock limit of the whole connect, trickling servers included. */
  readonly connectTimeoutMs: number;
  /** Larger incoming messages end the connection. */
  readonly maxIncomingBytes: number;
}

/** Opens one. Never throws: what goes wrong arrives as `onClose`, after the call has returned. */
export type OpenSocket = (target: SocketTarget, events: SocketEvents) => Socket;
