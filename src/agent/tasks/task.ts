import type { Failure } from '../failures.ts';
import type { Finding } from '../findings/finding.ts';
import type { LineSpan, NotReviewed } from '../workspace/snapshot.ts';

export const taskTypes = ['code_review', 'documentation', 'analysis'] as const;
export type TaskType = (typeof taskTypes)[number];

export const priorities = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];

export interface Task {
  readonly id: string;
  /** As the server wrote it: may be none of `taskTypes`. */
  readonly type: string;
  readonly title?: string;
  readonly priority: Priority;
  /** Wall clock, milliseconds since 1970. */
  readonly deadline?: number;
  readonly payload: unknown;
  /** `local`: asked for in the editor; its result goes to nobody else and it is not journalled. */
  readonly origin: 'server' | 'local';
}

/** A task's life: received -> accepted -> running(attempt) -> result -> delivered (or dropped when the server disowns it). */
export type TaskState =
  | { readonly kind: 'received' }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'running'; readonly attempt: number }
  | { readonly kind: 'result'; readonly result: TaskResult }
  | { readonly kind: 'delivered' };

export type TaskStatus = 'completed' | 'failed' | 'cancelled' | 'inconclusive';

export interface TaskMetadata {
  readonly static_issues: number;
  readonly ai_suggestions: number;
  /** 0..1 */
  readonly confidence: number;
  readonly duration_ms: number;
  /** All zero where no model was asked. */
  readonly tokens?: TokenUse;
  /** What was asked; null where none was. */
  readonly model?: string | null;
  /** US dollars by list price; absent where nothing was spent or a price is not known. */
  readonly cost_usd?: number;
  readonly not_reviewed: readonly NotReviewed[];
}

export interface TokenUse {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

/** The one result of a task, as it is journalled and reported. JSON only. */
export interface TaskResult {
  readonly task_id: string;
  readonly status: TaskStatus;
  readonly result: unknown;
  readonly metadata: TaskMetadata;
  /** A sentence; present when `failed`, and when `inconclusive` or `cancelled` for a reason. */
  readonly error?: string;
  /** RFC 3339 */
  readonly completed_at: string;
}

/** What a worker hands back. Throwing is a programming mistake; abort is the signal's reason. */
export type WorkOutcome =
  | { readonly status: 'completed'; readonly result: object; readonly metadata: WorkMetadata }
  | {
      readonly status: 'inconclusive';
      readonly result: object;
      readonly metadata: WorkMetadata;
      readonly failure: Failure;
    }
  | { readonly status: 'failed'; readonly failure: Failure };
export type WorkMetadata = Omit<TaskMetadata, 'duration_ms'>;

export interface WorkReport {
  /** `progress` 0..1; `stage` is a short machine word such as `static` or `model`. */
  progress(progress: number, message: string, stage: string): void;
  /** Findings the moment they exist, so that they can be shown before the task ends. */
  found(findings: readonly Finding[]): void;
  /**
   * The final list for the task: replaces all that was `found`. `reviewed`: the workspace paths that were looked at.
   * `partly`: the lines that were, for files of which only these were looked at. `hidden`: found as well, but below the person's thresholds or beyond a limit; for a surface that shows them on demand.
   */
  replaceFindings(
    findings: readonly Finding[],
    reviewed: readonly string[],
    hidden?: readonly Finding[],
    partly?: Readonly<Record<string, readonly LineSpan[]>>,
  ): void;
}

/** Does one kind of task. */
export type Worker = (task: Task, report: WorkReport, signal: AbortSignal) => Promise<WorkOutcome>;
export type Workers = Readonly<Record<TaskType, Worker>>;
