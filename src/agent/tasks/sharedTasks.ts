import type { Incoming } from '../connection/messages.ts';
import type { Log } from '../host.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { payloadBytes } from './admission.ts';
import type { Claim, Claims } from './claims.ts';
import { stackOf } from './job.ts';
import { type Journal, peekJournal } from './journal.ts';
import { hasResult, type JournalledTask, type JournalRecord, type JournalState } from './journalState.ts';
import type { Task } from './task.ts';
import type { TaskRunner } from './taskRunner.ts';

/**
 * Stands before the runner where several windows may be given one task: only what this window has claimed gets through.
 * A task in another window's hands is neither kept nor answered, because any word of ours could end it; it is
 * remembered, so that it is done here after all should the other let go of it or die.
 */
export interface SharedTasks extends Disposable {
  /** For the runner: a claim ends with what is recorded there. */
  readonly journal: Journal;
  /** In the place of the runner's. */
  hear(word: Incoming): void;
  /** Whether a task of the journal may be taken up at the start. */
  mine(taskId: string): boolean;
  /** Once, after `mine` was asked about everything. */
  attach(runner: Pick<TaskRunner, 'hear' | 'takeUp'>): void;
}

export interface SharedTasksParts {
  readonly claims: Claims;
  readonly journal: Journal;
  /** Of the server that is meant now; undefined while there is none. */
  origin(): string | undefined;
  /** How many tasks of others are remembered. */
  most(): number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Other {
  /** Absent: the journal has it, from an earlier life. */
  readonly word?: TaskWord;
  readonly bytes: number;
  /** Monotonic. */
  lookedAt: number;
}

type Given =
  | Exclude<Claim, { readonly kind: 'ours' }>
  /** `left`: by a window that is dead. */
  | { readonly kind: 'ours'; readonly name: string | undefined; readonly left?: JournalledTask };

type TaskWord = Extract<Incoming, { readonly kind: 'task' }>;

const lookEveryMs = 5000;
/** A server that goes on assigning one task is looked at once a second. */
const lookAgainAfterMs = 1000;
const mostBytes = 64 * 1024 * 1024;
/** For so long the journal of a dead window is not read anew. */
const peekedForMs = 2000;

/** What the journal holds from an earlier life is claimed before this resolves. */
export async function openSharedTasks(parts: SharedTasksParts): Promise<SharedTasks> {
  const { claims, journal, clock, log } = parts;
  /** Under which name each of our tasks is claimed. */
  const names = new Map<string, string>();
  const others = new Map<string, Other>();
  /** Being claimed, and what was said of them meanwhile. */
  const asked = new Map<string, { cancel?: Incoming }>();
  /** They are decided on in the order in which they came. */
  let last: Promise<void> = Promise.resolve();
  let runner: Pick<TaskRunner, 'hear' | 'takeUp'> | undefined;
  let timer: Disposable | undefined;
  let disposed = false;
  const peeked = new Map<string, { readonly at: number; readonly state: Promise<JournalState> }>();

  const nameOf = (taskId: string) => {
    const origin = parts.origin();
    return origin === undefined ? undefined : `task\n${origin}\n${taskId}`;
  };

  function ask(taskId: string, word?: TaskWord): void {
    if (asked.has(taskId)) return;
    asked.set(taskId, {});
    const before = last;
    const claimed = claim(taskId, nameOf(taskId));
    last = Promise.all([claimed, before])
      .then(([given]) => {
        const cancel = asked.get(taskId)?.cancel;
        asked.delete(taskId);
        if (!disposed) decided(taskId, given, word, cancel);
      })
      .catch((error: unknown) => log('error', 'a task was not taken', { taskId, error: stackOf(error) }));
  }

  async function claim(taskId: string, name: string | undefined): Promise<Given> {
    if (name === undefined) return { kind: 'ours', name };
    const given = await claims.take(name);
    if (given.kind !== 'ours') return given;
    // Those who had it before us may have come far.
    let left: JournalledTask | undefined;
    for (const folder of given.before) {
      const state = await peek(folder);
      if (hasResult(state.ended.get(taskId))) {
        await claims.finish(name);
        return { kind: 'over' };
      }
      const entry = state.tasks.get(taskId);
      if (entry && (!left || entry.state.kind === 'result' || entry.attempts > left.attempts)) left = entry;
      if (left?.state.kind === 'result') break;
    }
    return { kind: 'ours', name, ...(left && { left }) };
  }

  function peek(folder: string): Promise<JournalState> {
    const known = peeked.get(folder);
    const at = clock.monotonic();
    if (known && at - known.at < peekedForMs) return known.state;
    for (const [other, each] of peeked) if (at - each.at >= peekedForMs) peeked.delete(other);
    const state = peekJournal(folder);
    peeked.set(folder, { at, state });
    return state;
  }

  function decided(taskId: string, given: Given, word?: TaskWord, cancel?: Incoming): void {
    const known = others.get(taskId);
    if (given.kind === 'held') {
      if (cancel) forget(taskId);
      else if (!known && word) remember(taskId, word);
      return;
    }
    others.delete(taskId);
    if (given.kind === 'over') {
      log('info', 'another window has done this task', { taskId });
      if (journal.tasks.has(taskId)) drop(taskId);
      return;
    }
    const { name, left } = given;
    if (name !== undefined) names.set(taskId, name);
    if (known || left) log('info', 'a task of another window is now done here', { taskId });
    const cancelledBefore = journal.ended.get(taskId)?.how === 'cancelled';
    if (left && !cancelledBefore) {
      void inherit(word?.task ?? left.task, left).then(() => {
        if (!disposed) runner?.takeUp(taskId);
      });
    } else if (journal.tasks.has(taskId)) runner?.takeUp(taskId);
    else if (word) runner?.hear(word);
    if (cancel) runner?.hear(cancel);
    // The runner has not taken it: whoever else is given it may.
    if (!journal.tasks.has(taskId)) letGo(taskId);
  }

  /** Its attempts count on, and its result, should there be one, is the only one. */
  function inherit(task: Task, { state, attempts }: JournalledTask): Promise<void> {
    const { id } = task;
    const records: JournalRecord[] = [
      { kind: 'received', task },
      { kind: 'accepted', id },
    ];
    if (attempts > 0) records.push({ kind: 'running', id, attempt: attempts });
    if (state.kind === 'result') records.push({ kind: 'result', result: state.result });
    return journal.record(...records);
  }

  function remember(taskId: string, word: TaskWord): void {
    const bytes = payloadBytes(word.task.payload);
    const held = [...others.values()].reduce((sum, other) => sum + other.bytes, bytes);
    const room = others.size < parts.most() && held <= mostBytes;
    // Many more than can be remembered may come again and again.
    log(room ? 'info' : 'debug', 'another window has this task', { taskId, remembered: room });
    if (!room) return;
    others.set(taskId, { word, bytes, lookedAt: clock.monotonic() });
    timer ??= clock.after(lookEveryMs, look);
  }

  function look(): void {
    timer = undefined;
    for (const [taskId, { word }] of others) ask(taskId, word);
    if (others.size > 0) timer = clock.after(lookEveryMs, look);
  }

  function forget(taskId: string): void {
    others.delete(taskId);
    if (journal.tasks.has(taskId)) drop(taskId);
  }

  function drop(taskId: string): void {
    void journal.record({ kind: 'ended', id: taskId, how: 'dropped', at: clock.now() });
  }

  function letGo(taskId: string): void {
    const name = names.get(taskId);
    names.delete(taskId);
    if (name !== undefined) void claims.release(name);
  }

  /** Nobody needs to ask who does it. */
  function isSettled(taskId: string): boolean {
    if (taskId === '' || taskId.length > 256 || nameOf(taskId) === undefined) return true;
    return names.has(taskId) || journal.tasks.has(taskId) || hasResult(journal.ended.get(taskId));
  }

  function over({ id, how }: Extract<JournalRecord, { readonly kind: 'ended' }>): void {
    const name = names.get(id);
    if (name === undefined || how === 'cancelled') return;
    if (how === 'dropped') letGo(id);
    else {
      names.delete(id);
      void claims.finish(name);
    }
  }

  const earlier = new Map<string, 'held' | 'over'>();
  await Promise.all(
    [...journal.tasks.keys()].map(async (taskId) => {
      const given = await claim(taskId, nameOf(taskId));
      if (given.kind !== 'ours') earlier.set(taskId, given.kind);
      else {
        if (given.name !== undefined) names.set(taskId, given.name);
        if (given.left) await inherit(given.left.task, given.left);
      }
    }),
  );

  return {
    journal: {
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
      record(...records) {
        const ended = records.filter((record) => record.kind === 'ended');
        const done = journal.record(...records);
        return ended.length === 0 ? done : done.then(() => ended.forEach(over));
      },
      note: (...records) => journal.note(...records),
      flush: () => journal.flush(),
      dispose: () => journal.dispose(),
    },
    hear(word) {
      if (disposed) return;
      if (word.kind === 'task') {
        const { id } = word.task;
        const other = others.get(id);
        if (!other && isSettled(id)) runner?.hear(word);
        else if (!other || clock.monotonic() - other.lookedAt >= lookAgainAfterMs) {
          if (other) other.lookedAt = clock.monotonic();
          ask(id, other?.word ?? word);
        }
        return;
      }
      const taskId = word.kind === 'cancel' ? word.taskId : '';
      const pending = asked.get(taskId);
      if (pending) pending.cancel = word;
      else if (others.has(taskId)) forget(taskId);
      else runner?.hear(word);
    },
    mine: (taskId) => !earlier.has(taskId),
    attach(attached) {
      runner = attached;
      for (const [taskId, claim] of earlier) {
        if (claim === 'over') drop(taskId);
        else others.set(taskId, { bytes: 0, lookedAt: clock.monotonic() });
      }
      if (others.size > 0) timer = clock.after(lookEveryMs, look);
    },
    dispose() {
      disposed = true;
      timer?.dispose();
    },
  };
}
