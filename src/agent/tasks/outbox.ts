import { retryDelay } from '../connection/backoff.ts';
import type { Incoming, Outgoing } from '../connection/messages.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import type { TaskResult } from './task.ts';

export interface OutboxParts {
  readonly clock: Clock;
  send(message: Outgoing): string | undefined;
  /**
   * The server has the result (`delivered`), does not want it from us (`dropped`), or will never take it as it is
   * (`refused`). Once for each that is no repeat. `text`: what the server said, if anything.
   */
  over(taskId: string, how: Over, text?: string): void;
}

export type Over = 'delivered' | 'dropped' | 'refused';

type Refused = Extract<Incoming, { kind: 'refused' }>;

interface Parcel {
  readonly result: TaskResult;
  /** The server has had it before and asks again; nothing hangs on it. */
  readonly repeat: boolean;
  readonly refusals: number;
  readonly place:
    | { readonly kind: 'ready' }
    /** Not sent for want of a connection. */
    | { readonly kind: 'waiting' }
    | {
        readonly kind: 'sent';
        readonly at: number;
        /** The server asked for it once more. */
        readonly again?: Disposable;
        /** When it goes out again unless somebody says something about it; monotonic. */
        readonly overdueAt: number | undefined;
      }
    /** Refused for the moment. */
    | { readonly kind: 'resting'; readonly timer: Disposable };
  /** Under which it went out on this connection. Any of them may still be answered. */
  readonly messageIds: readonly string[];
  /** How often it went out on this connection and nothing came back. */
  readonly unanswered: number;
}

const sentInOneTurn = 50;
/** A server that keeps asking for one result gets it once a second. */
const repeatAfterMs = 1000;
const restAtLeastMs = 1000;
/** Of one result on one connection. */
const mostMessageIds = 10;
/** Without an answer it goes out again after these; then it waits for the next connection. */
const overdueAfterMs: readonly number[] = [30_000, 60_000, 120_000];
/** The connection shortens what was too large, more each time. */
const triesTooLarge = 6;

/** Results on their way to the server: in order, again after each registration, until the server has them. */
export class Outbox implements Disposable {
  readonly #parts: OutboxParts;
  /** In the order of the results. */
  readonly #parcels = new Map<string, Parcel>();
  readonly #ready = new Set<string>();
  readonly #taskOf = new Map<string, string>();
  #nextTurn: Disposable | undefined;
  #lookAgain: Disposable | undefined;
  #disposed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Ids of the results that the server has not had, in order. */
  get ids(): readonly string[] {
    return [...this.#parcels].flatMap(([id, { repeat }]) => (repeat ? [] : [id]));
  }

  get undelivered(): number {
    return this.ids.length;
  }

  put(result: TaskResult, repeat = false): void {
    if (this.#disposed) return;
    if (this.#parcels.has(result.task_id)) this.again(result.task_id);
    else {
      const place = { kind: 'ready' } as const;
      this.#makeReady(result.task_id, { result, repeat, refusals: 0, place, messageIds: [], unanswered: 0 });
    }
  }

  /** The server asks for this one. Nothing happens when it is not here. */
  again(taskId: string): void {
    const parcel = this.#parcels.get(taskId);
    if (!parcel) return;
    const { place } = parcel;
    if (place.kind !== 'sent' || place.again) return;
    const wait = place.at + repeatAfterMs - this.#parts.clock.monotonic();
    if (wait <= 0) {
      this.#makeReady(taskId, parcel);
      return;
    }
    const again = this.#parts.clock.after(wait, () => this.#makeReady(taskId, parcel));
    this.#parcels.set(taskId, { ...parcel, place: { ...place, again } });
  }

  /** What was sent on an earlier connection counts for nothing. */
  registered(): void {
    this.#taskOf.clear();
    for (const [taskId, parcel] of this.#parcels) {
      this.#place(taskId, { ...parcel, messageIds: [], unanswered: 0 }, { kind: 'ready' });
      this.#ready.delete(taskId);
      this.#ready.add(taskId);
    }
    this.#sendSome();
  }

  /** False when the message was none of ours. */
  delivered(messageId: string): boolean {
    const taskId = this.#taskOf.get(messageId);
    if (taskId === undefined) return false;
    this.#remove(taskId, 'delivered');
    return true;
  }

  /** Servers name the message they refuse, or the task. False when it was none of ours. */
  refused({ reason, text, about }: Refused): boolean {
    if (about === undefined) return false;
    const taskId = this.#taskOf.get(about) ?? about;
    const parcel = this.#parcels.get(taskId);
    if (!parcel) return false;
    const refusals = parcel.refusals + 1;
    const answered = { ...parcel, refusals, unanswered: 0 };
    switch (reason) {
      case 'finished':
        this.#remove(taskId, 'delivered', text);
        break;
      case 'disowned':
        this.#remove(taskId, 'dropped', text);
        break;
      case 'final':
        this.#remove(taskId, 'refused', text);
        break;
      case 'tooLarge':
        if (refusals >= triesTooLarge) this.#remove(taskId, 'refused', text);
        else this.#rest(taskId, answered);
        break;
      case 'rate':
      case 'passing':
      case 'key':
        this.#rest(taskId, answered);
        break;
    }
    return true;
  }

  dispose(): void {
    this.#disposed = true;
    this.#nextTurn?.dispose();
    this.#lookAgain?.dispose();
    for (const parcel of this.#parcels.values()) release(parcel);
    this.#parcels.clear();
    this.#ready.clear();
  }

  #makeReady(taskId: string, parcel: Parcel): void {
    this.#place(taskId, parcel, { kind: 'ready' });
    this.#ready.add(taskId);
    if (!this.#nextTurn) this.#sendSome();
  }

  /** A turn's worth, so that a thousand results do not hold up everything else. */
  #sendSome(): void {
    this.#nextTurn?.dispose();
    this.#nextTurn = undefined;
    let left = sentInOneTurn;
    for (const taskId of this.#ready) {
      if (left-- === 0) {
        this.#nextTurn = this.#parts.clock.after(0, () => this.#sendSome());
        return;
      }
      this.#ready.delete(taskId);
      const parcel = this.#parcels.get(taskId);
      if (!parcel) continue;
      const messageId = this.#parts.send({ kind: 'result', result: parcel.result });
      if (messageId === undefined) this.#place(taskId, parcel, { kind: 'waiting' });
      else this.#sent(taskId, parcel, messageId);
    }
  }

  #sent(taskId: string, before: Parcel, messageId: string): void {
    const { clock } = this.#parts;
    const parcel = { ...before, messageIds: [...before.messageIds, messageId].slice(-mostMessageIds) };
    const at = clock.monotonic();
    const pause = parcel.repeat ? undefined : overdueAfterMs[parcel.unanswered];
    this.#place(taskId, parcel, { kind: 'sent', at, overdueAt: pause === undefined ? undefined : at + pause });
    if (pause !== undefined) this.#lookAgain ??= clock.after(pause, () => this.#sendOverdue());
  }

  /** One timer for all, because there may be thousands. */
  #sendOverdue(): void {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    let next: number | undefined;
    const overdue: [string, Parcel][] = [];
    for (const [taskId, parcel] of this.#parcels) {
      const due = parcel.place.kind === 'sent' ? parcel.place.overdueAt : undefined;
      if (due === undefined) continue;
      if (due <= now) overdue.push([taskId, { ...parcel, unanswered: parcel.unanswered + 1 }]);
      else next = Math.min(next ?? due, due);
    }
    this.#lookAgain =
      next === undefined ? undefined : clock.after(Math.max(1000, next - now), () => this.#sendOverdue());
    for (const [taskId, parcel] of overdue) this.#makeReady(taskId, parcel);
  }

  #rest(taskId: string, parcel: Parcel): void {
    const { clock } = this.#parts;
    const delay = retryDelay({ failures: parcel.refusals, random: clock.random(), retryAfterMs: restAtLeastMs });
    const timer = clock.after(delay, () => this.#makeReady(taskId, parcel));
    this.#place(taskId, parcel, { kind: 'resting', timer });
  }

  #place(taskId: string, parcel: Parcel, place: Parcel['place']): void {
    const before = this.#parcels.get(taskId);
    if (before) release(before);
    this.#parcels.set(taskId, { ...parcel, place });
    for (const messageId of parcel.messageIds) this.#taskOf.set(messageId, taskId);
  }

  #remove(taskId: string, how: Over, text?: string): void {
    const parcel = this.#parcels.get(taskId);
    if (!parcel) return;
    release(parcel);
    for (const messageId of parcel.messageIds) this.#taskOf.delete(messageId);
    this.#parcels.delete(taskId);
    this.#ready.delete(taskId);
    if (this.#parcels.size === 0) {
      this.#lookAgain?.dispose();
      this.#lookAgain = undefined;
    }
    if (!parcel.repeat) this.#parts.over(taskId, how, text);
  }
}

function release({ place }: Parcel): void {
  if (place.kind === 'sent') place.again?.dispose();
  if (place.kind === 'resting') place.timer.dispose();
}
