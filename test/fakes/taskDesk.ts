import type { Incoming, Outgoing } from '../../src/agent/connection/messages.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { defaultSettings, type Settings } from '../../src/agent/settings.ts';
import type { Consent } from '../../src/agent/tasks/consent.ts';
import type { Journal } from '../../src/agent/tasks/journal.ts';
import type { Task, TaskResult, Worker, WorkOutcome, WorkReport } from '../../src/agent/tasks/task.ts';
import { createTaskRunner, type TaskRunner } from '../../src/agent/tasks/taskRunner.ts';
import { FakeClock } from './fakeClock.ts';
import { MemoryJournal } from './memoryJournal.ts';

/** One call of a worker, which goes on until the test ends it. */
export interface Work {
  readonly task: Task;
  readonly report: WorkReport;
  readonly signal: AbortSignal;
  end(outcome: WorkOutcome): void;
  crash(error: unknown): void;
}

export const completed: Extract<WorkOutcome, { readonly status: 'completed' }> = {
  status: 'completed',
  result: { summary: 'fine' },
  metadata: { static_issues: 1, ai_suggestions: 2, confidence: 0.5, not_reviewed: [] },
};

export interface TaskDeskOptions {
  readonly journal?: Journal;
  readonly clock?: FakeClock;
  readonly limits?: Partial<Settings['limits']>;
  readonly connected?: boolean;
  readonly consent?: Pick<Consent, 'tooMany' | 'ask'>;
  mine?(taskId: string): boolean;
}

/** A real runner between a connection, workers and a journal that do what the test says, and remember all. */
export class TaskDesk {
  readonly clock: FakeClock;
  readonly journal: Journal;
  readonly runner: TaskRunner;
  readonly events: AgentEvent[] = [];
  readonly sent: { readonly id: string; readonly message: Outgoing }[] = [];
  readonly work: Work[] = [];
  readonly logged: string[] = [];
  /** Events, messages and records in the order in which they came about. */
  readonly order: string[] = [];
  connected: boolean;
  limits: Settings['limits'];

  constructor(options: TaskDeskOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.connected = options.connected ?? true;
    this.limits = { ...defaultSettings.limits, ...options.limits };
    const journal = options.journal ?? new MemoryJournal();
    this.journal = journal;
    const worker: Worker = (task, report, signal) =>
      new Promise((end, crash) => {
        this.order.push(`work ${task.id}`);
        this.work.push({ task, report, signal, end, crash });
      });
    this.runner = createTaskRunner({
      workers: { code_review: worker, documentation: worker, analysis: worker },
      journal: this.#observed(journal),
      limits: () => this.limits,
      ...(options.consent && { consent: options.consent }),
      ...(options.mine && { mine: options.mine }),
      clock: this.clock,
      log: (level, message) => this.logged.push(`${level} ${message}`),
      emit: (event) => {
        this.events.push(event);
        this.order.push(`event ${event.type}`);
      },
      send: (message) => {
        if (!this.connected) return undefined;
        const id = `m${this.sent.length + 1}`;
        this.sent.push({ id, message });
        this.order.push(`send ${message.kind}`);
        return id;
      },
    });
  }

  #observed(journal: Journal): Journal {
    const { order } = this;
    return {
      get tasks() {
        return journal.tasks;
      },
      get ended() {
        return journal.ended;
      },
      get degraded() {
        return journal.degraded;
      },
      onDegraded: journal.onDegraded,
      record: (...records) =>
        journal.record(...records).then(() => {
          for (const { kind } of records) order.push(`durable ${kind}`);
        }),
      note: (...records) =>
        journal.note(...records).then(() => {
          for (const { kind } of records) order.push(`written ${kind}`);
        }),
      flush: () => journal.flush(),
      dispose: () => journal.dispose(),
    };
  }

  /** Says something to the runner and lets it do what it can without time passing. */
  async hear(word: Incoming): Promise<void> {
    this.runner.hear(word);
    await this.settle();
  }

  async assign(task: Task): Promise<void> {
    await this.hear({ kind: 'task', task });
  }

  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  /** Of the newest call of the worker for this task. */
  working(taskId: string): Work {
    const found = this.work.findLast(({ task }) => task.id === taskId);
    if (!found) throw new Error(`no worker ever had ${taskId}`);
    return found;
  }

  async complete(taskId: string, outcome: WorkOutcome = completed): Promise<void> {
    this.working(taskId).end(outcome);
    await this.settle();
  }

  /** The results that were sent, oldest first. */
  get results(): readonly TaskResult[] {
    return this.sent.flatMap(({ message }) => (message.kind === 'result' ? [message.result] : []));
  }

  /** The id under which the newest result of a task was sent. */
  resultId(taskId: string): string {
    const found = this.sent.findLast(({ message }) => message.kind === 'result' && message.result.task_id === taskId);
    if (!found) throw new Error(`no result of ${taskId} was sent`);
    return found.id;
  }

  kinds(): readonly Outgoing['kind'][] {
    return this.sent.map(({ message }) => message.kind);
  }

  async deliver(taskId: string): Promise<void> {
    await this.hear({ kind: 'delivered', messageId: this.resultId(taskId) });
  }

  async reconnect(): Promise<void> {
    this.connected = true;
    this.runner.registered();
    await this.settle();
  }
}
