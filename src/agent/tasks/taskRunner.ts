/*
 * Long, because the order of the steps is the promise (see `admit`, `execute`, `settle`), and an order is read best in
 * one place. What has no say in it lives elsewhere: the queue, the journal, the outbox, the progress valve.
 */
import type { Incoming, Outgoing } from '../connection/messages.ts';
import type { AgentEvent, TaskHead } from '../events.ts';
import { failures } from '../failures.ts';
import type { Log } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { Emitter, type Subscribe } from '../shared/emitter.ts';
import { givenUp, isTaskType, noRoom, payloadBytes, unfit, unkeepable } from './admission.ts';
import type { Consent } from './consent.ts';
import { afterLong, called, headOf, type Job, Jobs, newJob, stackOf, unexpectedEnd } from './job.ts';
import type { Journal } from './journal.ts';
import { hasResult, type JournalledTask } from './journalState.ts';
import { Outbox } from './outbox.ts';
import { Outcomes } from './outcomes.ts';
import type { Task, TaskResult, Workers } from './task.ts';
import { TaskQueue } from './taskQueue.ts';
import { cancellation, type Ending, failureOf, repeatedResult, taskResult } from './taskResult.ts';
import { reportOf } from './workReport.ts';

export interface TaskRunner extends Disposable {
  /** `task`, `cancel`, `delivered` and `refused`; every other word is somebody else's. */
  hear(word: Incoming): void;
  /** After each registration: says again whatever the server may not have. */
  registered(): void;
  /** Takes up what the journal holds from an earlier life. Once. */
  start(): void;
  /** One more of what the journal holds, which was not `mine` at the start. */
  takeUp(taskId: string): void;
  /** A task of the person's own: same queue, same limits, neither journalled nor sent. Its id is new. */
  run(task: Task, signal: AbortSignal): Promise<TaskResult>;
  /** Does nothing when the task is not queued or running. */
  cancel(taskId: string, reason?: string): void;
  readonly running: readonly TaskHead[];
  readonly queued: readonly TaskHead[];
  /** Tasks that wait for the person's word. */
  readonly asking: readonly TaskHead[];
  /** Since the start. `completed` includes what stayed inconclusive; a cancelled task is in neither. */
  readonly counts: { readonly completed: number; readonly failed: number };
  /** Of the last tasks that were really run, more failed than not; tasks that nobody could do do not count. */
  readonly failsOften: boolean;
  /** There may be places for more: the limits were changed. */
  limitsChanged(): void;
  /** Ids the server still waits for, at most 1000: to be announced at a registration. */
  readonly unfinished: readonly string[];
  /** Results that the server is not known to have, and may yet get. */
  readonly undelivered: number;
  readonly draining: boolean;
  /** Once, when `draining` becomes true. */
  readonly onDraining: Subscribe<void>;
  /**
   * Takes nothing new and finishes what runs; on abort stops it, to be run again in the next life. Server tasks that
   * are queued stay in the journal. Resolves when the journal is on disk.
   */
  drain(signal: AbortSignal): Promise<void>;
  /** Stops all work, leaves every server task to the next life, and closes the journal. */
  dispose(): void;
}

export interface TaskRunnerParts {
  readonly workers: Workers;
  /** Belongs to the runner from now on. */
  readonly journal: Journal;
  limits(): Settings['limits'];
  /** Absent: every task may be done. */
  readonly consent?: Pick<Consent, 'tooMany' | 'ask'>;
  /** Whether a task of the journal is this window's at the start. Absent: every one. */
  mine?(taskId: string): boolean;
  readonly clock: Clock;
  readonly log: Log;
  emit(event: AgentEvent): void;
  /** The id of the message; undefined when it was not sent. */
  send(message: Outgoing): string | undefined;
}

/** A server that floods us and takes no answer must not fill the disk with answers. */
const mostUnanswered = 10_000;
/** A worker that ignores its abort for so long loses its place, not its process. */
const abortGraceMs = 10_000;
const acceptedAgainAfterMs = 1000;
const mostAnnounced = 1000;

export function createTaskRunner(parts: TaskRunnerParts): TaskRunner {
  const { workers, journal, limits, consent, clock, log, emit, send } = parts;
  /** Heard, and without a result. */
  const jobs = new Jobs();
  const queue = new TaskQueue<Job>();
  /** Places taken: also by a worker that has not noticed its abort yet. */
  const places = new Set<Job>();
  const graces = new Map<Job, Disposable>();
  const counts = { completed: 0, failed: 0 };
  const whenIdle = new Set<() => void>();
  const outcomes = new Outcomes();
  const onDraining = new Emitter<void>((error) => log('error', 'a listener failed', { error: stackOf(error) }));
  /** Results decided and not yet durable. */
  let recording = 0;
  let declined = 0;
  let started = false;
  let draining = false;
  let disposed = false;

  const outbox = new Outbox({
    clock,
    send,
    over(taskId, how, text) {
      if (how === 'refused')
        log('error', 'the server refused a result for good; the journal keeps it', { taskId, text });
      else if (text !== undefined) log('info', 'the server needs no result from us', { taskId, how, text });
      const reason = how === 'refused' && text !== undefined ? { reason: text } : {};
      background(
        journal.record({ kind: 'ended', id: taskId, how, at: clock.now(), ...reason }).then(() => {
          if (how === 'delivered') tell({ type: 'task-delivered', taskId });
          else if (how === 'refused') tell({ type: 'notice', failure: failures.resultRefused(text ?? '') });
        }),
      );
    },
  });
  const degraded = journal.onDegraded((failure) => tell({ type: 'notice', failure }));

  const tell = (event: AgentEvent) => {
    if (!disposed) emit(event);
  };
  const background = (work: Promise<unknown>) => {
    work.catch((error: unknown) => log('error', 'the task runner failed', { error: stackOf(error) }));
  };

  function assigned(task: Task): void {
    const job = jobs.get(task.id);
    const ended = journal.ended.get(task.id);
    if (job) {
      if (job.task.origin === 'server') acceptAgain(job);
    } else if (journal.tasks.has(task.id)) {
      outbox.again(task.id);
    } else if (ended && hasResult(ended)) {
      outbox.put(repeatedResult(task.id, ended), true);
    } else if (task.id === '' || task.id.length > 256) {
      log('warn', 'a task was not taken', { taskId: task.id.slice(0, 256) });
    } else if (draining) {
      decline(task, 'agent_draining', 'this agent is stopping and takes no more tasks');
    } else if (journal.tasks.size >= mostUnanswered) {
      decline(task, 'queue_full', 'too many results of this agent wait to be taken');
    } else if (ended?.how === 'cancelled') {
      finish(task, { status: 'cancelled' }, 0);
    } else {
      // Room first: a flood is turned away without weighing each payload.
      const { queuedTasks } = limits();
      const no = consent?.tooMany() ?? unfit(task, clock.now()) ?? noRoom(task, jobs, queuedTasks);
      const bytes = no ? 0 : payloadBytes(task.payload);
      const ending = no ?? unkeepable(bytes) ?? noRoom(task, jobs, queuedTasks, bytes);
      if (ending) finish(task, ending, 0);
      else background(admit(newJob(task, { bytes }), { kind: 'received', task }));
    }
  }

  /**
   * A task that is not ours yet and will not be: no result is sent and nothing is kept, because either would end it for
   * good. It stays the server's, to be given to somebody else, or to us when we are back.
   */
  function decline(task: Task, code: string, text: string): void {
    declined += 1;
    send({ kind: 'error', code, text, about: task.id });
    // The 1st, 2nd, 4th, 8th ...: a flood of tasks is none of messages.
    if ((declined & (declined - 1)) === 0) log('warn', 'a task was declined', { taskId: task.id, code, declined });
  }

  /** The promise to the server: on disk first, then `accepted`, then the queue. */
  async function admit(job: Job, ...before: readonly { readonly kind: 'received'; readonly task: Task }[]) {
    const { id } = job.task;
    jobs.set(id, job);
    await journal.record(...before, { kind: 'accepted', id });
    if (disposed || job.stage === 'over') return;
    sayAccepted(job);
    enter(job);
  }

  /** What an earlier life left. */
  function takeUp({ task, state, attempts }: JournalledTask): void {
    if (jobs.has(task.id)) return;
    const no = state.kind === 'result' ? undefined : (unfit(task, clock.now()) ?? givenUp(attempts));
    const job = newJob(task, { attemptsBefore: attempts, bytes: payloadBytes(task.payload) });
    if (state.kind === 'result') outbox.put(state.result);
    else if (no) finish(task, no, 0);
    else if (state.kind === 'received') background(admit(job));
    else enter(job);
  }

  /** Into the queue, where the person need not be asked first. Who waits for an answer keeps nobody from going ahead. */
  function enter(job: Job): void {
    const { task, abort } = job;
    jobs.set(task.id, job);
    if (task.deadline !== undefined) {
      job.deadline = afterLong(clock, task.deadline - clock.now(), () => {
        stop(job, { status: 'failed', failure: failures.taskTimedOut() });
      });
    }
    const asked = task.origin === 'server' ? consent?.ask(task, abort.signal) : undefined;
    if (asked) background(answered(job, asked));
    else enqueue(job);
  }

  async function answered(job: Job, asked: Promise<Ending | undefined>): Promise<void> {
    job.stage = 'asking';
    tell({ type: 'task-asking', task: headOf(job.task) });
    const no = await asked.catch((error: unknown) => unexpectedEnd(job, error, log));
    if (no) settle(job, no);
    else if (!isOver(job)) enqueue(job);
  }

  function enqueue(job: Job): void {
    const { task } = job;
    job.stage = 'queued';
    queue.add(job);
    tell({ type: 'task-queued', task: headOf(task), queued: queue.size });
    startNext();
  }

  function startNext(): void {
    while (!draining && !disposed && places.size < limits().concurrentTasks) {
      // Two that may have ended the process before never run together, so that one cannot take the other along.
      const suspected = [...places].some(({ attemptsBefore }) => attemptsBefore > 0);
      const job = queue.take(({ attemptsBefore }) => !(suspected && attemptsBefore > 0));
      if (!job) return;
      places.add(job);
      background(execute(job));
    }
  }

  async function execute(job: Job): Promise<void> {
    const { task } = job;
    const attempt = job.attemptsBefore + 1;
    job.stage = 'running';
    if (task.origin === 'server') await journal.note({ kind: 'running', id: task.id, attempt });
    if (!isOver(job)) {
      tell({ type: 'task-start', task: headOf(task), attempt });
      job.startedAt = clock.monotonic();
      const ending = await work(job);
      if (!isOver(job)) outcomes.add(ending);
      settle(job, ending);
    }
    freePlace(job);
  }

  async function work(job: Job): Promise<Ending> {
    const { task, abort } = job;
    if (!isTaskType(task.type)) return { status: 'failed', failure: failures.unsupportedTask(task.type) };
    try {
      return await workers[task.type](task, reportOf(job, { clock, tell, send, isOver }), abort.signal);
    } catch (error) {
      return unexpectedEnd(job, error, log);
    }
  }

  const isOver = (job: Job) => disposed || job.stage === 'over';

  /** The first ending of a task is its only one. */
  function settle(job: Job, ending: Ending): void {
    if (isOver(job)) return;
    retire(job);
    finish(job.task, ending, job.startedAt === undefined ? 0 : clock.monotonic() - job.startedAt, job.finish);
  }

  /** Ends a task before its worker does. */
  function stop(job: Job, ending: Ending): void {
    settle(job, ending);
    interrupt(job);
  }

  function interrupt(job: Job): void {
    job.abort.abort(new DOMException('The task was stopped.', 'AbortError'));
    if (!places.has(job) || disposed) return;
    const grace = clock.after(abortGraceMs, () => {
      log('warn', 'a stopped task goes on; it is not waited for any longer', { taskId: job.task.id });
      freePlace(job);
    });
    graces.set(job, grace);
  }

  function retire(job: Job): void {
    job.stage = 'over';
    if (jobs.get(job.task.id) === job) jobs.delete(job.task.id);
    queue.remove(job);
    job.deadline?.dispose();
    job.progress?.dispose();
  }

  function freePlace(job: Job): void {
    graces.get(job)?.dispose();
    graces.delete(job);
    if (!places.delete(job)) return;
    if (places.size === 0) for (const resolve of whenIdle) resolve();
    startNext();
  }

  /** On disk first, then said: here, and to the server. */
  function finish(task: Task, ending: Ending, durationMs: number, local?: Job['finish']): void {
    const times = { durationMs, completedAt: clock.now() };
    let result = taskResult(task.id, ending, times);
    let failure = failureOf(ending);
    let durable: Promise<void> | undefined;
    if (task.origin === 'server') {
      try {
        durable = journal.record({ kind: 'result', result });
      } catch (error) {
        log('error', 'the result of a task is not JSON', { taskId: task.id, error: stackOf(error) });
        failure = failures.crashed(String(error));
        result = taskResult(task.id, { status: 'failed', failure }, times);
        durable = journal.record({ kind: 'result', result });
      }
    }
    if (result.status === 'failed') counts.failed += 1;
    else if (result.status !== 'cancelled') counts.completed += 1;
    const end = () => tell({ type: 'task-end', task: headOf(task), result, ...(failure && { failure }) });
    if (!durable) {
      end();
      local?.(result);
      return;
    }
    recording += 1;
    background(
      durable.then(() => {
        recording -= 1;
        if (disposed) return;
        end();
        outbox.put(result);
      }),
    );
  }

  function sayAccepted(job: Job): void {
    const messageId = send({ kind: 'accepted', taskId: job.task.id });
    job.acceptance = { messageId, at: clock.monotonic(), confirmed: false };
  }

  /** The server assigned once more what it was already told we have; an avalanche of that is answered once a second. */
  function acceptAgain(job: Job): void {
    if (job.stage === 'receiving') return;
    if (job.acceptance && clock.monotonic() - job.acceptance.at < acceptedAgainAfterMs) return;
    sayAccepted(job);
  }

  function cancelled(taskId: string, reason: string | undefined): void {
    const job = jobs.get(taskId);
    if (job?.task.origin === 'server') stop(job, cancellation(reason));
    if (job) return;
    const known = journal.tasks.get(taskId);
    if (known && known.state.kind !== 'result') finish(known.task, cancellation(reason), 0);
    if (known || journal.ended.has(taskId) || taskId === '' || taskId.length > 256) return;
    background(journal.record({ kind: 'ended', id: taskId, how: 'cancelled', at: clock.now() }));
  }

  function delivered(messageId: string): void {
    if (outbox.delivered(messageId)) return;
    for (const job of jobs.values()) {
      if (job.acceptance?.messageId === messageId) job.acceptance = { ...job.acceptance, confirmed: true };
    }
  }

  function refused(word: Extract<Incoming, { readonly kind: 'refused' }>): void {
    const { about, reason, text } = word;
    if (about !== undefined && outbox.refused(word)) return;
    const gone = about !== undefined && (reason === 'disowned' || reason === 'finished');
    const job = [...jobs.values()].find(
      ({ task, acceptance, progressMessageId }) =>
        gone && [task.id, acceptance?.messageId, progressMessageId].includes(about),
    );
    if (job) disown(job, text);
    else if (reason !== 'disowned') log('warn', 'the server refused a message', { reason, text });
  }

  /** The task is another agent's now: no result is sent, whatever comes out. */
  function disown(job: Job, text: string): void {
    const { task } = job;
    log('info', 'the server took a task away', { taskId: task.id, text });
    retire(job);
    background(journal.record({ kind: 'ended', id: task.id, how: 'dropped', at: clock.now() }));
    const ending: Ending = { status: 'cancelled', reason: 'The server took the task away.' };
    const result = taskResult(task.id, ending, { durationMs: 0, completedAt: clock.now() });
    tell({ type: 'task-end', task: headOf(task), result });
    interrupt(job);
  }

  /** Ends the run and leaves the task as it was before it. */
  function suspend(job: Job): void {
    const { task, attemptsBefore, stage } = job;
    retire(job);
    if (task.origin === 'local') {
      finish(task, { status: 'cancelled', reason: 'The agent was stopped.' }, 0, job.finish);
    } else if (stage === 'running') {
      background(journal.record({ kind: 'stopped', id: task.id, attempt: attemptsBefore + 1 }));
    }
    interrupt(job);
  }

  return {
    hear(word) {
      if (disposed) return;
      if (word.kind === 'task') assigned(word.task);
      else if (word.kind === 'cancel') cancelled(word.taskId, word.reason);
      else if (word.kind === 'delivered') delivered(word.messageId);
      else if (word.kind === 'refused') refused(word);
    },
    registered() {
      if (disposed) return;
      outbox.registered();
      for (const job of jobs.values()) {
        if (job.task.origin === 'local' || job.stage === 'receiving' || job.acceptance?.confirmed) continue;
        sayAccepted(job);
      }
    },
    start() {
      if (started || disposed) return;
      started = true;
      if (journal.degraded) tell({ type: 'notice', failure: journal.degraded });
      for (const entry of [...journal.tasks.values()]) if (parts.mine?.(entry.task.id) ?? true) takeUp(entry);
    },
    takeUp(taskId) {
      const entry = journal.tasks.get(taskId);
      if (entry && !disposed && !draining) takeUp(entry);
      const job = jobs.get(taskId);
      if (job) acceptAgain(job);
    },
    run(task, signal) {
      if (jobs.has(task.id)) throw new TypeError(`a task ${task.id} is under way already`);
      return new Promise((resolve) => {
        const job = newJob(task, {
          finish: (result) => {
            signal.removeEventListener('abort', onAbort);
            resolve(result);
          },
        });
        const onAbort = () => stop(job, { status: 'cancelled' });
        const no = signal.aborted
          ? cancellation(undefined)
          : draining || disposed
            ? cancellation('The agent is stopping.')
            : (unfit(task, clock.now()) ?? noRoom(task, jobs, limits().queuedTasks));
        if (no) finish(task, no, 0, resolve);
        else {
          signal.addEventListener('abort', onAbort, { once: true });
          enter(job);
        }
      });
    },
    cancel(taskId, reason) {
      const job = jobs.get(taskId);
      if (job) stop(job, cancellation(reason));
    },
    get running() {
      return [...places].filter(({ stage }) => stage === 'running').map(({ task }) => headOf(task));
    },
    get queued() {
      return [...queue].map(({ task }) => headOf(task));
    },
    get asking() {
      return [...jobs.values()].flatMap(({ task, stage }) => (stage === 'asking' ? [headOf(task)] : []));
    },
    counts,
    get failsOften() {
      return outcomes.failOften;
    },
    onDraining: onDraining.subscribe,
    limitsChanged: startNext,
    get unfinished() {
      const ours = [...jobs.values()].filter(({ task, stage }) => task.origin === 'server' && stage !== 'receiving');
      return [...ours.map(({ task }) => task.id), ...outbox.ids].slice(0, mostAnnounced);
    },
    get undelivered() {
      return recording + outbox.undelivered;
    },
    get draining() {
      return draining;
    },
    async drain(signal) {
      if (!draining) {
        draining = true;
        onDraining.emit();
      }
      for (const job of [...queue]) if (job.task.origin === 'local') suspend(job);
      if (places.size > 0) await called(whenIdle, signal);
      for (const job of [...places]) if (!isOver(job)) suspend(job);
      await journal.flush();
    },
    dispose() {
      if (disposed) return;
      for (const job of [...jobs.values()]) suspend(job);
      disposed = true;
      degraded.dispose();
      outbox.dispose();
      onDraining.dispose();
      for (const grace of graces.values()) grace.dispose();
      for (const done of [...whenIdle]) done();
      journal.dispose();
    },
  };
}
