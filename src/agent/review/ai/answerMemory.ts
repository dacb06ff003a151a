import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../host.ts';

/**
 * Answers by the digest of what was asked, so that unchanged code is neither paid for nor judged anew by chance. A value
 * is JSON; whoever recalls one checks it like an answer.
 */
export interface AnswerMemory {
  recall(key: string): Promise<unknown>;
  keep(key: string, value: unknown): void;
  /** Once everything kept so far is on disk, or could not be put there. */
  settled(): Promise<void>;
}

export interface AnswerMemoryOptions {
  /** Absolute path; made when it is missing. Absent: answers last as long as the process. */
  readonly folder?: string;
  readonly log: Log;
  /** The answers used last are kept, so many. */
  readonly most?: number;
}

export const answersFile = 'answers.jsonl';
/** Bytes. A larger file is not read but begun anew, and one answer larger than this is not kept. */
const longestFile = 16 * 1024 * 1024;
const longestEntry = 64 * 1024;

export function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/**
 * One line an answer, added at the end; the file is written anew when half of its lines are out of date. Processes that
 * share it may lose each other's latest answers to that, which costs a call. Nobody else may read it: findings quote.
 */
export function createAnswerMemory({ folder, log, most = 4000 }: AnswerMemoryOptions): AnswerMemory {
  const answers = new Map<string, unknown>();
  const file = folder === undefined ? undefined : join(folder, answersFile);
  let lines = 0;
  let bytes = 0;
  let loading: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let broken = false;

  const put = (key: string, value: unknown) => {
    answers.delete(key);
    answers.set(key, value);
    const [oldest] = answers.keys();
    if (answers.size > most && oldest !== undefined) answers.delete(oldest);
  };
  const giveUp = (error: unknown) => {
    if (!broken) log('warn', 'Answers of the model are not kept on disk', { error: String(error) });
    broken = true;
  };

  async function load(path: string): Promise<void> {
    try {
      const { size } = await stat(path);
      if (size > longestFile) return await rm(path);
      const text = await readFile(path, 'utf8');
      bytes = size;
      for (const line of text.split('\n')) {
        const entry = line === '' ? undefined : readEntry(line);
        lines += 1;
        if (entry) put(entry.key, entry.value);
      }
    } catch (error) {
      // That there is none yet is how it begins.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) giveUp(error);
    }
  }
  const loaded = () => {
    loading ??= file === undefined ? Promise.resolve() : load(file);
    return loading;
  };

  async function write(path: string, line: string): Promise<void> {
    await loaded();
    if (broken) return;
    lines += 1;
    bytes += line.length;
    if (lines > 2 * most || bytes > longestFile / 2) {
      const all = [...answers].map(([key, value]) => lineOf(key, value)).filter((one) => one.length <= longestEntry);
      let room = longestFile / 4;
      const kept = all.reverse().filter((one) => {
        room -= one.length;
        return room >= 0;
      });
      const next = `${path}.next`;
      await writeFile(next, kept.reverse().join(''), { mode: 0o600 });
      await rename(next, path);
      lines = kept.length;
      bytes = longestFile / 4 - Math.max(0, room);
      return;
    }
    try {
      await appendFile(path, line, { mode: 0o600 });
    } catch {
      // The folder is missing at first; whatever else is wrong fails again.
      await mkdir(folder ?? '.', { recursive: true });
      await appendFile(path, line, { mode: 0o600 });
    }
  }

  return {
    async recall(key) {
      await loaded();
      const value = answers.get(key);
      if (value !== undefined) put(key, value);
      return value;
    },
    keep(key, value) {
      put(key, value);
      const line = lineOf(key, value);
      if (file === undefined || line.length > longestEntry) return;
      writing = writing.then(() => write(file, line)).catch(giveUp);
    },
    settled: () => writing,
  };
}

/** Recalls what the other keeps, and keeps nothing itself. */
export function reading(memory: AnswerMemory): AnswerMemory {
  return { recall: memory.recall, keep: () => {}, settled: memory.settled };
}

function lineOf(key: string, value: unknown): string {
  return `${JSON.stringify([key, value])}\n`;
}

function readEntry(line: string): { key: string; value: unknown } | undefined {
  if (line.length > longestEntry) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (!Array.isArray(entry) || typeof entry[0] !== 'string' || entry[1] === undefined) return undefined;
    return { key: entry[0], value: entry[1] };
  } catch {
    // Half a line, where a process ended while it wrote.
    return undefined;
  }
}
