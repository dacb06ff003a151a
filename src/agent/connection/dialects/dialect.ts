import type { Clock } from '../../shared/clock.ts';
import type { AgentIdentity, Incoming, Outgoing } from '../messages.ts';

/** How one kind of server spells what is said. A dialect does no I/O and keeps no timer: frames in, words out, and back. */
export interface Dialect {
  readonly name: 'mesh' | 'envelope' | 'mcp';
  /** No outgoing frame may be larger; the server would hang up on it, again and again. */
  readonly maxFrameBytes: number;
  /**
   * The state of one connection, new for each. `mostFrameBytes`: `maxFrameBytes`, or less where the server was found to
   * take less; what goes out as a reply is shortened by nobody but the dialect.
   */
  open(self: AgentIdentity, clock: Clock, mostFrameBytes: () => number): DialectSession;
  /**
   * For a dialect that is still looking for the right one: how the connection ended that it opened last. `another`: it
   * opens the next one differently, and that at once. `noneFits`: nothing it knows to say is understood.
   */
  ended?(last: LastConnection): 'another' | 'noneFits' | undefined;
}

export interface LastConnection {
  readonly registered: boolean;
  /** The WebSocket had been open. */
  readonly opened: boolean;
  /** Of the server's close, 1006 when the line broke; missing when we ended it ourselves. */
  readonly closeCode?: number;
  /** We ended it because nothing answered the registration in time. */
  readonly unanswered?: true;
}

export interface DialectSession {
  /**
   * Milliseconds of silence after the registration that count as "registered", for servers that never say so;
   * undefined where the server always answers.
   */
  readonly silenceMeansRegistered: number | undefined;
  /** That silence is over: what to say instead, and wait once more. None, or no such function: it counts as registered. */
  afterSilence?(): readonly string[];
  /** Milliseconds until `poll` wants to be called next, asked after each call; undefined where the server pushes. */
  readonly pollEvery: number | undefined;
  /** Frames that ask the server for news. Only called when `pollEvery` is set. */
  poll(): readonly string[];
  encode(message: Outgoing): Encoded;
  /** One frame from the server. Never throws. */
  decode(frame: string): Decoded;
  /** What a polite end begins with. */
  goodbye?(): readonly string[];
}

export interface Encoded {
  /** Names the message for `delivered` and `refused`. */
  readonly messageId: string;
  /** In order; none when this dialect has no way to say it. */
  readonly frames: readonly string[];
  /**
   * How we learn that it arrived. `pong`: by the pong of a ping sent after it, on the same connection.
   * `reply`: `decode` gives `delivered` with this message id. `none`: nobody waits for it.
   */
  readonly delivery: 'pong' | 'reply' | 'none';
}

export type Decoded =
  /** Understood. `replies` go out at once, in order: steps of a handshake, answers the dialect owes by itself. */
  | { readonly kind: 'words'; readonly words: readonly Incoming[]; readonly replies: readonly string[] }
  /** Well formed, but nothing we know. Logged, otherwise ignored. */
  | { readonly kind: 'unknown'; readonly name: string }
  /** Not this dialect at all. The reply, if the dialect owes one, goes out. */
  | { readonly kind: 'malformed'; readonly problem: string; readonly replies: readonly string[] };
