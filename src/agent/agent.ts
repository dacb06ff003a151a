import type { ConnectionState } from './connection/state.ts';
import type { AgentEvent, TaskHead } from './events.ts';
import type { Outcome } from './failures.ts';
import type { Finding } from './findings/finding.ts';
import type { FindingStore } from './findings/store.ts';
import type { Settings } from './settings.ts';
import type { Disposable } from './shared/disposables.ts';
import type { Subscribe } from './shared/emitter.ts';
import type { TaskResult, TaskType } from './tasks/task.ts';

export interface Agent extends Disposable {
  readonly onEvent: Subscribe<AgentEvent>;
  readonly state: AgentState;
  /** Where the findings live. Whoever shows files tells it about edits, renames and dismissals. */
  readonly findings: FindingStore;
  /** Connects, or tries again at once when waiting. */
  connect(): void;
  disconnect(): void;
  /** Tries a server and a key without keeping either. Resolves with the agent id the server knows us by. */
  tryConnection(url: string, key: string, signal: AbortSignal): Promise<Outcome<string>>;
  /** Runs a task of the person's own through the same queue. */
  run(type: TaskType, title: string, payload: object, signal: AbortSignal): Promise<TaskResult>;
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
  /** All findings that stand, of all tasks. */
  readonly findings: readonly Finding[];
}
