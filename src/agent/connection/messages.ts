import type { Task, TaskResult } from '../tasks/task.ts';

/** What is said between the agent and a server, in our own words. No dialect's spelling appears here. */

export interface Capability {
  readonly name: string;
  /** 0..1 */
  readonly confidence: number;
  readonly taskTypes: readonly string[];
  readonly languages: readonly string[];
  readonly specialties: readonly string[];
}

/** Who we are on the wire. */
export interface AgentIdentity {
  /** UUID; one live window each. */
  readonly id: string;
  /** What the server calls us, where servers give names; of no use in any other dialect. */
  readonly assignedId?: string;
  /** For servers where the id is all that anybody sees of us; `id` when it is missing. */
  readonly readableId?: string;
  readonly name: string;
  readonly version: string;
  readonly capabilities: readonly Capability[];
  /** AgentConfig as in PROTOCOL 4.1 of the platform (pkg/agents/config.go); already in its JSON form. */
  readonly config: Readonly<Record<string, unknown>>;
}

export type Outgoing =
  | { readonly kind: 'register'; readonly runningTasks: readonly string[] }
  | { readonly kind: 'heartbeat'; readonly health: AgentHealth }
  | { readonly kind: 'accepted'; readonly taskId: string }
  | {
      readonly kind: 'progress';
      readonly taskId: string;
      readonly progress: number;
      readonly message: string;
      readonly stage: string;
    }
  | { readonly kind: 'result'; readonly result: TaskResult }
  | {
      readonly kind: 'health';
      readonly healthy: boolean;
      readonly issues: readonly string[];
      readonly checks: Readonly<Record<string, boolean>>;
    }
  | { readonly kind: 'capabilities' }
  | {
      readonly kind: 'configApplied';
      readonly version?: number;
      readonly applied: readonly string[];
      readonly refused: readonly RefusedConfig[];
    }
  | { readonly kind: 'error'; readonly code: string; readonly text: string; readonly about?: string };

export interface RefusedConfig {
  readonly path: string;
  readonly reason: string;
}

export interface AgentHealth {
  readonly status: 'healthy' | 'degraded' | 'draining';
  readonly activeTasks: number;
  readonly queuedTasks: number;
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly uptimeSeconds: number;
}

export type Incoming =
  | { readonly kind: 'registered'; readonly agentId?: string }
  | { readonly kind: 'task'; readonly task: Task }
  | { readonly kind: 'cancel'; readonly taskId: string; readonly reason?: string }
  | { readonly kind: 'config'; readonly config: unknown }
  | { readonly kind: 'healthCheck' }
  | { readonly kind: 'capabilityQuery' }
  /** The server can be connected to, but has no way to give anybody a task. */
  | { readonly kind: 'noTasks' }
  /** It gives tasks, and refuses every question for them at present. `forMs`: it wants to be left alone for so long. */
  | { readonly kind: 'resting'; readonly text: string; readonly forMs?: number }
  /** The server no longer knows this connection; only another one helps. */
  | { readonly kind: 'expired'; readonly text: string }
  /** The server has the message we sent under this id. */
  | { readonly kind: 'delivered'; readonly messageId: string }
  /** The server says no, to one message (`about`) or in general. */
  | {
      readonly kind: 'refused';
      readonly reason: Refusal;
      readonly text: string;
      readonly about?: string;
      /** With `rate`: the server wants to be left alone for so long. */
      readonly retryAfterMs?: number;
    };

/** `final`: sending it again cannot help. `finished`: the task already has a result there. `disowned`: not ours any more. */
export type Refusal = 'key' | 'rate' | 'finished' | 'disowned' | 'tooLarge' | 'final' | 'passing';
