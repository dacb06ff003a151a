import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, MeshFrame } from './meshFrame.ts';

export interface MeshTask {
  /** How often it was given out. */
  assigned: number;
  readonly accepted: MeshFrame[];
  readonly progress: MeshFrame[];
  readonly results: MeshResult[];
}

export interface MeshResult {
  readonly frame: MeshFrame;
  readonly result: JsonObject;
  /**
   * `effective`: the first. `repeat`: the very same again, as after a lost ack. `conflict`: another one for a task
   * that already has a result; no agent may ever send that.
   */
  readonly verdict: 'effective' | 'repeat' | 'conflict';
}

/** What a server was told about its tasks. Kept over reconnects and restarts, as a server's database is. */
export class MeshTaskLog {
  readonly #tasks = new Map<string, MeshTask>();

  get ids(): string[] {
    return [...this.#tasks.keys()];
  }

  /** Empty for a task nobody heard of. */
  of(taskId: string): MeshTask {
    return this.#tasks.get(taskId) ?? { assigned: 0, accepted: [], progress: [], results: [] };
  }

  /** 1 is right for a finished task; more means that the agent contradicted itself. */
  effectiveResults(taskId: string): number {
    return this.of(taskId).results.filter((result) => result.verdict !== 'repeat').length;
  }

  /** The result that counts; undefined while there is none. */
  result(taskId: string): JsonObject | undefined {
    return this.of(taskId).results[0]?.result;
  }

  assigned(taskId: string): void {
    this.#kept(taskId).assigned += 1;
  }

  accepted(frame: MeshFrame): void {
    this.#kept(taskIdOf(frame)).accepted.push(frame);
  }

  progressed(frame: MeshFrame): void {
    this.#kept(taskIdOf(frame)).progress.push(frame);
  }

  completed(frame: MeshFrame): void {
    const { results } = this.#kept(taskIdOf(frame));
    const first = results[0];
    // Written in another order after a restart it is the same all the same.
    const same = first && isDeepStrictEqual(first.result, frame.payload);
    results.push({
      frame,
      result: frame.payload,
      verdict: first === undefined ? 'effective' : same ? 'repeat' : 'conflict',
    });
  }

  #kept(taskId: string): MeshTask {
    const task = this.of(taskId);
    this.#tasks.set(taskId, task);
    return task;
  }
}

function taskIdOf(frame: MeshFrame): string {
  return String(frame.payload['task_id'] ?? '');
}
