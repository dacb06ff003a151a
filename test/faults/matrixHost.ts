import type { ExistingDiagnostic } from '../../src/agent/host.ts';
import { type NetworkSettings, noProxies } from '../../src/agent/network/proxyFor.ts';
import { FakeHost } from '../fakes/fakeHost.ts';

/**
 * A host by which a test holds real work where it wants it: a review asks for the diagnostics of its file, and gets them
 * when the gate of that file is opened. How often a file was asked about is how often its task was done.
 */
export class GatedHost extends FakeHost {
  /** What is shown as the key of every server. */
  key: string;
  proxies: NetworkSettings = noProxies;
  /** Every line of every file has something said about it, at length. */
  noisy = false;
  override readonly network = () => this.proxies;
  override readonly secrets = { key: async () => this.key };
  readonly #runs = new Map<string, number>();
  readonly #gates = new Map<string, Gate>();

  constructor(key: string) {
    super({ files: {} });
    this.key = key;
  }

  override async diagnostics(absolutePath: string, signal: AbortSignal): Promise<readonly ExistingDiagnostic[]> {
    signal.throwIfAborted();
    this.#runs.set(absolutePath, this.runs(absolutePath) + 1);
    const gate = this.#gates.get(absolutePath);
    if (gate) await gate.passed(signal);
    return this.noisy ? noise : super.diagnostics(absolutePath, signal);
  }

  runs(absolutePath: string): number {
    return this.#runs.get(absolutePath) ?? 0;
  }

  /** Whoever works on the file stands still until `openGates`. */
  close(absolutePath: string): void {
    this.#gates.set(absolutePath, new Gate());
  }

  open(absolutePath: string): void {
    this.#gates.get(absolutePath)?.open();
    this.#gates.delete(absolutePath);
  }

  openGates(): void {
    for (const path of [...this.#gates.keys()]) this.open(path);
  }
}

/** Lines of a file that `noisy` has something to say about. */
export const noisyLines = 1000;
const noise: readonly ExistingDiagnostic[] = Array.from({ length: noisyLines }, (_, n) => ({
  range: { line: n + 1, column: 1, endLine: n + 1, endColumn: 5 },
  severity: 'warning',
  message: `Warning ${n}: ${'far too much is said about this. '.repeat(50)}`,
  source: 'noise',
}));

class Gate {
  readonly #waiting = new Set<() => void>();

  open(): void {
    for (const go of this.#waiting) go();
  }

  /** Rejects when the signal aborts first. */
  passed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', go);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', go, { once: true });
    });
  }
}
