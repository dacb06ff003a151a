import { type Failure, failures } from '../failures.ts';
import type { Log } from '../host.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { Emitter, type Subscribe } from '../shared/emitter.ts';
import { countdown } from './countdown.ts';
import type { Dialect } from './dialects/dialect.ts';
import { hostilityOf, judge, type LinkEnd } from './ending.ts';
import { type Link, openLink } from './link.ts';
import type { AgentHealth, AgentIdentity, Incoming, Outgoing } from './messages.ts';
import { createRetryPace } from './retryPace.ts';
import { withoutQuery } from './serverUrl.ts';
import type { OpenSocket, SocketTarget } from './socket.ts';
import type { ConnectionState } from './state.ts';
import { keyRemover } from './withoutKey.ts';

const connectTimeoutMs = 10_000;
const maxIncomingBytes = 2 * 1024 * 1024;
/** No server that takes less could take even a failure's result. */
const smallestFrameBytes = 1_000;

export interface Connection extends Disposable {
  readonly state: ConnectionState;
  /** Every change of `state`; also when only the latency or the agent id is new. */
  readonly onState: Subscribe<ConnectionState>;
  /**
   * What the server says. `registered` comes once for each connection, after the state became connected, and always
   * with the agent id. `delivered` names a result by the id that `send` gave, whether an ack or a pong proved it.
   */
  readonly onWord: Subscribe<Incoming>;
  /** Idempotent. While waiting: tries now. After a refused key: nothing, as one key is tried once; make a new connection. */
  connect(): void;
  disconnect(): void;
  /** After `disconnect` or `dispose`: resolves when no socket is left, which takes a second at most. */
  closed(): Promise<void>;
  /**
   * The message id. Undefined when it was not sent: not registered, no way to say it in this dialect, or progress
   * while the line is full. A result that is too large goes out shortened (`fitResult`).
   */
  send(message: Outgoing): string | undefined;
}

export interface ConnectionParts {
  readonly server: { readonly url: string; readonly key: string };
  readonly self: AgentIdentity;
  readonly dialect: Dialect;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids to announce at each registration. */
  runningTasks(): readonly string[];
  health(): AgentHealth;
  /** The server gave us a name (`self.assignedId` of the next life), or took it back. */
  assigned?(id: string | undefined): void;
}

/** What goes on, apart from what is shown of it. There is no state with two sockets. */
type Stage =
  | { readonly kind: 'idle' }
  | { readonly kind: 'live'; readonly link: Link }
  /** We hung up, and the socket has not said goodbye yet. */
  | { readonly kind: 'closing'; readonly link: Link; readonly reopen: boolean }
  | { readonly kind: 'waiting'; readonly timer: Disposable };

export function createConnection(parts: ConnectionParts): Connection {
  const { server, dialect, clock } = parts;
  const { host } = new URL(server.url);
  const url = withoutQuery(server.url);
  const clean = keyRemover(server.key, parts.log);
  const { log } = clean;
  const onListenerError = (error: unknown) =>
    log('error', 'a listener of the connection failed', {
      error: error instanceof Error ? error.stack : String(error),
    });
  const states = new Emitter<ConnectionState>(onListenerError);
  const words = new Emitter<Incoming>(onListenerError);

  let stage: Stage = { kind: 'idle' };
  let state: ConnectionState = { kind: 'off' };
  let disposed = false;
  let keyRefused: Failure | undefined;
  /** What the server calls us, where that is not what we call ourselves. */
  let assignedId = parts.self.assignedId;
  let agentId = assignedId ?? parts.self.id;
  /** What the server was found to take, where that is less than the dialect says. */
  let mostTaken = Number.POSITIVE_INFINITY;
  const pace = createRetryPace(clock);
  const whenClosed: (() => void)[] = [];
  let registeredAt: number | undefined;
  let latencyMs: number | undefined;

  function show(next: ConnectionState): void {
    const changed = next.kind !== state.kind;
    state = next;
    if (changed) log(levelOf(next), `connection: ${next.kind}`, fieldsOfState(next));
    states.emit(next);
  }

  function open(): void {
    registeredAt = undefined;
    latencyMs = undefined;
    agentId = assignedId ?? parts.self.id;
    const counts = new Map<string, number>();
    const maxFrameBytes = () => Math.min(mostTaken, dialect.maxFrameBytes);
    const link: Link = openLink(
      {
        target: target(),
        session: dialect.open(self(), clock, maxFrameBytes),
        openSocket: parts.openSocket,
        clock,
        maxFrameBytes,
        runningTasks: parts.runningTasks,
        health: parts.health,
        odd: (what, detail) => {
          const count = (counts.get(what) ?? 0) + 1;
          counts.set(what, count);
          // The 1st, 2nd, 4th, 8th ...: a server that floods us must not flood the log.
          if ((count & (count - 1)) === 0) log('warn', what, { detail: detail.slice(0, 200), count });
        },
      },
      {
        registered,
        said: (word) => words.emit('text' in word ? { ...word, text: clean.text(word.text) } : word),
        measured: (ms) => {
          latencyMs = ms;
          if (state.kind === 'connected') show({ ...state, latencyMs });
        },
        tooLarge: (bytes) => {
          const most = Math.min(mostTaken, dialect.maxFrameBytes, bytes);
          mostTaken = Math.max(smallestFrameBytes, Math.floor(most / 2));
          log('warn', 'the server found a message too large', { bytes, maxFrameBytes: mostTaken });
        },
        ended,
      },
    );
    stage = { kind: 'live', link };
    show({ kind: 'connecting', url, attempt: pace.failures + 1 });
  }

  function target(): SocketTarget {
    return {
      url: server.url,
      headers: {
        Authorization: `Bearer ${server.key}`,
        'X-Agent-ID': assignedId ?? parts.self.id,
        'X-Agent-Type': 'ide',
      },
      connectTimeoutMs,
      maxIncomingBytes,
    };
  }

  function self(): AgentIdentity {
    const { assignedId: _, ...ours } = parts.self;
    return assignedId === undefined ? ours : { ...ours, assignedId };
  }

  function nowCalled(name: string | undefined): void {
    if (name === assignedId) return;
    assignedId = name;
    parts.assigned?.(name);
  }

  function registered(given: string | undefined): void {
    const first = registeredAt === undefined;
    if (given !== undefined) {
      agentId = given;
      // The readable id is our own word, and some servers want a UUID.
      if (given !== parts.self.readableId) nowCalled(given === parts.self.id ? undefined : given);
    }
    registeredAt ??= clock.monotonic();
    const before = stage;
    show({ kind: 'connected', url, agentId, dialect: dialect.name, ...(latencyMs !== undefined && { latencyMs }) });
    if (first && stage === before) words.emit({ kind: 'registered', agentId });
  }

  function ended(end: LinkEnd, opened: boolean): void {
    if (stage.kind === 'closing') {
      const { reopen } = stage;
      stage = { kind: 'idle' };
      if (reopen) open();
      else for (const resolve of whenClosed.splice(0)) resolve();
      return;
    }
    if (registeredAt !== undefined) {
      // A server that never answers a ping is not sound, however often it takes us in.
      pace.lost(clock.monotonic() - registeredAt, end.kind === 'silent' && latencyMs !== undefined);
    }
    const registered = registeredAt !== undefined;
    // It may be the name that it does not know any more.
    if (!registered && end.kind === 'refused' && !end.busy) nowCalled(undefined);
    const hostile = opened && pace.ended(hostilityOf(end, registered));
    const closeCode = end.kind === 'closed' ? end.code : end.kind === 'error' ? 1006 : undefined;
    const advice = dialect.ended?.({
      registered,
      opened,
      ...(closeCode !== undefined && { closeCode }),
      ...(opened && end.kind === 'connectTimeout' && { unanswered: true }),
    });
    if (advice === 'another' && !hostile) {
      open();
      return;
    }
    const verdict = judge(clean.end(end), host, opened);
    if (verdict.kind === 'stop') {
      stage = { kind: 'idle' };
      keyRefused = verdict.failure;
      show({ kind: 'attention', url, failure: verdict.failure });
      return;
    }
    let { failure } = verdict;
    if (advice === 'noneFits') failure = failures.noDialectFits(host);
    else if (hostile) failure = failures.protocolBroken(host, failure.detail ?? failure.message);
    const retryInMs = pace.wait({
      slow: hostile || verdict.slow === true,
      crowded: (end.kind === 'upgradeRefused' && end.status === 429) || (end.kind === 'refused' && !!end.busy),
      retryAfterMs: verdict.retryAfterMs ?? 0,
    });
    stage = { kind: 'waiting', timer: countdown(clock, retryInMs, open) };
    show({ kind: 'waiting', url, attempt: pace.failures, retryInMs, failure });
  }

  function disconnect(): void {
    pace.reset();
    if (stage.kind === 'waiting') {
      stage.timer.dispose();
      stage = { kind: 'idle' };
    } else if (stage.kind === 'live' || stage.kind === 'closing') {
      const { link } = stage;
      stage = { kind: 'closing', link, reopen: false };
      link.close();
    }
    if (state.kind !== 'off') show({ kind: 'off' });
  }

  return {
    get state() {
      return state;
    },
    onState: states.subscribe,
    onWord: words.subscribe,
    connect: () => {
      if (disposed) return;
      if (keyRefused) {
        if (state.kind !== 'attention') show({ kind: 'attention', url, failure: keyRefused });
      } else if (stage.kind === 'idle') open();
      else if (stage.kind === 'waiting') {
        stage.timer.dispose();
        open();
      } else if (stage.kind === 'closing' && !stage.reopen) {
        const { link } = stage;
        stage = { kind: 'closing', link, reopen: true };
        show({ kind: 'connecting', url, attempt: pace.failures + 1 });
        link.terminate();
      }
    },
    disconnect,
    closed: () => (stage.kind === 'closing' ? new Promise((resolve) => whenClosed.push(resolve)) : Promise.resolve()),
    send: (message) => (stage.kind === 'live' && state.kind === 'connected' ? stage.link.send(message) : undefined),
    dispose: () => {
      if (disposed) return;
      disposed = true;
      disconnect();
      states.dispose();
      words.dispose();
    },
  };
}

function levelOf(state: ConnectionState): 'info' | 'warn' | 'error' {
  if (state.kind === 'attention') return 'error';
  return state.kind === 'waiting' ? 'warn' : 'info';
}

function fieldsOfState(state: ConnectionState): Readonly<Record<string, unknown>> {
  const { kind: _, ...fields } = state;
  if (!('failure' in fields) || !fields.failure) return fields;
  const { code, detail } = fields.failure;
  return { ...fields, failure: detail === undefined ? code : `${code}: ${detail}` };
}
