import type { Agent, AgentState } from '../../src/agent/agent.ts';
import type { ConnectionState } from '../../src/agent/connection/state.ts';
import type { AgentEvent, TaskHead } from '../../src/agent/events.ts';
import { type Failure, type Outcome, succeeded } from '../../src/agent/failures.ts';
import type { Finding } from '../../src/agent/findings/finding.ts';
import { createFindingStore } from '../../src/agent/findings/store.ts';
import type { Preview } from '../../src/agent/review/preview.ts';
import { Emitter, type Listener } from '../../src/agent/shared/emitter.ts';
import type { TaskResult, TaskStatus, TaskType } from '../../src/agent/tasks/task.ts';
import { MemorySuppressions } from './memorySuppressions.ts';

/** An agent without a server, a model or a disk: the test says what happens, the surfaces show it. */
export class FakeAgent implements Agent {
  /** What was asked of it, in order: `connect`, `cancel t1`, `run code_review`, ... */
  readonly calls: string[] = [];
  /** How many listen to its events and to its findings now. */
  listeners = 0;
  tries: Outcome<string> = succeeded('2f4f0d5e-6c7b-4a55-9d0a-3f1f6f0f9a11');
  /** What `run` resolves with. */
  outcome: { status: TaskStatus; result: unknown; failure?: Failure } = { status: 'completed', result: {} };
  /** What a review would send, and the same where it is a lot. */
  previews: Outcome<Preview> = succeeded({ requests: [], tokens: 0, files: 0, remembered: 0, notReviewed: [] });
  large: Preview | undefined;
  /** Called while a task of `run` is under way. */
  duringRun: (taskId: string) => void = () => undefined;
  #state: AgentState = { connection: { kind: 'off' }, running: [], queued: [] };
  readonly #events = new Emitter<AgentEvent>(raise);
  readonly #store = createFindingStore(raise);

  readonly onEvent = (listener: Listener<AgentEvent>) => this.#counted(this.#events.subscribe(listener));
  readonly findings = {
    ...this.#store,
    onChange: (listener: Listener<ReadonlySet<string>>) => this.#counted(this.#store.onChange(listener)),
  };

  readonly suppressions = new MemorySuppressions();

  get state(): AgentState {
    return this.#state;
  }

  become(connection: ConnectionState): void {
    this.#state = { ...this.#state, connection };
    const { kind, ...fields } = connection;
    if (kind === 'off') this.emit({ type: 'disconnected', ...fields });
    // The fields are those of the kind, which the compiler cannot follow through the rest pattern.
    else this.emit({ type: kind, ...fields } as AgentEvent);
  }

  queue(task: TaskHead): void {
    this.#state = { ...this.#state, queued: [...this.#state.queued, task] };
    this.emit({ type: 'task-queued', task, queued: this.#state.queued.length });
  }

  start(task: TaskHead): void {
    const queued = this.#state.queued.filter((other) => other.id !== task.id);
    this.#state = { ...this.#state, queued, running: [...this.#state.running, task] };
    this.emit({ type: 'task-start', task, attempt: 1 });
  }

  progress(taskId: string, progress: number, message: string): void {
    this.emit({ type: 'task-progress', taskId, progress, message, stage: 'model' });
  }

  end(task: TaskHead, status: TaskStatus, result: unknown = {}, failure?: Failure): TaskResult {
    const running = this.#state.running.filter((other) => other.id !== task.id);
    this.#state = { ...this.#state, running };
    const done = taskResult(task.id, status, result, failure);
    this.emit({ type: 'task-end', task, result: done, ...(failure && { failure }) });
    return done;
  }

  /** One finding, early. */
  find(finding: Finding): void {
    this.#store.add([finding]);
    this.emit({ type: 'finding', taskId: finding.taskId, finding });
  }

  /** All findings of a task. */
  settle(
    taskId: string,
    findings: readonly Finding[],
    reviewed: readonly string[] = [],
    hidden: readonly Finding[] = [],
  ): void {
    const standing = findings.filter(({ inTask }) => !inTask);
    this.#store.replace(taskId, standing, new Set(reviewed));
    this.emit({ type: 'findings', taskId, findings, reviewed, ...(hidden.length > 0 && { hidden }) });
  }

  emit(event: AgentEvent): void {
    this.#events.emit(event);
  }

  connect(): void {
    this.calls.push('connect');
  }
  disconnect(): void {
    this.calls.push('disconnect');
  }
  async tryConnection(url: string, key: string): Promise<Outcome<string>> {
    this.calls.push(`try ${url} with a key of ${key.length} characters`);
    return this.tries;
  }
  async run(type: TaskType, title: string, payload: object): Promise<TaskResult> {
    this.calls.push(`run ${type} ${JSON.stringify(payload)}`);
    const task: TaskHead = { id: `local-${this.calls.length}`, type, title, origin: 'local', priority: 'high' };
    this.start(task);
    this.duringRun(task.id);
    return this.end(task, this.outcome.status, this.outcome.result, this.outcome.failure);
  }
  async preview(payload: object): Promise<Outcome<Preview>> {
    this.calls.push(`preview ${JSON.stringify(payload)}`);
    return this.previews;
  }
  async largePreview(): Promise<Outcome<Preview | undefined>> {
    return succeeded(this.large);
  }
  cancel(taskId: string): void {
    this.calls.push(`cancel ${taskId}`);
  }
  useSettings(): void {
    this.calls.push('useSettings');
  }
  async drain(): Promise<void> {
    this.calls.push('drain');
  }
  dispose(): void {
    this.#events.dispose();
    this.#store.dispose();
  }

  #counted(subscription: { dispose(): void }) {
    this.listeners += 1;
    let live = true;
    return {
      dispose: () => {
        if (live) this.listeners -= 1;
        live = false;
        subscription.dispose();
      },
    };
  }
}

function taskResult(taskId: string, status: TaskStatus, result: unknown, failure?: Failure): TaskResult {
  return {
    task_id: taskId,
    status,
    result,
    metadata: { static_issues: 0, ai_suggestions: 0, confidence: 1, duration_ms: 1, not_reviewed: [] },
    ...(failure && { error: failure.message }),
    completed_at: '2026-01-01T00:00:00Z',
  };
}

function raise(error: unknown): never {
  throw error;
}
