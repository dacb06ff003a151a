import type { JournalFile, JournalFiles } from '../../src/agent/tasks/journalFiles.ts';

/** A disk that is a map from paths to bytes, for tests that open thousands of journals. */
export class MemoryFiles implements JournalFiles {
  readonly content = new Map<string, Buffer>();

  async prepare(): Promise<void> {}

  async read(path: string): Promise<string | undefined> {
    return this.content.get(path)?.toString('utf8');
  }

  async open(path: string, emptied: boolean): Promise<JournalFile> {
    const append = (text: string) => {
      this.content.set(path, Buffer.concat([this.content.get(path) ?? Buffer.alloc(0), Buffer.from(text)]));
    };
    if (emptied) this.content.set(path, Buffer.alloc(0));
    else append('');
    return { write: async (text) => append(text), sync: async () => {}, writeNow: append, close: async () => {} };
  }

  async rename(from: string, to: string): Promise<void> {
    this.content.set(to, this.content.get(from) ?? Buffer.alloc(0));
    this.content.delete(from);
  }
}
