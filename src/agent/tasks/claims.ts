/*
 * A claim is a file whose name is that of a task, made by whoever is first; it names the lock of its owner's slot. When
 * that lock is let go, or its holder dead, the claim passes to who makes the next file of the chain, whose name ends in
 * the one-time id of the claim before. So each claim has at most one successor, and nothing that was read a moment too
 * early can be taken for what stands there now: no file is ever replaced. Where the chain begins anew, its ids are new.
 */
import { createHash } from 'node:crypto';
import { close, open, write } from 'node:fs';
import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod/mini';
import type { Disposable } from '../shared/disposables.ts';
import { holderOf, ignoreMissing, type LockParts, type Watched } from '../slotLock.ts';

export type Claim =
  /** `before`: the slots of others that had it and died with it, the last one first; absolute paths. */
  | { readonly kind: 'ours'; readonly before: readonly string[] }
  /** By another window that lives. */
  | { readonly kind: 'held' }
  /** Another window has done it. */
  | { readonly kind: 'over' };

/** Who of all windows of this computer does what; by names, which may be any text. */
export interface Claims extends Disposable {
  /** Never rejects: where no claim can be written, everything is ours. What is ours stays so until it is let go. */
  take(name: string): Promise<Claim>;
  /** Whoever is given it may have it. Never rejects. */
  release(name: string): Promise<void>;
  /** Nobody needs to do it any more, for a day. Never rejects. */
  finish(name: string): Promise<void>;
}

export interface ClaimsParts extends LockParts {
  /** Shared by all windows; made when it does not exist. */
  readonly folder: string;
  /** Of our slot. */
  readonly lock: string;
}

interface Ours extends Extract<Claim, { readonly kind: 'ours' }> {
  readonly root: string;
  /** From the root to our own. */
  readonly chain: readonly string[];
  readonly id: string;
  /** Resolves when our own says whose it is. */
  readonly written: Promise<void>;
}

/** A file that says nothing yet may only be about to: its maker gets this long. */
const unwrittenMs = 10_000;
const mostTries = 20;
const keptMs = 24 * 60 * 60_000;
const mostOver = 10_000;
const cleanFirstMs = 60_000;
const cleanEveryMs = 60 * 60_000;
/** So many finished since the last cleaning bring the next about. */
const cleanAfter = 2000;
const marker = '.over';

const noteSchema = z.object({
  id: z.string().check(z.regex(/^[0-9a-f-]{36}$/)),
  lock: z.string().check(z.regex(/[\\/]agent-\d{1,6}[\\/]lock-[0-9a-f-]+$/)),
});

const openFile = promisify(open);
const writeFile = promisify(write);
const closeFile = promisify(close);

export function createClaims(parts: ClaimsParts): Claims {
  const { folder, lock, clock, log } = parts;
  const mine = new Map<string, Ours>();
  const watched: Watched = new Map();
  /** Files that say nothing, and since when (monotonic). */
  const unwritten = new Map<string, number>();
  let ready: Promise<unknown> | undefined;
  let complained = false;
  let finished = 0;
  let cleaning = false;
  let disposed = false;
  let timer = clock.after(cleanFirstMs, clean);

  const complain = (error: unknown) => {
    if (!complained) log('warn', 'windows cannot agree on who takes a task', { folder, error: String(error) });
    complained = true;
  };
  const rootOf = (name: string) => join(folder, createHash('sha256').update(name).digest('hex').slice(0, 32));

  async function folderIsThere(): Promise<void> {
    ready ??= mkdir(folder, { recursive: true, mode: 0o700 });
    await ready;
  }

  async function take(root: string): Promise<Exclude<Claim, { readonly kind: 'ours' }> | Ours> {
    await folderIsThere();
    for (let tries = 0; tries < mostTries; tries++) {
      const claim = await tryTake(root);
      if (claim) return claim;
    }
    return { kind: 'held' };
  }

  /** Undefined: what stood there changed meanwhile. */
  async function tryTake(root: string): Promise<Awaited<ReturnType<typeof take>> | undefined> {
    const chain = [root];
    const before: string[] = [];
    let first: string | undefined;
    for (let path = root; ; chain.push(path)) {
      const file = await create(path);
      if (file !== undefined) {
        const id = clock.uuid();
        const ours: Ours = { kind: 'ours', before, root, chain, id, written: describe(file, id) };
        // Whoever lets go removes the root first, so a chain without its root is one of yesterday.
        const changed = first !== undefined && (await read(root))?.id !== first;
        const over = !changed && (await modified(root + marker)) !== undefined;
        if (!changed && !over) return ours;
        await ours.written;
        await remove(over ? chain : [path]);
        return over ? { kind: 'over' } : undefined;
      }
      const note = await read(path);
      if (!note) return undefined;
      if (await lives(path, note)) return { kind: 'held' };
      if (note.lock !== undefined && dirname(note.lock) !== dirname(lock)) before.unshift(dirname(note.lock));
      first ??= note.id;
      path = `${root}.${note.id}`;
    }
  }

  /** Undefined: it is there already. */
  async function create(path: string): Promise<number | undefined> {
    try {
      return await openFile(path, 'wx', 0o600);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
      throw error;
    }
  }

  /** Not waited for: the claim is made, and until it says whose it is it counts as held. */
  async function describe(file: number, id: string): Promise<void> {
    try {
      await writeFile(file, JSON.stringify({ id, lock }));
    } catch (error) {
      complain(error);
    } finally {
      await closeFile(file).catch(complain);
    }
  }

  /** What a claim says; undefined when it is gone. One that says nothing is known by its age. */
  async function read(path: string): Promise<{ readonly id: string; readonly lock?: string } | undefined> {
    const text = await readFile(path, 'utf8').catch(ignoreMissing);
    if (text === undefined) return undefined;
    const note = noteSchema.safeParse(parsed(text));
    if (note.success) {
      unwritten.delete(path);
      return note.data;
    }
    const at = await modified(path);
    return at === undefined ? undefined : { id: `unwritten-${Math.floor(at)}` };
  }

  async function lives(path: string, note: { readonly lock?: string }): Promise<boolean> {
    if (note.lock !== undefined) return (await holderOf(note.lock, parts, watched)) !== 'dead';
    const since = unwritten.get(path) ?? clock.monotonic();
    unwritten.set(path, since);
    return clock.monotonic() - since < unwrittenMs;
  }

  async function letGo(ours: Ours): Promise<void> {
    await ours.written;
    // Thought dead while we slept, and somebody else's now.
    if (await modified(`${ours.root}.${ours.id}`)) return;
    await remove(ours.chain);
  }

  const quietly = async (work: () => Promise<void>) => {
    await work().catch(complain);
  };

  /** Removes what is old, ours or not. What somebody holds stays. */
  function clean(): void {
    timer.dispose();
    timer = clock.after(cleanEveryMs, clean);
    if (cleaning || disposed) return;
    cleaning = true;
    finished = 0;
    void quietly(cleanNow).finally(() => {
      cleaning = false;
    });
  }

  async function cleanNow(): Promise<void> {
    const names = new Set(await readdir(folder).catch(ignoreMissing));
    const over: { readonly path: string; readonly at: number }[] = [];
    for (const name of names) {
      const [, root = '', rest] = /^([0-9a-f]{32})(\..+)?$/.exec(name) ?? [];
      const path = join(folder, name);
      const at = root === '' ? undefined : await modified(path);
      if (at === undefined || disposed) continue;
      const old = clock.now() - at > keptMs;
      if (rest === marker) over.push({ path, at: old ? 0 : at });
      else if (rest !== undefined) {
        if (old && !names.has(root)) await remove([path]);
      } else if (old) {
        const claim = await take(path);
        if (claim.kind === 'ours') await letGo(claim);
      }
    }
    over.sort((one, other) => other.at - one.at);
    await remove(over.filter(({ at }, place) => at === 0 || place >= mostOver).map(({ path }) => path));
  }

  return {
    async take(name) {
      try {
        const claim = mine.get(name) ?? (await take(rootOf(name)));
        if (claim.kind !== 'ours') return claim;
        mine.set(name, claim);
        return { kind: 'ours', before: claim.before };
      } catch (error) {
        ready = undefined;
        complain(error);
        return { kind: 'ours', before: [] };
      }
    },
    release(name) {
      const ours = mine.get(name);
      mine.delete(name);
      return quietly(async () => {
        if (ours) await letGo(ours);
      });
    },
    finish(name) {
      const ours = mine.get(name);
      mine.delete(name);
      finished += 1;
      if (finished > cleanAfter) clean();
      return quietly(async () => {
        await folderIsThere();
        // Before the claim goes: who then gets it sees this.
        await closeFile(await openFile(rootOf(name) + marker, 'a', 0o600));
        if (ours) await letGo(ours);
      });
    },
    dispose() {
      disposed = true;
      timer.dispose();
    },
  };
}

async function remove(paths: readonly string[]): Promise<void> {
  for (const path of paths) await unlink(path).catch(ignoreMissing);
}

/** Wall clock of the disk, milliseconds since 1970; undefined when there is no such file. */
async function modified(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreMissing))?.mtimeMs;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Torn, or not written yet.
    return undefined;
  }
}
