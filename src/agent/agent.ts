import { isDeepStrictEqual } from 'node:util';
import type { ConnectionState } from './connection/state.ts';
import type { Desk } from './desk.ts';
import type { AgentEvent, TaskHead } from './events.ts';
import type { Outcome } from './failures.ts';
import { createFindingStore, type FindingStore } from './findings/store.ts';
import { createSuppressions, type Suppressions } from './findings/suppressions.ts';
import type { Host } from './host.ts';
import type { Spend } from './models/spendLedger.ts';
import type { Preview } from './review/preview.ts';
import { createServerLink } from './serverLink.ts';
import type { Settings } from './settings.ts';
import type { Clock } from './shared/clock.ts';
import type { Disposable } from './shared/disposables.ts';
import { Emitter, type Subscribe } from './shared/emitter.ts';
import { lazy } from './shared/lazy.ts';
import type { Task, TaskResult, TaskType } from './tasks/task.ts';
import { createWorkers } from './workers.ts';

export interface Agent extends Disposable {
  readonly onEvent: Subscribe<AgentEvent>;
  readonly state: AgentState;
  /** Where the findings live. Whoever shows files tells it about edits, renames and dismissals. */
  readonly findings: FindingStore;
  /** Which of them people do not want to see. */
  readonly suppressions: Suppressions;
  /** Connects, or tries again at once when waiting or refused. */
  connect(): void;
  disconnect(): void;
  /** Tries a server and a key without keeping either. Resolves with the agent id the server knows us by. */
  tryConnection(url: string, key: string, signal: AbortSignal): Promise<Outcome<string>>;
  /** Runs a task of the person's own through the same queue. An abort ends it as `cancelled`. */
  run(type: TaskType, title: string, payload: object, signal: AbortSignal): Promise<TaskResult>;
  /** What a review of this payload would send to the model; nothing is sent. Rejects with the signal's reason. */
  preview(payload: object, signal: AbortSignal): Promise<Outcome<Preview>>;
  /** The same, estimated, where it is so much that the person should see it first; undefined where it is not. */
  largePreview(payload: object, signal: AbortSignal): Promise<Outcome<Preview | undefined>>;
  cancel(taskId: string): void;
  /** Takes effect for the next task; a changed server reconnects. */
  useSettings(settings: Settings): void;
  /** Finishes what runs, takes nothing new, closes the connection. Resolves when the journal is on disk. */
  drain(signal: AbortSignal): Promise<void>;
}

export interface AgentState {
  readonly connection: ConnectionState;
  readonly running: readonly TaskHead[];
  readonly queued: readonly TaskHead[];
  /** Tasks of the server that wait for the person's word. Absent: none. */
  readonly asking?: readonly TaskHead[];
  /** What the model has cost; absent until one was wanted. Newer after each task. */
  readonly spend?: Spend;
}

/** What differs between the doors and is no service of the host. */
export interface AgentParts {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the folder with the rules, the grammars and their engine: `engine/` beside the bundle. */
  readonly engineFolder: string;
  readonly processId: number;
  readonly machineName: string;
  readonly version: string;
}

/** Joins the rooms; nothing is read, opened or connected before the first `connect` or `run`. */
export function createAgent(host: Host, initial: Settings, parts: AgentParts): Agent {
  const { clock } = parts;
  const { log } = host;
  let settings = initial;
  let disposed = false;
  const onListenerError = (error: unknown) => log('error', 'a listener failed', { error: String(error) });
  const events = new Emitter<AgentEvent>(onListenerError);
  const findings = createFindingStore(onListenerError);
  const suppressions = createSuppressions(host, clock, onListenerError);
  const emit = (event: AgentEvent) => {
    // Code that came inside a task has no file to show anything in.
    if (event.type === 'finding' && !event.finding.inTask) findings.add([event.finding]);
    if (event.type === 'findings') {
      const standing = event.findings.filter(({ inTask }) => !inTask);
      findings.replace(event.taskId, standing, new Set(event.reviewed), event.partly);
    }
    events.emit(event);
  };

  let desk: Desk | undefined;
  const openDesk = lazy(async () => {
    const { openDesk: open } = await import('./desk.ts');
    const opened = await open(host, parts, () => settings, { workers, emit, send: link.send });
    desk = opened;
    const { lost } = opened.instance;
    // This window slept so long that another took its place: it goes on as somebody else.
    lost.addEventListener('abort', () => {
      opened.dispose();
      openDesk.forget();
      desk = undefined;
      link.reopen();
    });
    if (disposed) opened.dispose();
    else opened.runner.start();
    return opened;
  });
  const link = createServerLink({
    host,
    parts,
    settings: () => settings,
    emit,
    desk: openDesk,
    modelWorks: () => workers.modelWorks(),
  });
  const workers = createWorkers({
    host,
    parts,
    suppressions,
    settings: () => settings,
    serverConfig: () => link.config,
  });

  return {
    onEvent: events.subscribe,
    findings,
    suppressions,
    get state() {
      const spend = workers.spend();
      return {
        connection: link.state,
        running: desk?.runner.running ?? [],
        queued: desk?.runner.queued ?? [],
        asking: desk?.runner.asking ?? [],
        ...(spend && { spend }),
      };
    },
    connect: link.connect,
    disconnect: link.disconnect,
    tryConnection: link.tryConnection,
    async run(type, title, payload, signal) {
      const task: Task = { id: clock.uuid(), type, title, payload, priority: 'high', origin: 'local' };
      return (await openDesk()).runner.run(task, signal);
    },
    preview: (payload, signal) => workers.preview(payload, signal),
    largePreview: (payload, signal) => workers.largePreview(payload, signal),
    cancel: (taskId) => desk?.runner.cancel(taskId),
    useSettings(next) {
      const { server, agent, bedrock, model } = settings;
      settings = next;
      if (!isDeepStrictEqual([next.bedrock, next.model], [bedrock, model])) workers.forgetModel();
      const another = next.server.url !== server.url || next.server.dialect !== server.dialect;
      if (another || next.agent.id !== agent.id) link.reopen();
      desk?.settingsChanged();
    },
    async drain(signal) {
      await desk?.runner.drain(signal);
      await link.allDelivered(signal);
      link.disconnect();
    },
    dispose() {
      disposed = true;
      link.dispose();
      desk?.dispose();
      findings.dispose();
      suppressions.dispose();
      events.dispose();
    },
  };
}
