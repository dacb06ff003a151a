import type { Failure } from '../../src/agent/failures.ts';
import { Emitter } from '../../src/agent/shared/emitter.ts';
import type { Journal } from '../../src/agent/tasks/journal.ts';
import { encodeLine } from '../../src/agent/tasks/journalLines.ts';
import { type JournalRecord, JournalState } from '../../src/agent/tasks/journalState.ts';

/** A journal whose disk is a list, and is as slow as the test wants it. */
export class MemoryJournal implements Journal {
  readonly recorded: JournalRecord[] = [];
  readonly #state = new JournalState();
  readonly #onDegraded = new Emitter<Failure>((error) => {
    throw error;
  });
  #held: (() => void)[] | undefined;
  degraded: Failure | undefined;
  disposed = false;

  /** Starts where records lead, as after a restart. */
  constructor(earlier: readonly JournalRecord[] = []) {
    for (const record of earlier) this.#state.apply(record);
  }

  readonly onDegraded = this.#onDegraded.subscribe;

  get tasks() {
    return this.#state.tasks;
  }

  get ended() {
    return this.#state.ended;
  }

  record(...records: readonly JournalRecord[]): Promise<void> {
    // As the real one does, it refuses what is not JSON, and keeps nothing that is still shared.
    for (const line of records.map(encodeLine)) this.recorded.push(JSON.parse(line).record);
    for (const record of records) this.#state.apply(record);
    const held = this.#held;
    return held ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
  }

  note(...records: readonly JournalRecord[]): Promise<void> {
    return this.record(...records);
  }

  /** From now on nothing becomes durable until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resolve of held) resolve();
  }

  degrade(failure: Failure): void {
    this.degraded = failure;
    this.#onDegraded.emit(failure);
  }

  async flush(): Promise<void> {
    await this.record();
  }

  dispose(): void {
    this.disposed = true;
  }
}
