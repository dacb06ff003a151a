import { appendFile, mkdir, open, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Log } from '../host.ts';
import type { Clock } from '../shared/clock.ts';

/** What the model has cost, as far as it is known. */
export interface Spend {
  readonly tokensToday: number;
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
const recordSchema = z.tuple([
  z.int().check(z.minimum(0)),
  z.number().check(z.minimum(0)),
  z.int().check(z.minimum(0)),
]);

const newSum = (): Sum => ({ tokens: 0, dollars: 0, unpriced: 0 });
const dayFile = /^(\d{4}-\d{2}-\d{2})\.jsonl$/;
/** A day that is over is folded into one line once its file is larger. */
const foldAbove = 4096;
/** What is read of one file at most; no day that stays within its budget comes near. */
const largestFile = 64 * 1024 * 1024;

/**
 * What the model cost, in one file a day, to which every window appends a line a call: an append of so few bytes is
 * never torn apart by another's. Days that are over are folded into one line, and those of earlier months removed.
 * Where nothing can be written, what this process spends is still counted. Days are UTC's.
 */
export class SpendLedger {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #today = '';
  /** Of this month's earlier days. */
  #before = newSum();
  #day = newSum();
  /** Bytes of today's file that are in `#day`, up to the end of a line. */
  #read = 0;
  /** Of today, and not on disk. */
  #unwritten = newSum();
  /** Readings go one after another: each sees all that was appended before it was asked for. */
  #readings: Promise<void> = Promise.resolve();
  #complained = false;
  /** Set until this process has begun a line of its own: what stands before may be torn. */
  #fresh = true;

  constructor(folder: string, parts: { readonly clock: Clock; readonly log: Log }) {
    this.#folder = folder;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** As of the last `read` or `add`. */
  get known(): Spend {
    const [day, unwritten, before] = [this.#day, this.#unwritten, this.#before];
    const dollarsToday = day.dollars + unwritten.dollars;
    return {
      tokensToday: day.tokens + unwritten.tokens,
      dollarsToday,
      dollarsThisMonth: before.dollars + dollarsToday,
      tokensWithoutPrice: before.unpriced + day.unpriced + unwritten.unpriced,
    };
  }

  /** With what other windows have added since. Never rejects. */
  async read(): Promise<Spend> {
    this.#readings = this.#readings.then(() => this.#readNow());
    await this.#readings;
    return this.known;
  }

  /** `dollars` undefined: the price is not known. Resolves when it is on disk, or counted in memory alone. */
  async add(tokens: number, dollars: number | undefined): Promise<void> {
    const record = [tokens, round(dollars ?? 0), dollars === undefined ? tokens : 0] as const;
    const line = `${this.#fresh ? '\n' : ''}${JSON.stringify(record)}\n`;
    this.#fresh = false;
    const day = this.#dayNow();
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await appendFile(this.#fileOf(day), line, { mode: 0o600 });
    } catch (error) {
      this.#complain('what the model costs cannot be written down', error);
      await this.read();
      if (day === this.#today) addTo(this.#unwritten, record);
    }
    await this.read();
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
  }

  async #turnTo(today: string): Promise<void> {
    const { tokens, dollars, unpriced } = this.#unwritten;
    const sameMonth = today.startsWith(this.#today.slice(0, 7));
    this.#today = today;
    this.#before = newSum();
    this.#day = newSum();
    this.#unwritten = newSum();
    this.#read = 0;
    if (sameMonth) addTo(this.#before, [tokens, dollars, unpriced]);
    await this.#addEarlierDays(today);
  }

  /** What was appended since, up to the last complete line. */
  async #readOn(): Promise<void> {
    const file = await open(this.#fileOf(this.#today), 'r').catch(orMissing);
    if (!file) return;
    try {
      const length = Math.min((await file.stat()).size, largestFile) - this.#read;
      if (length <= 0) return;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#read);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
      sumInto(this.#day, buffer.toString('utf8', 0, end));
      this.#read += end;
    } finally {
      await file.close();
    }
  }

  /** The month's days that are over, tidied on the way. */
  async #addEarlierDays(today: string): Promise<void> {
    for (const name of (await readdir(this.#folder).catch(orMissing)) ?? []) {
      const day = dayFile.exec(name)?.[1];
      const path = join(this.#folder, name);
      if (day === undefined || day >= today) continue;
      if (day.slice(0, 7) !== today.slice(0, 7)) await unlink(path).catch(orMissing);
      else {
        const size = (await stat(path).catch(orMissing))?.size ?? 0;
        if (size > largestFile) continue;
        const own = newSum();
        sumInto(own, (await readFile(path, 'utf8').catch(orMissing)) ?? '');
        addTo(this.#before, [own.tokens, own.dollars, own.unpriced]);
        if (size > foldAbove) await this.#fold(path, own);
      }
    }
  }

  /** Two windows that fold the same day write the same line. */
  async #fold(path: string, { tokens, dollars, unpriced }: Sum): Promise<void> {
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
function recordOf(line: string): readonly [number, number, number] | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function addTo(sum: Sum, [tokens, dollars, unpriced]: readonly [number, number, number]): void {
  sum.tokens += tokens;
  sum.dollars += dollars;
  sum.unpriced += unpriced;
}

/** To a millionth of a dollar, upwards, so that many small calls are not lost. */
function round(dollars: number): number {
  return Math.ceil(dollars * 1e6) / 1e6;
}

function orMissing(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
