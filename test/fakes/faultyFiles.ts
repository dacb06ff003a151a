import { type JournalFile, type JournalFiles, journalFiles } from '../../src/agent/tasks/journalFiles.ts';

export type DiskStep = 'prepare' | 'read' | 'open' | 'write' | 'sync' | 'rename';

/** The real disk, which fails where and while it is told to, and counts what is asked of it. */
export class FaultyFiles implements JournalFiles {
  readonly counts: Record<DiskStep, number> = { prepare: 0, read: 0, open: 0, write: 0, sync: 0, rename: 0 };
  readonly #failing = new Map<DiskStep, string>();

  /** `code`: ENOSPC, EROFS, EIO, ... */
  fail(step: DiskStep, code: string): void {
    this.#failing.set(step, code);
  }

  heal(): void {
    this.#failing.clear();
  }

  async prepare(folder: string): Promise<void> {
    this.#step('prepare');
    await journalFiles.prepare(folder);
  }

  async read(path: string): Promise<string | undefined> {
    this.#step('read');
    return journalFiles.read(path);
  }

  async open(path: string, emptied: boolean): Promise<JournalFile> {
    this.#step('open');
    const file = await journalFiles.open(path, emptied);
    return {
      write: async (text) => {
        // A full disk takes a part before it says so.
        if (this.#failing.has('write')) await file.write(text.slice(0, text.length / 2));
        this.#step('write');
        await file.write(text);
      },
      sync: async () => {
        this.#step('sync');
        await file.sync();
      },
      writeNow: (text) => file.writeNow(text),
      close: () => file.close(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step('rename');
    await journalFiles.rename(from, to);
  }

  #step(step: DiskStep): void {
    this.counts[step] += 1;
    const code = this.#failing.get(step);
    if (code) throw Object.assign(new Error(`${code}: ${step} failed`), { code });
  }
}
