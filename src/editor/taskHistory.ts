import type { Agent } from '../agent/agent.ts';
import type { TaskHead } from '../agent/events.ts';
import type { Failure } from '../agent/failures.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';
import type { TaskResult } from '../agent/tasks/task.ts';

/** A task as the view shows it. */
export type TaskRow =
  | { readonly kind: 'running'; readonly task: TaskHead; readonly progress: number; readonly message: string }
  /** Waits for the person's word. */
  | { readonly kind: 'asking'; readonly task: TaskHead }
  | { readonly kind: 'queued'; readonly task: TaskHead }
  | { readonly kind: 'done'; readonly task: TaskHead; readonly result: TaskResult; readonly failure?: Failure };

/** What waits for the person, what is going on, and what was done in this session, the newest of that first. */
export interface TaskHistory extends Disposable {
  readonly onChange: Subscribe<void>;
  rows(): readonly TaskRow[];
  /** Undefined while it runs, and when it is too long ago. */
  done(taskId: string): Extract<TaskRow, { kind: 'done' }> | undefined;
  /** The newest thing that went wrong with a task or the agent. */
  lastFailure(): string | undefined;
}

const remembered = 30;

export function keepTaskHistory(agent: Agent, onListenerError: (error: unknown) => void): TaskHistory {
  const changes = new Emitter<void>(onListenerError);
  const progress = new Map<string, { progress: number; message: string }>();
  let done: Extract<TaskRow, { kind: 'done' }>[] = [];
  let lastFailure: string | undefined;

  const following = agent.onEvent((event) => {
    switch (event.type) {
      case 'task-progress':
        progress.set(event.taskId, { progress: event.progress, message: event.message });
        break;
      case 'task-end': {
        progress.delete(event.task.id);
        const row = { kind: 'done', task: event.task, result: event.result } as const;
        done = [event.failure ? { ...row, failure: event.failure } : row, ...done].slice(0, remembered);
        if (event.failure) lastFailure = event.failure.message;
        else if (event.result.status === 'failed') lastFailure = event.result.error;
        break;
      }
      case 'notice':
        lastFailure = event.failure.message;
        break;
      case 'task-asking':
      case 'task-queued':
      case 'task-start':
        break;
      default:
        return;
    }
    changes.emit();
  });

  return {
    onChange: changes.subscribe,
    rows: () => [
      ...(agent.state.asking ?? []).map((task) => ({ kind: 'asking' as const, task })),
      ...agent.state.running.map((task) => ({
        kind: 'running' as const,
        task,
        ...(progress.get(task.id) ?? { progress: 0, message: '' }),
      })),
      ...agent.state.queued.map((task) => ({ kind: 'queued' as const, task })),
      ...done,
    ],
    done: (taskId) => done.find((row) => row.task.id === taskId),
    lastFailure: () => lastFailure,
    dispose() {
      following.dispose();
      changes.dispose();
    },
  };
}
