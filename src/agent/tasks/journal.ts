import { join } from 'node:path';
import { type Failure, failures } from '../failures.ts';
import type { Log } from '../host.ts';
import type { Clock } from '../shared/clock.ts';
import type { Disposable } from '../shared/disposables.ts';
import { Emitter, type Subscribe } from '../shared/emitter.ts';
import { CompactionPlan } from './compaction.ts';
import { type JournalFile, type JournalFiles, journalFiles } from './journalFiles.ts';
import { byteLength, encodeAll, encodeLine, replay } from './journalLines.ts';
import { type Ended, type JournalledTask, type JournalRecord, JournalState } from './journalState.ts';

/** What happened to each task of a server, kept so that it survives the end of the process at any moment. */
export interface Journal extends Disposable {
  /** Not yet over. Those with a result stand in the order of their results. */
  readonly tasks: ReadonlyMap<string, JournalledTask>;
  /** Over, or cancelled before they came; oldest first, the newest 10,000 of a day. */
  readonly ended: ReadonlyMap<string, Ended>;
  /** Why nothing is durable at present: the disk is full, or may not be written. Memory serves meanwhile. */
  readonly degraded: Failure | undefined;
  /** Each time `degraded` begins. */
  readonly onDegraded: Subscribe<Failure>;
  /**
   * Takes effect in `tasks` and `ended` at once. Resolves when the records are durable, or when it is clear that they
   * cannot be; never rejects. Throws when a record is not JSON, and then records nothing.
   */
  record(...records: readonly JournalRecord[]): Promise<void>;
  /**
   * The same for what a loss of power may take along: resolves when the records outlive this process, which costs no
   * sync of the disk. They become durable with the next `record`.
   */
  note(...records: readonly JournalRecord[]): Promise<void>;
  /** Resolves when nothing waits to be written. */
  flush(): Promise<void>;
  /** Writes what waits before it returns. Later records change the memory alone. */
  dispose(): void;
}

/** Of one write, so that a burst is neither one huge string nor one long stall. */
const batchCharacters = 4 * 1024 * 1024;
const retryDiskAfterMs = 10_000;
/** Lines that are written in one go. */
const slice = 500;

/** Never rejects: a folder that cannot be used gives a journal that is `degraded`. */
export async function openJournal(
  folder: string,
  parts: { readonly clock: Clock; readonly log: Log; readonly files?: JournalFiles },
): Promise<Journal> {
  const journal = new FileJournal(folder, { files: journalFiles, ...parts });
  await journal.open();
  return journal;
}

/** How many tasks of a journal nobody has open are not over. 0 when there is none, or when it cannot be read. */
export async function countUnfinished(folder: string, files = journalFiles): Promise<number> {
  return (await peekJournal(folder, files)).tasks.size;
}

/** What a journal that another process may have open adds up to; nothing when there is none, or it cannot be read. */
export async function peekJournal(folder: string, files = journalFiles): Promise<JournalState> {
  const text = await files.read(join(folder, fileName)).catch(() => undefined);
  return text === undefined ? new JournalState() : replay(text).state;
}

const fileName = 'journal.jsonl';

interface Batch {
  readonly text: string;
  readonly durable: boolean;
  readonly done: () => void;
}

class FileJournal implements Journal {
  readonly #folder: string;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #files: JournalFiles;
  readonly #onDegraded: Emitter<Failure>;
  #state = new JournalState();
  #file: JournalFile | undefined;
  #degraded: Failure | undefined;
  #waiting: Batch[] = [];
  /** Handed to the disk and not yet known to be there. */
  #underWay: readonly Batch[] = [];
  #working: Promise<void> | undefined;
  #bytes = 0;
  readonly #compaction = new CompactionPlan();
  #retry: Disposable | undefined;
  /** Whether what the file held before is in `#state`. */
  #loaded = false;
  /** The state is being written anew: what comes now is to follow it. */
  #recovering = false;
  #disposed = false;

  constructor(folder: string, parts: { readonly clock: Clock; readonly log: Log; readonly files: JournalFiles }) {
    this.#folder = folder;
    this.#path = join(folder, fileName);
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#files = parts.files;
    this.#onDegraded = new Emitter((error) => this.#log('error', 'a listener failed', { error: String(error) }));
  }

  get tasks(): ReadonlyMap<string, JournalledTask> {
    return this.#state.tasks;
  }

  get ended(): ReadonlyMap<string, Ended> {
    return this.#state.ended;
  }

  get degraded(): Failure | undefined {
    return this.#degraded;
  }

  get onDegraded(): Subscribe<Failure> {
    return this.#onDegraded.subscribe;
  }

  async open(): Promise<void> {
    try {
      await this.#files.prepare(this.#folder);
      const text = await this.#load();
      this.#file = await this.#files.open(this.#path, false);
      // What was torn off stays one bad line of its own.
      if (text !== '' && !text.endsWith('\n')) await this.#file.write('\n');
    } catch (error) {
      this.#degrade(error);
    }
  }

  async #load(): Promise<string> {
    const text = (await this.#read()) ?? '';
    const { state, skipped } = replay(text);
    if (skipped > 0) this.#log('warn', 'lines of the task journal cannot be read and were skipped', { skipped });
    for (const record of this.#state.records()) state.apply(record);
    state.forget(this.#clock.now());
    this.#state = state;
    this.#bytes = Buffer.byteLength(text);
    this.#loaded = true;
    return text;
  }

  /** A file that cannot be read is set aside for a person to look at, not lost and not in the way. */
  async #read(): Promise<string | undefined> {
    try {
      return await this.#files.read(this.#path);
    } catch (error) {
      const aside = `${this.#path}.unreadable-${this.#clock.now()}`;
      this.#log('error', 'the task journal cannot be read and is set aside', { aside, error: String(error) });
      await this.#files.rename(this.#path, aside);
      return undefined;
    }
  }

  record(...records: readonly JournalRecord[]): Promise<void> {
    return this.#take(records, true);
  }

  note(...records: readonly JournalRecord[]): Promise<void> {
    return this.#take(records, false);
  }

  #take(records: readonly JournalRecord[], durable: boolean): Promise<void> {
    const text = records.map(encodeLine).join('');
    for (const record of records) this.#state.apply(record);
    if (this.#disposed || (this.#degraded && !this.#recovering)) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting.push({ text, durable, done });
      this.#wake();
    });
  }

  async flush(): Promise<void> {
    while (this.#working) await this.#working;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#retry?.dispose();
    this.#onDegraded.dispose();
    // What is under way is written once more: records may come twice, but not never.
    const rest = [...this.#underWay, ...this.#waiting.splice(0)];
    try {
      if (rest.length > 0) this.#file?.writeNow(rest.map(({ text }) => text).join(''));
    } catch (error) {
      this.#log('error', 'the last records of the task journal are lost', { error: String(error) });
    }
    for (const { done } of rest) done();
    void this.flush().then(() => this.#close());
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (this.#waiting.length > 0) this.#wake();
    });
  }

  /** One write and one sync for all who came while the last were under way. */
  async #work(): Promise<void> {
    // Whoever else records in this turn of the loop shares the first write too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      this.#underWay = batch;
      try {
        await this.#append(batch);
      } catch (error) {
        this.#degrade(error);
      }
      this.#underWay = [];
      for (const { done } of batch) done();
    }
    if (this.#degraded || this.#disposed) return;
    if (this.#compaction.isDue(this.#bytes, this.#isBusy)) await this.#compact();
  }

  #takeBatch(): Batch[] {
    let characters = 0;
    let end = 0;
    do characters += this.#waiting[end++]?.text.length ?? 0;
    while (end < this.#waiting.length && characters < batchCharacters);
    return this.#waiting.splice(0, end);
  }

  async #append(batch: readonly Batch[]): Promise<void> {
    if (this.#degraded || !this.#file) return;
    const text = batch.map((one) => one.text).join('');
    await this.#file.write(text);
    this.#bytes += Buffer.byteLength(text);
    for (const { durable, done } of batch) if (!durable) done();
    if (batch.some(({ durable }) => durable)) await this.#file?.sync();
  }

  async #compact(): Promise<void> {
    this.#state.forget(this.#clock.now());
    const lines = await encodeAll(this.#state.records());
    const bytes = byteLength(lines);
    if (bytes > this.#bytes * (2 / 3)) {
      this.#compaction.judged(this.#bytes, this.#isBusy);
      return;
    }
    try {
      await this.#rewrite(lines, bytes);
    } catch (error) {
      this.#degrade(error);
    }
  }

  get #isBusy(): boolean {
    return this.#state.tasks.size > 0;
  }

  /** The whole state into a new file that takes the old one's place in one step. */
  async #rewrite(lines: readonly string[], bytes: number): Promise<void> {
    const temporary = `${this.#path}.new`;
    const file = await this.#files.open(temporary, true);
    try {
      for (let from = 0; from < lines.length; from += slice) await file.write(lines.slice(from, from + slice).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    // By now the file may be another process's.
    if (this.#disposed) return;
    // Windows does not replace an open file.
    await this.#close();
    await this.#files.rename(temporary, this.#path);
    this.#file = await this.#files.open(this.#path, false);
    this.#bytes = bytes;
    this.#compaction.judged(bytes, this.#isBusy);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.close();
    } catch (error) {
      this.#log('warn', 'the task journal did not close', { error: String(error) });
    }
  }

  #degrade(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    if (!this.#degraded) {
      this.#degraded = failures.storageDegraded(detail);
      this.#log('error', this.#degraded.message, { detail });
      this.#onDegraded.emit(this.#degraded);
    }
    this.#retry?.dispose();
    if (!this.#disposed) this.#retry = this.#clock.after(retryDiskAfterMs, () => this.#tryDiskAgain());
  }

  /** Memory has everything, so the disk gets everything at once, and never the gap. */
  #tryDiskAgain(): void {
    this.#working ??= this.#recover().finally(() => {
      this.#working = undefined;
      if (this.#waiting.length > 0) this.#wake();
    });
  }

  async #recover(): Promise<void> {
    this.#recovering = true;
    try {
      await this.#files.prepare(this.#folder);
      if (!this.#loaded) await this.#load();
      const lines = await encodeAll(this.#state.records());
      await this.#rewrite(lines, byteLength(lines));
      this.#degraded = undefined;
      this.#log('info', 'the task journal is on disk again');
    } catch (error) {
      this.#degrade(error);
    } finally {
      this.#recovering = false;
    }
  }
}
