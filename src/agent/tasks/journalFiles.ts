import { fdatasyncSync, writeSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The few things a journal asks of a disk. Each rejects with the system's error. */
export interface JournalFiles {
  /** Makes the folder, for this user alone; fine when it exists. */
  prepare(folder: string): Promise<void>;
  /** Undefined: there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** For appending, by this user alone; created when missing, emptied first with `emptied`. */
  open(path: string, emptied: boolean): Promise<JournalFile>;
  /** Replaces what stands at `to`, durably. */
  rename(from: string, to: string): Promise<void>;
}

export interface JournalFile {
  write(text: string): Promise<void>;
  /** Resolves when all that was written survives a loss of power. */
  sync(): Promise<void>;
  /** Writes and syncs before it returns, for a process that is about to end. Throws the system's error. */
  writeNow(text: string): void;
  close(): Promise<void>;
}

export const journalFiles: JournalFiles = {
  async prepare(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  },
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  },
  async open(path, emptied) {
    const file = await open(path, emptied ? 'w' : 'a', 0o600);
    try {
      await file.chmod(0o600).catch(ignoreUnsupported);
      await syncFolder(dirname(path));
    } catch (error) {
      await file.close();
      throw error;
    }
    return {
      write: (text) => file.appendFile(text),
      sync: () => file.datasync(),
      writeNow(text) {
        const bytes = Buffer.from(text);
        for (let written = 0; written < bytes.length; ) written += writeSync(file.fd, bytes, written);
        fdatasyncSync(file.fd);
      },
      close: () => file.close(),
    };
  },
  async rename(from, to) {
    await rename(from, to);
    await syncFolder(dirname(to));
  },
};

/** A new name is durable only once its folder is. Windows cannot open a folder and does not need to. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync().catch(ignoreUnsupported);
  } finally {
    await handle.close();
  }
}

/** Some file systems have no modes, or nothing to sync in a folder. They can still keep a journal. */
function ignoreUnsupported(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM'].includes(String(code))) throw error;
}
