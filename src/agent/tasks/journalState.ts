import type { Task, TaskResult, TaskState, TaskStatus } from './task.ts';

/** One thing that happened to a task, as it is written down. */
export type JournalRecord =
  | { readonly kind: 'received'; readonly task: Task }
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'running'; readonly id: string; readonly attempt: number }
  /** The attempt was ended in order, with the agent; it does not count against the task. */
  | { readonly kind: 'stopped'; readonly id: string; readonly attempt: number }
  | { readonly kind: 'result'; readonly result: TaskResult }
  | ({ readonly kind: 'ended'; readonly id: string } & Ended);

/** What is remembered of a task that is over, or was cancelled before it came. */
export interface Ended {
  /** `refused`: the server will never take the result, so it stays here. */
  readonly how: 'delivered' | 'dropped' | 'refused' | 'cancelled';
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly status?: TaskStatus;
  /** What the server said when it refused. */
  readonly reason?: string;
  /** Only while it is small and among the newest; one that was refused stays whole for a week. */
  readonly result?: TaskResult;
}

export interface JournalledTask {
  /** Its payload is null once there is a result. */
  readonly task: Task;
  readonly state: Exclude<TaskState, { readonly kind: 'delivered' }>;
  /** Runs that were begun and not ended in order, as far as is certain. */
  readonly attempts: number;
}

const rememberedTasks = 10_000;
const aDay = 24 * 60 * 60_000;
const keptResultCharacters = 8 * 1024;

/**
 * What the records add up to. Applying is idempotent and never goes backwards, so records may come twice, and a
 * record whose predecessors were lost does as much as it can alone.
 */
export class JournalState {
  /** Unfinished, and finished but undelivered; those with a result stand in the order of their results. */
  readonly tasks = new Map<string, JournalledTask>();
  /** Oldest first. */
  readonly ended = new Map<string, Ended>();
  /** What results in `ended` are still whole. */
  readonly #kept = new Shelf(256 * 1024);
  readonly #refused = new Shelf(4 * 1024 * 1024);

  /** False when the record changes nothing. */
  apply(record: JournalRecord): boolean {
    switch (record.kind) {
      case 'received':
        return this.#receive(record.task);
      case 'accepted':
        return this.#advance(record.id, ({ state }) => state.kind === 'received', { kind: 'accepted' });
      case 'running':
        return this.#advance(
          record.id,
          ({ state, attempts }) => state.kind !== 'result' && record.attempt > attempts,
          { kind: 'running', attempt: record.attempt },
          record.attempt,
        );
      case 'stopped': {
        const before = record.attempt - 1;
        return this.#advance(
          record.id,
          ({ state }) => state.kind === 'running' && state.attempt === record.attempt,
          before > 0 ? { kind: 'running', attempt: before } : { kind: 'accepted' },
          before,
        );
      }
      case 'result':
        return this.#finish(record.result);
      case 'ended':
        return this.#end(record.id, record);
    }
  }

  /** No run that was begun so far counts against its task any more. */
  forgive(): void {
    for (const [id, { task, state, attempts }] of this.tasks) {
      if (attempts === 0 || state.kind === 'result') continue;
      this.tasks.set(id, { task, state: { kind: 'accepted' }, attempts: 0 });
    }
  }

  /** Forgets what ended more than a day before `now`, and what was refused after a week. */
  forget(now: number): void {
    for (const [id, { at, how }] of this.ended) {
      if (now - at > (how === 'refused' ? 7 * aDay : aDay)) this.#forgetEnded(id);
    }
  }

  /** The fewest records that add up to this state. */
  records(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (const [id, ended] of this.ended) records.push({ kind: 'ended', id, ...ended });
    for (const [id, { task, state, attempts }] of this.tasks) {
      records.push({ kind: 'received', task });
      if (state.kind !== 'received') records.push({ kind: 'accepted', id });
      if (attempts > 0) records.push({ kind: 'running', id, attempt: attempts });
      if (state.kind === 'result') records.push({ kind: 'result', result: state.result });
    }
    return records;
  }

  #receive(task: Task): boolean {
    const ended = this.ended.get(task.id);
    if (this.tasks.has(task.id) || hasResult(ended)) return false;
    if (ended) this.#forgetEnded(task.id);
    this.tasks.set(task.id, { task, state: { kind: 'received' }, attempts: 0 });
    return true;
  }

  #advance(
    id: string,
    may: (entry: JournalledTask) => boolean,
    state: JournalledTask['state'],
    attempts?: number,
  ): boolean {
    const entry = this.tasks.get(id);
    if (!entry || !may(entry)) return false;
    this.tasks.set(id, { task: entry.task, state, attempts: attempts ?? entry.attempts });
    return true;
  }

  #finish(result: TaskResult): boolean {
    const id = result.task_id;
    const entry = this.tasks.get(id);
    if (entry?.state.kind === 'result' || hasResult(this.ended.get(id))) return false;
    const task = entry?.task ?? { id, type: '', priority: 'normal', origin: 'server', payload: null };
    this.tasks.delete(id);
    this.tasks.set(id, {
      task: { ...task, payload: null },
      state: { kind: 'result', result },
      attempts: entry?.attempts ?? 0,
    });
    return true;
  }

  #end(id: string, record: Ended): boolean {
    const entry = this.tasks.get(id);
    if (this.ended.has(id) && !entry) return false;
    if (entry && record.how === 'cancelled') return false;
    this.tasks.delete(id);
    const result = entry?.state.kind === 'result' ? entry.state.result : record.result;
    const status = result?.status ?? record.status;
    this.ended.set(id, {
      how: record.how,
      at: record.at,
      ...(status && { status }),
      ...(record.reason !== undefined && { reason: record.reason }),
      ...(result && { result }),
    });
    if (result) this.#keepResult(id, result, record.how === 'refused');
    for (const oldest of this.ended.keys()) {
      if (this.ended.size <= rememberedTasks) break;
      this.#forgetEnded(oldest);
    }
    return true;
  }

  /**
   * Results of tasks that are over stay while they are small and few, newest first: they are only for repeated
   * questions. Nobody else has a refused one, so of those the newest stays whatever its size.
   */
  #keepResult(id: string, result: TaskResult, refused: boolean): void {
    const characters = JSON.stringify(result).length;
    if (!refused && characters > keptResultCharacters) this.#dropResult(id);
    else for (const oldest of (refused ? this.#refused : this.#kept).add(id, characters)) this.#dropResult(oldest);
  }

  #dropResult(id: string): void {
    this.#kept.remove(id);
    this.#refused.remove(id);
    const ended = this.ended.get(id);
    if (!ended) return;
    const { result: _, ...rest } = ended;
    this.ended.set(id, rest);
  }

  #forgetEnded(id: string): void {
    this.#dropResult(id);
    this.ended.delete(id);
  }
}

/** Its one result is decided, and the server was told. */
export function hasResult(ended: Ended | undefined): boolean {
  return ended?.how === 'delivered' || ended?.how === 'refused';
}

/** Sizes of what is kept, oldest first, and how much it may be in all. */
class Shelf {
  readonly #most: number;
  readonly #sizes = new Map<string, number>();
  #all = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Those that must go for it, oldest first; never the new one itself. */
  add(id: string, size: number): readonly string[] {
    this.remove(id);
    this.#sizes.set(id, size);
    this.#all += size;
    const gone: string[] = [];
    let left = this.#all;
    for (const [oldest, each] of this.#sizes) {
      if (left <= this.#most || oldest === id) break;
      left -= each;
      gone.push(oldest);
    }
    return gone;
  }

  remove(id: string): void {
    this.#all -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }
}
