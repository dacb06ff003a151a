import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { meaningOf } from './closeCodes.ts';
import type { DialectSession, Encoded } from './dialects/dialect.ts';
import type { LinkEnd } from './ending.ts';
import { fitResult } from './fitResult.ts';
import { type KeepAlive, keepAlive, pongWithinMs } from './keepAlive.ts';
import type { AgentHealth, Incoming, Outgoing, Refusal } from './messages.ts';
import type { OpenSocket, SocketTarget } from './socket.ts';

const heartbeatEveryMs = 30_000;
/** For dialects whose server always answers a registration. */
const registerWithinMs = 10_000;
/** With so much unsent, news about progress, or about a task not taken, is worth less than the memory it takes. */
const fullBufferBytes = 4_000_000;
const mostRecent = 1000;
/** After which the same message may go out again as it is. */
const passingReasons: ReadonlySet<Refusal> = new Set(['rate', 'passing', 'key']);

/** One socket from its opening to its end: registers, keeps alive, speaks one session of a dialect, and knows what arrived. */
export interface Link {
  /** The message id; undefined before the registration, and for what the dialect, the size or a full buffer keeps back. */
  send(message: Outgoing): string | undefined;
  /** Ends it politely. Only `ended` follows. */
  close(): void;
  /** Ends it at once. Only `ended` follows. */
  terminate(): void;
}

export interface LinkEvents {
  /** First: registered, with or without the server saying so. Again: the server has since said more. */
  registered(agentId: string | undefined): void;
  said(word: Incoming): void;
  /** Round trip of a ping. */
  measured(ms: number): void;
  /** A frame of this many bytes was too large for the server. */
  tooLarge(bytes: number): void;
  /** Once, the last event. `opened`: the WebSocket had been open. */
  ended(end: LinkEnd, opened: boolean): void;
}

export interface LinkParts {
  readonly target: SocketTarget;
  readonly session: DialectSession;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  maxFrameBytes(): number;
  runningTasks(): readonly string[];
  health(): AgentHealth;
  /** Something odd that the server did; called as often as it does it. */
  odd(what: string, detail: string): void;
}

export function openLink(parts: LinkParts, events: LinkEvents): Link {
  const { session, clock, odd } = parts;
  let stage: 'opening' | 'registering' | 'registered' | 'ending' = 'opening';
  let opened = false;
  let cause: LinkEnd | undefined;
  let alive: KeepAlive | undefined;
  let registrationId: string | undefined;
  let largestSent = 0;
  let awaitedSilence: number | undefined;
  const timers = new Map<'register' | 'heartbeat' | 'poll', Disposable>();
  const awaitingReply = new Set<string>();
  /** In the order they were sent, so their marks never fall. */
  let awaitingPong: { readonly messageId: string; readonly mark: number }[] = [];
  /** Whatever we sent last: some servers acknowledge even what nobody waits for. */
  const recent = new Set<string>();
  /** Of those, what the server refused for the moment. Some keep it all the same, and acknowledge it a little later. */
  const putOff = new Set<string>();

  const socket = parts.openSocket(parts.target, {
    onOpen: () => {
      opened = true;
      stage = 'registering';
      registrationId = transmit({ kind: 'register', runningTasks: parts.runningTasks() });
      alive = keepAlive({
        clock,
        ping: (mark) => socket.ping(mark),
        measured: (ms) => events.measured(ms),
        dead: () => fail({ kind: 'silent', ms: pongWithinMs }),
      });
      awaitRegistration();
    },
    onMessage: (text) => hear(text),
    onBinary: (bytes) => odd('a binary frame', `${bytes} bytes`),
    onPong: (text) => {
      const mark = alive?.pong(text);
      if (mark === undefined) return odd('a pong nobody asked for', text);
      const proven = awaitingPong.filter((sent) => sent.mark <= mark);
      awaitingPong = awaitingPong.filter((sent) => sent.mark > mark);
      for (const { messageId } of proven) say({ kind: 'delivered', messageId });
    },
    onClose: (end) => {
      stop();
      if (end.kind === 'closed' && meaningOf(end.code) === 'tooLarge') events.tooLarge(largestSent);
      events.ended(cause ?? end, opened);
    },
  });

  function awaitRegistration(): void {
    awaitedSilence = session.silenceMeansRegistered;
    if (awaitedSilence === undefined) {
      arm('register', registerWithinMs, () => fail({ kind: 'connectTimeout', ms: registerWithinMs }));
      return;
    }
    arm('register', awaitedSilence, () => {
      const instead = session.afterSilence?.() ?? [];
      for (const frame of instead) put(frame);
      if (instead.length > 0) awaitRegistration();
      else becomeRegistered(undefined);
    });
  }

  function hear(text: string): void {
    const decoded = session.decode(text);
    if (stage === 'registering' && session.silenceMeansRegistered !== awaitedSilence) awaitRegistration();
    if (decoded.kind === 'unknown') {
      odd('a message of an unknown type', decoded.name);
      return;
    }
    for (const reply of decoded.replies) put(reply);
    if (decoded.kind === 'malformed') odd('a malformed message', decoded.problem);
    else for (const word of decoded.words) if (!isEnding()) heard(word);
  }

  function heard(word: Incoming): void {
    switch (word.kind) {
      case 'registered':
        becomeRegistered(word.agentId);
        break;
      case 'delivered':
        acknowledged(word);
        break;
      case 'refused':
        refused(word);
        break;
      case 'expired':
        fail({ kind: 'refused', key: false, text: word.text });
        break;
      default:
        // Who gives us work has registered us, whether it says so or not.
        if (stage === 'registering') becomeRegistered(undefined);
        say(word);
    }
  }

  function acknowledged(word: Extract<Incoming, { kind: 'delivered' }>): void {
    const { messageId } = word;
    // An ack says more than a pong, and may come before it.
    const sooner = awaitingPong.some((sent) => sent.messageId === messageId);
    awaitingPong = awaitingPong.filter((sent) => sent.messageId !== messageId);
    const late = putOff.delete(messageId);
    if (awaitingReply.delete(messageId) || sooner || late) say(word);
    else if (!recent.has(messageId)) odd('an ack for nothing', messageId);
  }

  function refused(word: Extract<Incoming, { kind: 'refused' }>): void {
    const general = word.about === undefined || word.about === registrationId;
    const key = word.reason === 'key' && general;
    // A task of somebody else's is no answer to our registration.
    if (key || (stage === 'registering' && word.reason !== 'disowned')) {
      const { text, reason, retryAfterMs } = word;
      const busy = reason === 'rate' && { busy: retryAfterMs === undefined ? {} : { retryAfterMs } };
      fail({ kind: 'refused', key, text, ...busy });
      return;
    }
    if (word.reason === 'tooLarge') events.tooLarge(largestSent);
    if (word.about !== undefined) {
      awaitingReply.delete(word.about);
      awaitingPong = awaitingPong.filter((sent) => sent.messageId !== word.about);
      if (passingReasons.has(word.reason) && recent.has(word.about)) putOff.add(word.about);
    }
    say(word);
  }

  function becomeRegistered(agentId: string | undefined): void {
    const first = stage === 'registering';
    if (first) {
      stage = 'registered';
      timers.get('register')?.dispose();
      heartbeat();
      if (session.pollEvery !== undefined) poll();
    }
    if (first || agentId !== undefined) events.registered(agentId);
  }

  function heartbeat(): void {
    transmit({ kind: 'heartbeat', health: parts.health() });
    arm('heartbeat', heartbeatEveryMs, heartbeat);
  }

  function poll(): void {
    for (const frame of session.poll()) put(frame);
    if (session.pollEvery !== undefined) arm('poll', session.pollEvery, poll);
  }

  function transmit(message: Outgoing): string | undefined {
    const mayBeLost = message.kind === 'progress' || message.kind === 'error';
    if (mayBeLost && socket.bufferedBytes > fullBufferBytes) return undefined;
    const encoded = encodeWithin(session, message, parts.maxFrameBytes());
    if (encoded === undefined) {
      odd('a message of ours that is too large', message.kind);
      return undefined;
    }
    if (encoded.frames.length === 0) return undefined;
    for (const frame of encoded.frames) put(frame);
    recent.add(encoded.messageId);
    for (const oldest of recent) {
      if (recent.size <= mostRecent) break;
      recent.delete(oldest);
      putOff.delete(oldest);
    }
    if (encoded.delivery === 'reply') awaitingReply.add(encoded.messageId);
    if (encoded.delivery === 'pong' && alive) {
      awaitingPong.push({ messageId: encoded.messageId, mark: alive.proof() });
    }
    return encoded.messageId;
  }

  function put(frame: string): void {
    largestSent = Math.max(largestSent, Buffer.byteLength(frame));
    socket.send(frame);
  }

  function say(word: Incoming): void {
    if (!isEnding()) events.said(word);
  }

  function isEnding(): boolean {
    return stage === 'ending';
  }

  function fail(why: LinkEnd): void {
    cause ??= why;
    stop();
    socket.terminate();
  }

  function stop(): void {
    stage = 'ending';
    alive?.dispose();
    for (const timer of timers.values()) timer.dispose();
  }

  function arm(name: 'register' | 'heartbeat' | 'poll', ms: number, callback: () => void): void {
    timers.get(name)?.dispose();
    timers.set(name, clock.after(ms, callback));
  }

  return {
    send: (message) => (stage === 'registered' ? transmit(message) : undefined),
    close: () => {
      if (stage === 'registered') for (const frame of session.goodbye?.() ?? []) put(frame);
      stop();
      socket.close();
    },
    terminate: () => {
      stop();
      socket.terminate();
    },
  };
}

/**
 * Encodes. A result that is too long is shortened first, and a registration names fewer tasks. Undefined when even that
 * does not fit; only a registration goes out all the same, because nothing works without it.
 */
function encodeWithin(session: DialectSession, message: Outgoing, maxBytes: number): Encoded | undefined {
  let encoded = session.encode(message);
  if (message.kind === 'register') {
    let named = message.runningTasks.length;
    while (named > 0 && largest(encoded) > maxBytes) {
      named = Math.floor(named / 2);
      encoded = session.encode({ kind: 'register', runningTasks: message.runningTasks.slice(0, named) });
    }
    return encoded;
  }
  if (message.kind !== 'result') return largest(encoded) <= maxBytes ? encoded : undefined;
  let room = Buffer.byteLength(JSON.stringify(message.result));
  for (let tries = 0; tries < 5; tries++) {
    const excess = largest(encoded) - maxBytes;
    if (excess <= 0) return encoded;
    // A dialect may escape the result once more, so one byte of it can be more than one on the wire.
    room -= excess;
    encoded = session.encode({ kind: 'result', result: fitResult(message.result, room) });
  }
  return largest(encoded) <= maxBytes ? encoded : undefined;
}

function largest(encoded: Encoded): number {
  return encoded.frames.reduce((most, frame) => Math.max(most, Buffer.byteLength(frame)), 0);
}
