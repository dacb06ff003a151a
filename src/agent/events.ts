import type { ConnectionState } from './connection/state.ts';
import type { Failure } from './failures.ts';
import type { Finding } from './findings/finding.ts';
import type { Task, TaskResult } from './tasks/task.ts';
import type { LineSpan } from './workspace/snapshot.ts';

/** Everything the agent ever tells the outside. The headless door prints each as one JSON line. */
export type AgentEvent =
  | ({ readonly type: 'connecting' } & StateFields<'connecting'>)
  | ({ readonly type: 'connected' } & StateFields<'connected'>)
  | ({ readonly type: 'waiting' } & StateFields<'waiting'>)
  | ({ readonly type: 'attention' } & StateFields<'attention'>)
  | ({ readonly type: 'disconnected' } & StateFields<'off'>)
  /** Journalled and waiting; `accepted` went to the server. */
  | { readonly type: 'task-queued'; readonly task: TaskHead; readonly queued: number }
  /** Journalled and accepted; it goes on when the person allows it. */
  | { readonly type: 'task-asking'; readonly task: TaskHead }
  | { readonly type: 'task-start'; readonly task: TaskHead; readonly attempt: number }
  | {
      readonly type: 'task-progress';
      readonly taskId: string;
      readonly progress: number;
      readonly message: string;
      readonly stage: string;
    }
  /** One event a finding, the moment it exists. */
  | { readonly type: 'finding'; readonly taskId: string; readonly finding: Finding }
  /** The task's final findings; they replace all earlier ones of it, and what other tasks said of the `reviewed` files. */
  | {
      readonly type: 'findings';
      readonly taskId: string;
      readonly findings: readonly Finding[];
      readonly reviewed: readonly string[];
      /** The 1-based inclusive lines that were looked at, for files of which only these were. Absent: none. */
      readonly partly?: Readonly<Record<string, readonly LineSpan[]>>;
      /** Found as well, but below the person's thresholds or beyond a limit. Absent: none. */
      readonly hidden?: readonly Finding[];
    }
  /** `failure`: why it failed or stayed inconclusive, with the next step for a person. */
  | { readonly type: 'task-end'; readonly task: TaskHead; readonly result: TaskResult; readonly failure?: Failure }
  /** The server has the result. */
  | { readonly type: 'task-delivered'; readonly taskId: string }
  /** Something a person should know that is no task's result. */
  | { readonly type: 'notice'; readonly failure: Failure };

export type TaskHead = Pick<Task, 'id' | 'type' | 'title' | 'origin' | 'priority'>;
type StateFields<K extends ConnectionState['kind']> = Omit<Extract<ConnectionState, { kind: K }>, 'kind'>;
