import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './host.ts';
import { type Clock, sleep } from './shared/clock.ts';
import type { Disposable } from './shared/disposables.ts';
import { countUnfinished } from './tasks/journal.ts';

/** Who this process is among all that share one storage folder: one slot, held until disposed or dead. */
export interface Instance extends Disposable {
  /** UUID; the slot's own, the same in every later life. */
  readonly agentId: string;
  /** Absolute path; the slot's own, where its journal lives. */
  readonly folder: string;
  /** Aborts when the slot was taken by another process: this one slept for so long that it was thought dead. */
  readonly lost: AbortSignal;
}

export interface InstanceParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly processId: number;
  readonly hostName: string;
}

/** A window that reloads starts its successor before it has let go. */
const waitForHolderMs = 2000;
const lookAgainAfterMs = 100;
const refreshEveryMs = 10_000;
const staleAfterMs = 120_000;
/** Two claims that saw one another both step back; chance then separates them. */
const stepBackMs = 50;

/**
 * A lock is a file with a name of its own, made before it is looked whether there is another live one. Of two that
 * claim a slot the later sees the earlier, so they never both keep it; and removing a dead one can never hit a live one.
 */
interface Lock {
  readonly path: string;
  readonly processId: number;
  readonly host: string;
  /** Wall clock, milliseconds since 1970. */
  readonly refreshedAt: number;
}

interface Slot {
  readonly folder: string;
  readonly taken: 'no' | 'yes' | 'perhaps';
  readonly unfinished: number;
}

/** What one claim has seen so far. */
interface Memory {
  /** Locks that look stale, and since when (monotonic). */
  readonly watched: Map<string, { readonly refreshedAt: number; readonly since: number }>;
  /** Unfinished tasks by folder. */
  readonly work: Map<string, number>;
}

/** Locks of this process: what else carries its id was left by an earlier life under the same one, as in containers. */
const ownLocks = new Set<string>();

/** Never rejects: where nothing can be written, the identity is new and held by nobody. */
export async function claimInstance(storage: string, parts: InstanceParts): Promise<Instance> {
  try {
    return await claim(storage, parts);
  } catch (error) {
    parts.log('error', 'the storage folder cannot be used; the agent is a new one each time', { error: String(error) });
    const folder = join(storage, 'agent-1');
    return { agentId: parts.clock.uuid(), folder, lost: new AbortController().signal, dispose: () => undefined };
  }
}

async function claim(storage: string, parts: InstanceParts): Promise<Instance> {
  const { clock } = parts;
  await mkdir(storage, { recursive: true, mode: 0o700 });
  const waitUntil = clock.monotonic() + waitForHolderMs;
  const memory: Memory = { watched: new Map(), work: new Map() };
  const never = new AbortController().signal;
  for (;;) {
    const slots = await look(storage, parts, memory);
    const doubtful = slots.some(({ taken }) => taken === 'perhaps');
    const wanted = choose(storage, slots, doubtful || clock.monotonic() < waitUntil);
    if (!wanted) {
      await sleep(clock, lookAgainAfterMs, never);
      continue;
    }
    const lock = await tryLock(wanted, parts, memory);
    if (lock) return hold(wanted, lock, await agentId(wanted, parts), parts);
    await sleep(clock, Math.ceil(clock.random() * stepBackMs), never);
  }
}

async function look(storage: string, parts: InstanceParts, memory: Memory): Promise<Slot[]> {
  const numbers = (await readdir(storage)).flatMap((name) => {
    const number = /^agent-([1-9]\d{0,5})$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  const slots: Slot[] = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const folder = join(storage, `agent-${number}`);
    const { live, doubtful } = await locksOf(folder, parts, memory);
    if (live + doubtful > 0) {
      memory.work.delete(folder);
      slots.push({ folder, taken: live > 0 ? 'yes' : 'perhaps', unfinished: 0 });
      continue;
    }
    const unfinished = memory.work.get(folder) ?? (await countUnfinished(folder));
    memory.work.set(folder, unfinished);
    slots.push({ folder, taken: 'no', unfinished });
  }
  return slots;
}

/** The slot to claim now; undefined: wait a little, a taken one may come free. */
function choose(storage: string, slots: readonly Slot[], patient: boolean): string | undefined {
  const free = slots.filter(({ taken }) => taken === 'no');
  const withWork = free.find(({ unfinished }) => unfinished > 0);
  if (withWork) return withWork.folder;
  const [first] = slots;
  if (first && first.taken !== 'no' && patient) return undefined;
  if (free[0]) return free[0].folder;
  for (let number = 1; ; number++) {
    const folder = join(storage, `agent-${number}`);
    if (!slots.some((slot) => slot.folder === folder)) return folder;
  }
}

/** The path of our lock; undefined when somebody else was there. */
async function tryLock(folder: string, parts: InstanceParts, memory: Memory): Promise<string | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `lock-${parts.processId}-${hostMark(parts.hostName)}-${parts.clock.uuid()}`);
  ownLocks.add(path);
  try {
    await (await open(path, 'wx', 0o600)).close();
    await refresh(path, parts.clock);
    const { live, doubtful } = await locksOf(folder, parts, memory);
    // The one that lives is ours.
    if (live === 1 && doubtful === 0) return path;
  } catch (error) {
    release(path, parts.log);
    throw error;
  }
  release(path, parts.log);
  return undefined;
}

function hold(folder: string, path: string, id: string, parts: InstanceParts): Instance {
  const { clock, log } = parts;
  const lost = new AbortController();
  let disposed = false;
  let timer = clock.after(refreshEveryMs, keep);

  function keep(): void {
    refresh(path, clock).then(
      () => {
        if (!disposed) timer = clock.after(refreshEveryMs, keep);
      },
      (error: unknown) => {
        if (disposed) return;
        if (isMissing(error)) {
          log('error', 'another process has taken the place of this agent', { folder });
          lost.abort();
          return;
        }
        log('warn', 'the lock of this agent could not be refreshed', { folder, error: String(error) });
        timer = clock.after(refreshEveryMs, keep);
      },
    );
  }

  log('info', 'this process is', { agentId: id, folder });
  return {
    agentId: id,
    folder,
    lost: lost.signal,
    dispose: () => {
      if (disposed) return;
      disposed = true;
      timer.dispose();
      release(path, log);
    },
  };
}

/** How many locks a slot has whose holder lives, or may. Those of the dead are removed on the way. */
async function locksOf(
  folder: string,
  parts: InstanceParts,
  memory: Memory,
): Promise<{ readonly live: number; readonly doubtful: number }> {
  let live = 0;
  let doubtful = 0;
  for (const name of await readdir(folder)) {
    const match = /^lock-(\d{1,10})-([0-9a-f]{16})-[0-9a-f-]+$/.exec(name);
    const path = join(folder, name);
    const refreshedAt = match ? await modified(path) : undefined;
    if (!match || refreshedAt === undefined) continue;
    const holder = judge({ path, processId: Number(match[1]), host: match[2] ?? '', refreshedAt }, parts, memory);
    if (holder === 'alive') live += 1;
    else if (holder === 'doubtful') doubtful += 1;
    else await unlink(path).catch(ignoreMissing);
  }
  return { live, doubtful };
}

function judge(lock: Lock, { clock, processId, hostName }: InstanceParts, memory: Memory) {
  const { path, refreshedAt } = lock;
  if (ownLocks.has(path)) return 'alive';
  const here = lock.host === hostMark(hostName);
  if (here && (lock.processId === processId || !isRunning(lock.processId))) return 'dead';
  if (Math.abs(clock.now() - refreshedAt) < staleAfterMs) return 'alive';
  // Its holder, or this whole machine, may only have slept: it gets the time to show that it is awake.
  const seen = memory.watched.get(path);
  if (seen?.refreshedAt !== refreshedAt) {
    memory.watched.set(path, { refreshedAt, since: clock.monotonic() });
    return 'doubtful';
  }
  return clock.monotonic() - seen.since > refreshEveryMs + lookAgainAfterMs ? 'dead' : 'doubtful';
}

async function agentId(folder: string, { clock, log }: InstanceParts): Promise<string> {
  const path = join(folder, 'agent-id');
  const known = (await readFile(path, 'utf8').catch(ignoreMissing))?.trim();
  if (known !== undefined && uuid.test(known)) return known;
  if (known !== undefined) log('warn', 'the id of this agent was not readable; it gets a new one', { folder });
  const fresh = clock.uuid();
  try {
    await writeFile(`${path}.new`, `${fresh}\n`, { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  } catch (error) {
    log('error', 'the id of this agent cannot be kept; it is a new one each time', { error: String(error) });
  }
  return fresh;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function refresh(path: string, clock: Clock): Promise<void> {
  const seconds = clock.now() / 1000;
  await utimes(path, seconds, seconds);
}

async function modified(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreMissing))?.mtimeMs;
}

function release(path: string, log: Log): void {
  ownLocks.delete(path);
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) log('warn', 'a lock could not be removed', { path, error: String(error) });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Everything but "no such process" means that there is one, if another user's.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Host names may hold anything, and be longer than a file name. */
function hostMark(hostName: string): string {
  return createHash('sha256').update(hostName).digest('hex').slice(0, 16);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
