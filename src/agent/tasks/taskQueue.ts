import { type Priority, priorities } from './task.ts';

interface Queued {
  readonly id: string;
  readonly priority: Priority;
}

/** What waits: the most urgent first, and among equals the one that came first. */
export class TaskQueue<T extends { readonly task: Queued }> {
  /** Most urgent first; a Map keeps the order of arrival and removes from the middle at no cost. */
  readonly #lanes: readonly { readonly priority: Priority; readonly waiting: Map<string, T> }[] = [...priorities]
    .reverse()
    .map((priority) => ({ priority, waiting: new Map() }));

  get size(): number {
    return this.#lanes.reduce((sum, { waiting }) => sum + waiting.size, 0);
  }

  add(item: T): void {
    this.#lane(item).set(item.task.id, item);
  }

  /** The first that `may` go now, taken out. */
  take(may: (item: T) => boolean = () => true): T | undefined {
    for (const item of this) {
      if (!may(item)) continue;
      this.remove(item);
      return item;
    }
    return undefined;
  }

  /** False when it was not waiting. */
  remove(item: T): boolean {
    return this.#lane(item).delete(item.task.id);
  }

  /** In the order in which they would be taken. */
  *[Symbol.iterator](): Generator<T> {
    for (const { waiting } of this.#lanes) yield* waiting.values();
  }

  #lane({ task }: T): Map<string, T> {
    const lane = this.#lanes.find(({ priority }) => priority === task.priority);
    if (!lane) throw new TypeError(`no such priority: ${task.priority}`);
    return lane.waiting;
  }
}
