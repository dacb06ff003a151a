import type { AgentParts } from './agent.ts';
import type { Connection } from './connection/connection.ts';
import type { Outgoing } from './connection/messages.ts';
import type { ServerConfig } from './connection/serverConfig.ts';
import { parseServerUrl, type ServerUrl, withoutQuery } from './connection/serverUrl.ts';
import type { ConnectionState } from './connection/state.ts';
import type { Desk } from './desk.ts';
import type { AgentEvent } from './events.ts';
import { type Failure, failed, failures, type Outcome, succeeded } from './failures.ts';
import type { Host } from './host.ts';
import type { Settings } from './settings.ts';
import { sleep } from './shared/clock.ts';
import { type Disposable, Disposables } from './shared/disposables.ts';

export interface ServerLinkParts {
  readonly host: Host;
  readonly parts: AgentParts;
  settings(): Settings;
  emit(event: AgentEvent): void;
  desk(): Promise<Desk>;
  /** False while the model that is wanted could not be had. */
  modelWorks(): boolean;
}

/** Whether a server is wanted, which, and with which key. The wire itself is loaded when one is. */
export interface ServerLink extends Disposable {
  readonly state: ConnectionState;
  /** The id of the message; undefined while nobody would hear it. */
  send(message: Outgoing): string | undefined;
  connect(): void;
  disconnect(): void;
  /** What the connection was opened with is no longer so: another address, or another identity. */
  reopen(): void;
  tryConnection(url: string, key: string, signal: AbortSignal): Promise<Outcome<string>>;
  /** What the server asked for and got. It stands over a reconnect, until another server is meant. */
  readonly config: ServerConfig | undefined;
  /** Waits, for at most five seconds, until the server has every result. */
  allDelivered(signal: AbortSignal): Promise<void>;
}

interface Open extends Disposable {
  readonly connection: Connection;
  readonly desk: Desk;
}

export function createServerLink(link: ServerLinkParts): ServerLink {
  const { host, parts, settings, emit } = link;
  const { clock } = parts;
  let state: ConnectionState = { kind: 'off' };
  let open: Open | undefined;
  /** Resolves when the socket of the one before is gone. */
  let leaving: Promise<void> = Promise.resolve();
  /** Grows with every change of mind, so that a slow start knows that it is no longer wanted. */
  let wish = 0;
  let wanted = false;
  let disposed = false;
  let config: { readonly server: string; readonly applied: ServerConfig } | undefined;

  const become = (next: ConnectionState) => {
    const before = state;
    state = next;
    if (!isSameNews(before, next)) emit(eventOf(next));
  };
  const close = () => {
    open?.dispose();
    if (open) leaving = open.connection.closed();
    open = undefined;
  };
  const session = (server: ServerUrl, key: string) => ({
    host,
    parts,
    server,
    key,
    settings,
    modelWorks: link.modelWorks,
  });

  const openNow = async () => {
    wish += 1;
    const mine = wish;
    wanted = true;
    close();
    const target = await signedIn(host, settings());
    if (mine !== wish) return;
    if (!target.ok) return become({ kind: 'off', failure: target.failure });
    const { server, key } = target.value;
    if (config?.server !== server.url) config = undefined;
    become({ kind: 'connecting', url: withoutQuery(server.url), attempt: 1 });
    const [desk, { acquaintanceWith, openSession }] = await Promise.all([link.desk(), import('./serverSession.ts')]);
    // Never two sockets: what was open before may still be saying goodbye.
    const [known] = await Promise.all([acquaintanceWith(session(server, key), desk), leaving]);
    if (mine !== wish) return;
    const disposables = new Disposables();
    const events = {
      config: () => config?.applied,
      configured: (applied: ServerConfig) => {
        config = { server: server.url, applied };
      },
      notice: (failure: Failure) => emit({ type: 'notice', failure }),
    };
    const connection = openSession(session(server, key), known, desk, events, disposables);
    open = { connection, desk, dispose: () => disposables.dispose() };
    disposables.add(connection.onState(become));
    connection.connect();
  };
  const start = () => {
    if (disposed) return;
    const opening = openNow();
    const mine = wish;
    opening.catch((error: unknown) => {
      host.log('error', 'connecting failed', { error: error instanceof Error ? error.stack : String(error) });
      if (mine === wish) become({ kind: 'off', failure: failures.crashed(String(error)) });
    });
  };

  return {
    get state() {
      return state;
    },
    send: (message) => open?.connection.send(message),
    connect() {
      // A refused key is tried once: asking again reads the key again.
      if (open && state.kind !== 'attention' && state.kind !== 'off') open.connection.connect();
      else start();
    },
    disconnect() {
      wish += 1;
      wanted = false;
      close();
      if (state.kind !== 'off') become({ kind: 'off' });
    },
    reopen() {
      if (wanted) start();
    },
    async tryConnection(url, key, signal) {
      const server = parseServerUrl(url);
      if (!server.ok) return server;
      return (await import('./serverSession.ts')).tryOnce(session(server.value, key), signal);
    },
    get config() {
      return config?.applied;
    },
    async allDelivered(signal) {
      const deadline = clock.monotonic() + 5000;
      while (open && state.kind === 'connected' && open.desk.runner.undelivered > 0) {
        if (clock.monotonic() >= deadline || signal.aborted) return;
        // Aborted: seen at the next turn.
        await sleep(clock, 50, signal).catch(() => undefined);
      }
    },
    dispose() {
      disposed = true;
      wish += 1;
      close();
    },
  };
}

/** A new latency is no news of its own: whoever shows it reads the state. */
function isSameNews(a: ConnectionState, b: ConnectionState): boolean {
  if (a.kind === 'connected' && b.kind === 'connected') return a.url === b.url && a.agentId === b.agentId;
  return a.kind === 'connecting' && b.kind === 'connecting' && a.url === b.url && a.attempt === b.attempt;
}

function eventOf(state: ConnectionState): AgentEvent {
  switch (state.kind) {
    case 'off':
      return { type: 'disconnected', ...withoutKind(state) };
    case 'connecting':
      return { type: 'connecting', ...withoutKind(state) };
    case 'connected':
      return { type: 'connected', ...withoutKind(state) };
    case 'waiting':
      return { type: 'waiting', ...withoutKind(state) };
    case 'attention':
      return { type: 'attention', ...withoutKind(state) };
  }
}

function withoutKind<S extends ConnectionState>({ kind, ...fields }: S): Omit<S, 'kind'> {
  return fields;
}

/** Where to connect and with which key; the failure that keeps from it otherwise. */
async function signedIn(host: Host, settings: Settings): Promise<Outcome<{ server: ServerUrl; key: string }>> {
  if (!host.trusted()) return failed(failures.untrusted());
  if (settings.server.url === '') return failed(failures.signedOut());
  const server = parseServerUrl(settings.server.url);
  if (!server.ok) return server;
  const key = await host.secrets.key(server.value.origin);
  return key ? succeeded({ server: server.value, key }) : failed(failures.noKeyForServer(server.value.host));
}
