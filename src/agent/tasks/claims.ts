/*
 * A claim is a file whose name is that of a task, made by whoever is first; it names the lock of its owner's slot. When
 * that lock is let go, or its holder dead, the claim passes to who makes the next file of the chain, whose name ends in
 * the one-time id of the claim before. So each claim has at most one successor, and nothing that was read a moment too
 * early can be taken for what stands there now. Where the chain begins anew, its ids are new. What is finished stays as a
 * file that says so.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import type { Disposable } from '../shared/disposables.ts';
import { holderOf, ignoreMissing, type LockParts, type Watched } from '../slotLock.ts';
import { createStamp } from './stamp.ts';

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
}

type Taken = Exclude<Claim, { readonly kind: 'ours' }> | Ours;

interface Note {
  readonly id: string;
  /** Absent: it is over, or does not say. */
  readonly lock?: string;
  readonly over?: true;
}

/** On a disk without links a file says nothing at first: its maker gets this long. */
const unwrittenMs = 10_000;
const mostTries = 20;
const keptMs = 24 * 60 * 60_000;
const mostKept = 10_000;
const cleanFirstMs = 60_000;
const cleanEveryMs = 60 * 60_000;
/** So many finished since the last cleaning bring the next about. */
const cleanAfter = 2000;

const id = z.string().check(z.regex(/^[0-9a-f-]{36}$/));
const lockPath = z.string().check(z.regex(/[\\/]agent-\d{1,6}[\\/]lock-[0-9a-f-]+$/));
const noteSchema = z.union([z.object({ id, lock: lockPath }), z.object({ id, over: z.literal(true) })]);

export function createClaims(parts: ClaimsParts): Claims {
  const { folder, lock, clock, log } = parts;
  const mine = new Map<string, Ours>();
  const watched: Watched = new Map();
  /** Files that say nothing, and since when (monotonic). */
  const unwritten = new Map<string, number>();
  const claimed = createStamp(folder, (stampId) => ({ id: stampId, lock }), clock);
  const done = createStamp(folder, (stampId) => ({ id: stampId, over: true }), clock);
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

  /** `evenOver`: what is finished counts as let go of. */
  async function take(root: string, evenOver = false): Promise<Taken> {
    for (let tries = 0; tries < mostTries; tries++) {
      const claim = await tryTake(root, evenOver);
      if (claim) return claim;
    }
    return { kind: 'held' };
  }

  /** Undefined: what stood there changed meanwhile. */
  async function tryTake(root: string, evenOver: boolean): Promise<Taken | undefined> {
    const chain = [root];
    const before: string[] = [];
    let first: string | undefined;
    for (let path = root; ; chain.push(path)) {
      const ourId = await claimed.put(path);
      if (ourId !== undefined) {
        // Whoever lets go removes the root first, so a chain without its root is one of yesterday.
        if (first === undefined || (await read(root))?.id === first) {
          return { kind: 'ours', before, root, chain, id: ourId };
        }
        await remove([path]);
        return undefined;
      }
      const note = await read(path);
      if (!note) return undefined;
      if (note.over && !evenOver) return { kind: 'over' };
      if (!note.over && (await lives(path, note))) return { kind: 'held' };
      if (note.lock !== undefined && dirname(note.lock) !== dirname(lock)) before.unshift(dirname(note.lock));
      first ??= note.id;
      path = `${root}.${note.id}`;
    }
  }

  /** What a claim says; undefined when it is gone. One that says nothing is known by its age. */
  async function read(path: string): Promise<Note | undefined> {
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

  async function lives(path: string, note: Note): Promise<boolean> {
    if (note.lock !== undefined) return (await holderOf(note.lock, parts, watched)) !== 'dead';
    const since = unwritten.get(path) ?? clock.monotonic();
    unwritten.set(path, since);
    return clock.monotonic() - since < unwrittenMs;
  }

  async function letGo(ours: Ours): Promise<void> {
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
    if (disposed) return;
    timer = clock.after(cleanEveryMs, clean);
    if (cleaning) return;
    cleaning = true;
    finished = 0;
    void quietly(cleanNow).finally(() => {
      cleaning = false;
    });
  }

  async function cleanNow(): Promise<void> {
    const names = new Set(await readdir(folder).catch(ignoreMissing));
    const roots: { readonly path: string; readonly at: number }[] = [];
    const isOld = (at: number) => clock.now() - at > keptMs;
    for (const name of names) {
      const path = join(folder, name);
      const at = await modified(path);
      if (at === undefined || disposed) continue;
      if (/^[0-9a-f]{32}$/.test(name)) roots.push({ path, at });
      else if (isOld(at) && !names.has(name.slice(0, 32))) await remove([path]);
    }
    roots.sort((one, other) => other.at - one.at);
    for (const [place, { path, at }] of roots.entries()) {
      if (disposed || !(isOld(at) || place >= mostKept)) continue;
      const claim = await take(path, true);
      if (claim.kind === 'ours') await letGo(claim);
    }
  }

  return {
    async take(name) {
      try {
        const claim = mine.get(name) ?? (await take(rootOf(name)));
        if (claim.kind !== 'ours') return claim;
        mine.set(name, claim);
        return { kind: 'ours', before: claim.before };
      } catch (error) {
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
        if (!ours) return;
        const { root, chain } = ours;
        const news = `${root}.over-${clock.uuid()}`;
        await done.put(news);
        await rename(news, root);
        await remove(chain.slice(1));
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
