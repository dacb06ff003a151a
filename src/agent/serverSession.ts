import type { AgentParts } from './agent.ts';
import { agentConfig } from './connection/agentConfig.ts';
import { capabilities } from './connection/capabilities.ts';
import { type AcceptedConfig, checkConfigUpdate } from './connection/configUpdate.ts';
import { type Connection, createConnection } from './connection/connection.ts';
import { mesh } from './connection/dialects/mesh.ts';
import type { AgentHealth, AgentIdentity, Incoming, RefusedConfig } from './connection/messages.ts';
import type { ServerUrl } from './connection/serverUrl.ts';
import { createOpenSocket } from './connection/webSocket.ts';
import type { Desk } from './desk.ts';
import { failed, failures, type Outcome, succeeded } from './failures.ts';
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

/** A connection whose every word is answered: tasks by the desk, questions by what the desk knows. Not yet connecting. */
export function openSession(
  session: SessionParts,
  desk: Desk,
  limitedBy: (limits: AcceptedConfig) => void,
  disposables: Disposables,
): Connection {
  const { runner, journal, instance } = desk;
  const { clock } = session.parts;
  const openedAt = clock.monotonic();
  const health = (): AgentHealth => ({
    status: journal.degraded ? 'degraded' : runner.draining ? 'draining' : 'healthy',
    activeTasks: runner.running.length,
    queuedTasks: runner.queued.length,
    completedTasks: runner.counts.completed,
    failedTasks: runner.counts.failed,
    uptimeSeconds: Math.round((clock.monotonic() - openedAt) / 1000),
  });
  const connection = connectionTo(session, instance.agentId, () => runner.unfinished, health);

  const hear = (word: Incoming) => {
    switch (word.kind) {
      case 'registered':
        return runner.registered();
      case 'task':
      case 'cancel':
      case 'delivered':
      case 'refused':
        return runner.hear(word);
      case 'capabilityQuery':
        connection.send({ kind: 'capabilities' });
        return;
      case 'healthCheck': {
        const { completed, failed: failedTasks } = runner.counts;
        const checks = {
          connection: true,
          queue: runner.queued.length < session.settings().limits.queuedTasks,
          error_rate: failedTasks <= completed || failedTasks < 3,
          model: session.modelWorks(),
          journal: !journal.degraded,
        };
        const issues = Object.entries(checks).flatMap(([name, good]) => (good ? [] : [name]));
        connection.send({ kind: 'health', healthy: issues.length === 0, issues, checks });
        return;
      }
      case 'config': {
        const { accepted, refused, version } = checkConfigUpdate(word.config);
        const verdict = applicable(accepted, session.settings());
        if (verdict.applied.length > 0) limitedBy(accepted);
        connection.send({
          kind: 'configApplied',
          applied: verdict.applied,
          refused: [...refused, ...verdict.refused],
          ...(version !== undefined && { version }),
        });
        return;
      }
    }
  };
  disposables.add(connection.onWord(hear));
  return disposables.add(connection);
}

/**
 * Registers once, on a connection of its own and under an id of its own, and closes it. Resolves with that id, or with
 * why it did not work.
 */
export function tryOnce(session: SessionParts, signal: AbortSignal): Promise<Outcome<string>> {
  const idle = { activeTasks: 0, queuedTasks: 0, completedTasks: 0, failedTasks: 0, uptimeSeconds: 0 };
  const id = session.parts.clock.uuid();
  const connection = connectionTo(
    session,
    id,
    () => [],
    () => ({ status: 'healthy', ...idle }),
  );
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
  agentId: string,
  runningTasks: () => readonly string[],
  health: () => AgentHealth,
): Connection {
  const { clock } = parts;
  const self: AgentIdentity = {
    id: agentId,
    name: settings().agent.name || `${host.description} on ${parts.machineName}`,
    version: parts.version,
    capabilities,
    config: agentConfig(agentId, settings(), preferredModels),
  };
  return createConnection({
    server: { url: server.url, key },
    self,
    dialect: mesh,
    openSocket: createOpenSocket(clock),
    clock,
    log: host.log,
    runningTasks,
    health,
  });
}

/** What of an update takes effect here. A server may ask for less than the person allowed, never for more. */
function applicable(accepted: AcceptedConfig, settings: Settings): { applied: string[]; refused: RefusedConfig[] } {
  const applied: string[] = [];
  const refused: RefusedConfig[] = [];
  const named = [
    ...Object.keys(accepted.constraints).map((path) => `constraints.${path}`),
    ...Object.keys(accepted.fallback_behavior).map((path) => `fallback_behavior.${path}`),
    ...(['embedding_strategy', 'model_preferences', 'is_active'] as const).filter((key) => accepted[key] !== undefined),
  ];
  const allowed = settings.limits.modelCalls;
  const asked = accepted.constraints['rate_limits.concurrent_requests'];
  for (const path of named) {
    if (path !== 'constraints.rate_limits.concurrent_requests') {
      refused.push({ path, reason: 'not supported by this agent' });
    } else if (asked && asked <= allowed) applied.push(path);
    else refused.push({ path, reason: `wider than the ${allowed} that the user allows` });
  }
  return { applied, refused };
}
