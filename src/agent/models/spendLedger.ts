import { appendFile, mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Log } from '../host.ts';
import type { Clock } from '../shared/clock.ts';

/** What the model has cost, as far as it is known. */
export interface Spend {
  readonly tokensToday: number;
  readonly tokensThisMonth: number;
  /** US dollars by list price; of the calls whose model has a known one. */
  readonly dollarsToday: number;
  readonly dollarsThisMonth: number;
  /** Tokens of this month whose price is not known. */
  readonly tokensWithoutPrice: number;
}

/** What was spent on one day. */
interface Sum {
  tokens: number;
  dollars: number;
  unpriced: number;
}

/** One call, or all of a day that is over: tokens, dollars, tokens without a price. */
type Entry = readonly [number, number, number];
const recordSchema = z.tuple([
  z.int().check(z.minimum(0)),
  z.number().check(z.minimum(0)),
  z.int().check(z.minimum(0)),
]);

const newSum = (): Sum => ({ tokens: 0, dollars: 0, unpriced: 0 });
const dayFile = /^(\d{4}-\d{2}-\d{2})\.jsonl$/;
/** A day that is over is folded into one line once its file is larger. */
const foldAbove = 4096;
/** Older days are removed. More than a month: a clock that is wrong for a while must not cost what the month has seen. */
const keptMs = 45 * 24 * 3_600_000;
/** What is read of one file at most; no day that stays within its budget comes near. */
const largestFile = 64 * 1024 * 1024;

/** For so long, milliseconds, what other windows have added may be unknown. */
const stalestMs = 2000;

/**
 * What the model cost, in one file a day, to which every window appends a line a call: an append of so few bytes is
 * never torn apart by another's. Days that are over are folded into one line, and old ones removed.
 * Where nothing can be written, what this process spends is still counted. Days are UTC's.
 */
export class SpendLedger {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #today = '';
  /** Of this month's earlier days. */
  #before = newSum();
  /** Of today, as far as the file was read. */
  #day = newSum();
  /** Bytes of today's file that are in `#day`, up to the end of a line. */
  #read = 0;
  /** Of today, and not in `#day`: on its way to the file, or behind what was read of it, or never to be written. */
  #mine = newSum();
  /** The part of `#mine` that no reading will find. */
  #unwritten = newSum();
  /** Records on their way. */
  #pending: { readonly day: string; readonly record: Entry }[] = [];
  /** Monotonic. */
  #readAt = Number.NEGATIVE_INFINITY;
  /** Readings and writings go one after another, so that each record is counted once. */
  #turn: Promise<void> = Promise.resolve();
  #complained = false;
  /** Until this process has ended a line: what stands before the next may be torn. */
  #fresh = true;

  constructor(folder: string, parts: { readonly clock: Clock; readonly log: Log }) {
    this.#folder = folder;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** With all that this process has added, and what others had when it was last read. */
  get known(): Spend {
    const [day, mine, before] = [this.#day, this.#mine, this.#before];
    const dollarsToday = day.dollars + mine.dollars;
    return {
      tokensToday: day.tokens + mine.tokens,
      tokensThisMonth: before.tokens + day.tokens + mine.tokens,
      dollarsToday: round(dollarsToday),
      dollarsThisMonth: round(before.dollars + dollarsToday),
      tokensWithoutPrice: before.unpriced + day.unpriced + mine.unpriced,
    };
  }

  /** With what other windows have added until now. Never rejects. */
  async read(): Promise<Spend> {
    await this.#inTurn(() => this.#readNow());
    return this.known;
  }

  /** The same where what is known is two seconds old, or of yesterday. */
  async refresh(): Promise<Spend> {
    const recent = this.#clock.monotonic() - this.#readAt < stalestMs && this.#dayNow() === this.#today;
    return recent ? this.known : this.read();
  }

  /** Counts at once, and is on disk soon. `dollars` undefined: the price is not known. */
  add(tokens: number, dollars: number | undefined): void {
    const record: Entry = [tokens, round(dollars ?? 0), dollars === undefined ? tokens : 0];
    const day = this.#dayNow();
    // Else the next reading, which begins the new day, finds it on disk.
    if (day === this.#today) addTo(this.#mine, record);
    this.#pending.push({ day, record });
    if (this.#pending.length === 1) void this.#inTurn(() => this.#write());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }

  async #write(): Promise<void> {
    const entries = this.#pending;
    this.#pending = [];
    try {
      if (this.#fresh) await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      for (const day of new Set(entries.map((entry) => entry.day))) {
        const lines = entries.flatMap((entry) => (entry.day === day ? `${JSON.stringify(entry.record)}\n` : []));
        await appendFile(this.#fileOf(day), (this.#fresh ? '\n' : '') + lines.join(''), { mode: 0o600 });
        this.#fresh = false;
      }
    } catch (error) {
      this.#complain('what the model costs cannot be written down', error);
      // The folder may be gone, and the file may have taken half a line.
      this.#fresh = true;
      // A file that took some of it is counted twice until midnight: rather too much than too little.
      for (const { day, record } of entries) if (day === this.#today) addTo(this.#unwritten, record);
    }
  }

  #dayNow(): string {
    return new Date(this.#clock.now()).toISOString().slice(0, 10);
  }

  #fileOf(day: string): string {
    return join(this.#folder, `${day}.jsonl`);
  }

  async #readNow(): Promise<void> {
    const today = this.#dayNow();
    try {
      if (today !== this.#today) await this.#turnTo(today);
      await this.#readOn();
    } catch (error) {
      this.#complain('what the model has cost cannot be read', error);
    }
    this.#readAt = this.#clock.monotonic();
  }

  async #turnTo(today: string): Promise<void> {
    const unwritten = entryOf(this.#unwritten);
    const sameMonth = today.startsWith(this.#today.slice(0, 7));
    this.#today = today;
    this.#before = newSum();
    this.#day = newSum();
    this.#unwritten = newSum();
    this.#read = 0;
    if (sameMonth) addTo(this.#before, unwritten);
    await this.#addEarlierDays(today);
  }

  /** What was appended since, up to the last complete line. */
  async #readOn(): Promise<void> {
    const file = await open(this.#fileOf(this.#today), 'r').catch(orMissing);
    try {
      const length = file ? Math.min((await file.stat()).size, largestFile) - this.#read : 0;
      if (file && length > 0) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#read);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
        sumInto(this.#day, buffer.toString('utf8', 0, end));
        this.#read += end;
      }
    } finally {
      await file?.close();
      // What was written before is in `#day` now; what came meanwhile waits for its turn.
      this.#mine = newSum();
      addTo(this.#mine, entryOf(this.#unwritten));
      for (const { day, record } of this.#pending) if (day === this.#today) addTo(this.#mine, record);
    }
  }

  /** The month's days that are over, tidied on the way. */
  async #addEarlierDays(today: string): Promise<void> {
    for (const name of (await readdir(this.#folder).catch(orMissing)) ?? []) {
      const day = dayFile.exec(name)?.[1];
      const path = join(this.#folder, name);
      if (day === undefined || day >= today) continue;
      if (Date.parse(today) - Date.parse(day) > keptMs) await unlink(path).catch(orMissing);
      else if (day.slice(0, 7) === today.slice(0, 7)) {
        const size = (await stat(path).catch(orMissing))?.size ?? 0;
        if (size > largestFile) continue;
        const own = newSum();
        sumInto(own, (await readFile(path, 'utf8').catch(orMissing)) ?? '');
        addTo(this.#before, entryOf(own));
        if (size > foldAbove) await this.#fold(path, own);
      }
    }
  }

  /** Two windows that fold the same day write the same line. */
  async #fold(path: string, sum: Sum): Promise<void> {
    const [tokens, dollars, unpriced] = entryOf(sum);
    const temporary = `${path}.${this.#clock.uuid()}`;
    await writeFile(temporary, `${JSON.stringify([tokens, round(dollars), unpriced])}\n`, { mode: 0o600 });
    await rename(temporary, path);
  }

  #complain(what: string, error: unknown): void {
    if (!this.#complained) this.#log('warn', what, { folder: this.#folder, error: String(error) });
    this.#complained = true;
  }
}

function sumInto(sum: Sum, text: string): void {
  for (const line of text.split('\n')) {
    const record = line === '' ? undefined : recordOf(line);
    if (record) addTo(sum, record);
  }
}

/** Undefined for a line that a crash cut off: its call is not counted. */
function recordOf(line: string): Entry | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

const entryOf = ({ tokens, dollars, unpriced }: Sum): Entry => [tokens, dollars, unpriced];

function addTo(sum: Sum, [tokens, dollars, unpriced]: Entry): void {
  sum.tokens += tokens;
  sum.dollars += dollars;
  sum.unpriced += unpriced;
}

/** To a millionth of a cent: sums of binary fractions are shown as what they are meant to be. */
function round(dollars: number): number {
  return Math.round(dollars * 1e8) / 1e8;
}

function orMissing(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
