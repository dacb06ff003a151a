import type { AgentParts } from './agent.ts';
import { agentConfig } from './connection/agentConfig.ts';
import { capabilities } from './connection/capabilities.ts';
import { chooseDialect, readableId } from './connection/chooseDialect.ts';
import { checkConfigUpdate } from './connection/configUpdate.ts';
import { type Connection, type ConnectionParts, createConnection } from './connection/connection.ts';
import type { Dialect } from './connection/dialects/dialect.ts';
import { openNameMemory } from './connection/memories.ts';
import type { AgentHealth, AgentIdentity, Incoming } from './connection/messages.ts';
import { applyUpdate, type ServerConfig } from './connection/serverConfig.ts';
import type { ServerMemory } from './connection/serverMemory.ts';
import type { ServerUrl } from './connection/serverUrl.ts';
import { createOpenSocket } from './connection/webSocket.ts';
import type { Desk } from './desk.ts';
import { type Failure, failed, failures, type Outcome, succeeded } from './failures.ts';
import type { Host } from './host.ts';
import { defaultModels } from './models/defaultModels.ts';
import type { Settings } from './settings.ts';
import type { Disposables } from './shared/disposables.ts';

export interface SessionParts {
  readonly host: Host;
  readonly parts: Pick<AgentParts, 'clock' | 'machineName' | 'version'>;
  readonly server: ServerUrl;
  readonly key: string;
  settings(): Settings;
  modelWorks(): boolean;
}

export interface SessionEvents {
  /** What this server asked for so far and got. */
  config(): ServerConfig | undefined;
  configured(config: ServerConfig): void;
  /** Something about this server that a person should know. */
  notice(failure: Failure): void;
}

/** The dialect for this server, as the settings have it now. */
function dialectFor({ host, server, settings }: SessionParts): Promise<Dialect> {
  return chooseDialect(settings().server.dialect, { url: server.url, folder: host.storage, log: host.log });
}

/** What this server and we know of each other from earlier. */
export interface Acquaintance {
  readonly dialect: Dialect;
  readonly names: ServerMemory<string>;
  /** Under which this window is known where the id is all that is seen of it. */
  readonly readableId: string;
}

export async function acquaintanceWith(session: SessionParts, desk: Desk): Promise<Acquaintance> {
  const { host, server, settings, parts } = session;
  const chosen = settings().agent.id;
  const [dialect, names, ownId] = await Promise.all([
    dialectFor(session),
    openNameMemory(desk.instance.folder, server.url, host.log),
    chosen === '' ? '' : desk.idFor(server.origin, chosen),
  ]);
  return { dialect, names, readableId: readableId(ownId, parts.machineName, desk.instance.agentId) };
}

/** A connection whose every word is answered: tasks by the desk, questions by what the desk knows. Not yet connecting. */
export function openSession(
  session: SessionParts,
  { dialect, names, readableId }: Acquaintance,
  desk: Desk,
  events: SessionEvents,
  disposables: Disposables,
): Connection {
  const { runner, journal, instance } = desk;
  const { clock } = session.parts;
  const openedAt = clock.monotonic();
  const health = (): AgentHealth => ({
    status: runner.draining ? 'draining' : journal.degraded ? 'degraded' : 'healthy',
    activeTasks: runner.running.length,
    queuedTasks: runner.queued.length + runner.asking.length,
    completedTasks: runner.counts.completed,
    failedTasks: runner.counts.failed,
    uptimeSeconds: Math.round((clock.monotonic() - openedAt) / 1000),
  });
  const connection = connectionTo(session, dialect, {
    id: instance.agentId,
    readableId,
    assignedId: names.recall(),
    assigned: (id) => (id === undefined ? names.forget() : names.remember(id)),
    runningTasks: () => runner.unfinished,
    health,
  });
  let toldNoTasks = false;
  let toldId = false;

  const hear = (word: Incoming) => {
    switch (word.kind) {
      case 'registered': {
        const chosen = session.settings().agent.id;
        const another = word.agentId === readableId && chosen !== '' && chosen !== readableId;
        if (another && !toldId) events.notice(failures.agentIdInUse(chosen, readableId));
        toldId ||= another;
        return runner.registered();
      }
      case 'task':
      case 'cancel':
      case 'delivered':
      case 'refused':
        return desk.hear(word);
      case 'noTasks':
        // Once: each reconnect would say it again.
        if (!toldNoTasks) events.notice(failures.noTasksThere(session.server.host));
        toldNoTasks = true;
        return;
      case 'resting':
        events.notice(failures.serverResting(session.server.host, word.text, word.forMs));
        return;
      case 'capabilityQuery':
        connection.send({ kind: 'capabilities' });
        return;
      case 'healthCheck': {
        const checks = {
          connection: true,
          queue: runner.queued.length < session.settings().limits.queuedTasks,
          error_rate: !runner.failsOften,
          model: session.modelWorks(),
          journal: !journal.degraded,
        };
        const issues = Object.entries(checks).flatMap(([name, good]) => (good ? [] : [name]));
        connection.send({ kind: 'health', healthy: issues.length === 0, issues, checks });
        return;
      }
      case 'config': {
        const { config, applied, refused } = applyUpdate(
          events.config(),
          checkConfigUpdate(word.config),
          session.settings(),
        );
        events.configured(config);
        session.host.log('info', 'the server sent a configuration', { applied, refused });
        const { version } = config;
        connection.send({ kind: 'configApplied', applied, refused, ...(version !== undefined && { version }) });
        return;
      }
    }
  };
  disposables.add(connection.onWord(hear));
  // At once, and not with the next heartbeat: until then the server would go on giving us tasks.
  disposables.add(runner.onDraining(() => connection.send({ kind: 'heartbeat', health: health() })));
  return disposables.add(connection);
}

/**
 * Registers once, on a connection of its own and under an id of its own, and closes it. Resolves with that id, or with
 * why it did not work.
 */
export async function tryOnce(session: SessionParts, signal: AbortSignal): Promise<Outcome<string>> {
  const idle = { activeTasks: 0, queuedTasks: 0, completedTasks: 0, failedTasks: 0, uptimeSeconds: 0 };
  const id = session.parts.clock.uuid();
  const connection = connectionTo(session, await dialectFor(session), {
    id,
    readableId: readableId('', session.parts.machineName, id),
    runningTasks: () => [],
    health: () => ({ status: 'healthy', ...idle }),
  });
  return new Promise((resolve) => {
    const finish = (outcome: Outcome<string>) => {
      signal.removeEventListener('abort', stop);
      connection.dispose();
      resolve(outcome);
    };
    const stop = () => finish(failed(failures.cancelled()));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    connection.onState((state) => {
      if (state.kind === 'connected') finish(succeeded(state.agentId));
      if (state.kind === 'waiting' || state.kind === 'attention') finish(failed(state.failure));
    });
    connection.connect();
  });
}

const [bestModel, ...otherModels] = defaultModels;
const preferredModels: readonly [string, ...string[]] = [bestModel.id, ...otherModels.map(({ id }) => id)];

function connectionTo(
  { host, parts, server, key, settings }: SessionParts,
  dialect: Dialect,
  who: Pick<ConnectionParts, 'runningTasks' | 'health' | 'assigned'> & {
    readonly id: string;
    readonly readableId: string;
    readonly assignedId?: string | undefined;
  },
): Connection {
  const { clock } = parts;
  const { id, readableId, assignedId, ...rest } = who;
  const self: AgentIdentity = {
    id,
    ...(assignedId !== undefined && { assignedId }),
    readableId,
    name: settings().agent.name || `${host.description} on ${parts.machineName}`,
    version: parts.version,
    capabilities,
    config: agentConfig(id, settings(), preferredModels),
  };
  return createConnection({
    server: { url: server.url, key },
    self,
    dialect,
    openSocket: createOpenSocket(clock, () => host.network()),
    clock,
    log: host.log,
    ...rest,
  });
}
