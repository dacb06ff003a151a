import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Throws away what nobody holds any more. */
export function collectGarbage(): void {
  if (typeof collect === 'function') collect();
}

/** How much more than while it warmed up this process ever has. Bytes; below 0 when it stayed smaller. */
export class MemoryWatch {
  readonly #base = { resident: 0, held: 0 };
  readonly #peak = { resident: 0, held: 0 };

  warm(): void {
    look(this.#base);
  }

  look(): void {
    look(this.#peak);
  }

  get resident(): number {
    return this.#peak.resident - this.#base.resident;
  }

  /** On the heap, and still used. */
  get held(): number {
    return this.#peak.held - this.#base.held;
  }
}

function look(most: { resident: number; held: number }): void {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  most.resident = Math.max(most.resident, rss);
  most.held = Math.max(most.held, heapUsed);
}
