import type { TaskHead } from '../events.ts';
import { failures } from '../failures.ts';
import type { Log } from '../host.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { redact } from '../workspace/redact.ts';
import type { ProgressValve } from './progress.ts';
import type { Task, TaskResult } from './task.ts';
import type { Ending } from './taskResult.ts';

/** One task in this process, from the moment it is heard until its result is decided. */
export interface Job {
  readonly task: Task;
  readonly abort: AbortController;
  /** Attempts that ended with the process. Such a task may be what ended it. */
  readonly attemptsBefore: number;
  /** Of the payload. */
  readonly bytes: number;
  stage: 'receiving' | 'asking' | 'queued' | 'running' | 'over';
  /** Monotonic; undefined until the worker begins. */
  startedAt: number | undefined;
  /** The last `accepted` that went out, and whether the server is known to have it. */
  acceptance: { readonly messageId: string | undefined; readonly at: number; readonly confirmed: boolean } | undefined;
  /** Of the last progress that went out. */
  progressMessageId: string | undefined;
  progress: ProgressValve | undefined;
  deadline: Disposable | undefined;
  /** Only of a local task. */
  readonly finish?: (result: TaskResult) => void;
}

export function newJob(
  task: Task,
  given: Partial<Pick<Job, 'attemptsBefore' | 'bytes'>> & Pick<Job, 'finish'> = {},
): Job {
  return {
    attemptsBefore: 0,
    bytes: 0,
    ...given,
    task,
    abort: new AbortController(),
    stage: 'receiving',
    startedAt: undefined,
    acceptance: undefined,
    progressMessageId: undefined,
    progress: undefined,
    deadline: undefined,
  };
}

/** What is shown and told of a task. A title is its writer's words, and may hold what is not to be seen or logged. */
export function headOf({ id, type, title, origin, priority }: Task): TaskHead {
  return { id, type, origin, priority, ...(title !== undefined && { title: redact(title).text }) };
}

const longestTimerMs = 2 ** 31 - 1;

/** Calls back once `ms` have passed, however many: a plain timer holds 24 days and fires at once beyond that. */
export function afterLong(clock: Clock, ms: number, callback: () => void): Disposable {
  const due = clock.monotonic() + ms;
  const arm = (): Disposable => {
    const left = due - clock.monotonic();
    return clock.after(Math.min(left, longestTimerMs), () => {
      if (due > clock.monotonic()) timer = arm();
      else callback();
    });
  };
  let timer = arm();
  return { dispose: () => timer.dispose() };
}

/** Resolves when somebody calls what was put into `callbacks`, or the signal aborts. */
export function called(callbacks: Set<() => void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      callbacks.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    callbacks.add(done);
    signal.addEventListener('abort', done, { once: true });
  });
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** How a task ends whose work threw: cancelled where that was the answer to its abort. */
export function unexpectedEnd({ task: { id, type }, abort }: Job, error: unknown, log: Log): Ending {
  if (abort.signal.aborted) return { status: 'cancelled' };
  const stack = stackOf(error);
  log('error', 'a task failed unexpectedly', { taskId: id, type, stack });
  return { status: 'failed', failure: failures.crashed(stack) };
}

/** All of them by their tasks' ids, with the sum of their bytes: asked for at each task of a flood. */
export class Jobs extends Map<string, Job> {
  /** Of all payloads. */
  bytes = 0;

  override set(taskId: string, job: Job): this {
    this.bytes += job.bytes - (this.get(taskId)?.bytes ?? 0);
    return super.set(taskId, job);
  }

  override delete(taskId: string): boolean {
    this.bytes -= this.get(taskId)?.bytes ?? 0;
    return super.delete(taskId);
  }
}
