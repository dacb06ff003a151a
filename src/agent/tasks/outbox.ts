import { retryDelay } from '../connection/backoff.ts';
import type { Incoming, Outgoing } from '../connection/messages.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import type { TaskResult } from './task.ts';

export interface OutboxParts {
  readonly clock: Clock;
  send(message: Outgoing): string | undefined;
  /** The server has the result (`delivered`), or does not want it from us (`dropped`). Once for each that is no repeat. */
  over(taskId: string, how: 'delivered' | 'dropped', text?: string): void;
  /** The server will never take this one as it is. It stays until the process ends. */
  stuck(taskId: string, text: string): void;
}

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
    | { readonly kind: 'sent'; readonly messageId: string; readonly at: number; readonly again?: Disposable }
    /** Refused for the moment. */
    | { readonly kind: 'resting'; readonly timer: Disposable }
    | { readonly kind: 'stuck' };
}

const sentInOneTurn = 50;
/** A server that keeps asking for one result gets it once a second. */
const repeatAfterMs = 1000;
const restAtLeastMs = 1000;
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
  #disposed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Ids of the results that the server has not had, in order. */
  get ids(): readonly string[] {
    return [...this.#parcels].flatMap(([id, { repeat }]) => (repeat ? [] : [id]));
  }

  /** Those of `ids` that may still arrive without anybody's help. */
  get undelivered(): number {
    return [...this.#parcels.values()].filter(({ repeat, place }) => !repeat && place.kind !== 'stuck').length;
  }

  put(result: TaskResult, repeat = false): void {
    if (this.#disposed) return;
    if (this.#parcels.has(result.task_id)) this.again(result.task_id);
    else this.#makeReady(result.task_id, { result, repeat, refusals: 0, place: { kind: 'ready' } });
  }

  /** The server asks for this one. Nothing happens when it is not here. */
  again(taskId: string): void {
    const parcel = this.#parcels.get(taskId);
    if (!parcel) return;
    const { place } = parcel;
    if (place.kind === 'stuck') this.#makeReady(taskId, parcel);
    if (place.kind !== 'sent' || place.again) return;
    const wait = place.at + repeatAfterMs - this.#parts.clock.monotonic();
    if (wait <= 0) {
      this.#makeReady(taskId, parcel);
      return;
    }
    const again = this.#parts.clock.after(wait, () => this.#makeReady(taskId, parcel));
    this.#place(taskId, parcel, { ...place, again });
  }

  /** What was sent on an earlier connection counts for nothing. */
  registered(): void {
    for (const [taskId, parcel] of this.#parcels) {
      if (parcel.place.kind === 'stuck') continue;
      this.#place(taskId, parcel, { kind: 'ready' });
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
    switch (reason) {
      case 'finished':
        this.#remove(taskId, 'delivered', text);
        break;
      case 'disowned':
        this.#remove(taskId, 'dropped', text);
        break;
      case 'final':
        this.#getStuck(taskId, parcel, text);
        break;
      case 'tooLarge':
        if (refusals >= triesTooLarge) this.#getStuck(taskId, parcel, text);
        else this.#rest(taskId, { ...parcel, refusals });
        break;
      case 'rate':
      case 'passing':
      case 'key':
        this.#rest(taskId, { ...parcel, refusals });
        break;
    }
    return true;
  }

  dispose(): void {
    this.#disposed = true;
    this.#nextTurn?.dispose();
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
      else this.#place(taskId, parcel, { kind: 'sent', messageId, at: this.#parts.clock.monotonic() });
    }
  }

  #rest(taskId: string, parcel: Parcel): void {
    const { clock } = this.#parts;
    const delay = retryDelay({ failures: parcel.refusals, random: clock.random(), retryAfterMs: restAtLeastMs });
    const timer = clock.after(delay, () => this.#makeReady(taskId, parcel));
    this.#place(taskId, parcel, { kind: 'resting', timer });
  }

  #getStuck(taskId: string, parcel: Parcel, text: string): void {
    if (parcel.repeat) {
      this.#remove(taskId, 'dropped');
      return;
    }
    this.#place(taskId, parcel, { kind: 'stuck' });
    this.#parts.stuck(taskId, text);
  }

  #place(taskId: string, parcel: Parcel, place: Parcel['place']): void {
    const before = this.#parcels.get(taskId);
    if (before) this.#letGo(before);
    this.#parcels.set(taskId, { ...parcel, place });
    if (place.kind === 'sent') this.#taskOf.set(place.messageId, taskId);
  }

  #remove(taskId: string, how: 'delivered' | 'dropped', text?: string): void {
    const parcel = this.#parcels.get(taskId);
    if (!parcel) return;
    this.#letGo(parcel);
    this.#parcels.delete(taskId);
    this.#ready.delete(taskId);
    if (!parcel.repeat) this.#parts.over(taskId, how, text);
  }

  #letGo(parcel: Parcel): void {
    if (parcel.place.kind === 'sent') this.#taskOf.delete(parcel.place.messageId);
    release(parcel);
  }
}

function release({ place }: Parcel): void {
  if (place.kind === 'sent') place.again?.dispose();
  if (place.kind === 'resting') place.timer.dispose();
}
