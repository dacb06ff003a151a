import type { Memento } from 'vscode';

/** What an extension remembers, for as long as the test lasts. */
export class MemoryMemento implements Pick<Memento, 'get' | 'update'> {
  readonly values = new Map<string, unknown>();

  get<T>(key: string): T | undefined;
  get<T>(key: string, otherwise: T): T;
  get<T>(key: string, otherwise?: T): T | undefined {
    // Whoever reads a value says what it wrote, as with the editor's own.
    return this.values.has(key) ? (this.values.get(key) as T) : otherwise;
  }

  async update(key: string, value: unknown): Promise<void> {
    this.values.set(key, value);
  }
}
