import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { mkdir, open, readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './host.ts';
import type { Clock } from './shared/clock.ts';

export interface LockParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly processId: number;
  readonly hostName: string;
}

/** Of a held lock; one that sleeps for longer than the second is taken for dead. */
export const refreshEveryMs = 10_000;
const staleAfterMs = 120_000;
/** How late a holder that is awake may be with its refresh. */
const slackMs = 100;

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

/** `doubtful`: it looks dead, and gets the time to show that it only slept. */
export type Holder = 'alive' | 'doubtful' | 'dead';

/** Locks that look stale, by path, and since when (monotonic). */
export type Watched = Map<string, { readonly refreshedAt: number; readonly since: number }>;

/** Locks of this process: what else carries its id was left by an earlier life under the same one, as in containers. */
const ownLocks = new Set<string>();

/** The path of our lock; undefined when somebody else was there. */
export async function tryLock(folder: string, parts: LockParts, watched: Watched): Promise<string | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `lock-${parts.processId}-${hostMark(parts.hostName)}-${parts.clock.uuid()}`);
  ownLocks.add(path);
  try {
    await (await open(path, 'wx', 0o600)).close();
    await refresh(path, parts.clock);
    const { live, doubtful } = await locksOf(folder, parts, watched);
    // The one that lives is ours.
    if (live === 1 && doubtful === 0) return path;
  } catch (error) {
    release(path, parts.log);
    throw error;
  }
  release(path, parts.log);
  return undefined;
}

/** How many locks a slot has whose holder lives, or may. Those of the dead are removed on the way. */
export async function locksOf(
  folder: string,
  parts: LockParts,
  watched: Watched,
): Promise<{ readonly live: number; readonly doubtful: number }> {
  let live = 0;
  let doubtful = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const lock = await lockAt(path, name);
    if (!lock) continue;
    const holder = judge(lock, parts, watched);
    if (holder === 'alive') live += 1;
    else if (holder === 'doubtful') doubtful += 1;
    else await unlink(path).catch(ignoreMissing);
  }
  return { live, doubtful };
}

/** Of the lock with this absolute path. One that is not there any more was let go, or its holder was found dead. */
export async function holderOf(path: string, parts: LockParts, watched: Watched): Promise<Holder> {
  const lock = await lockAt(path, path.slice(path.lastIndexOf('lock-')));
  return lock ? judge(lock, parts, watched) : 'dead';
}

async function lockAt(path: string, name: string): Promise<Lock | undefined> {
  const match = /^lock-(\d{1,10})-([0-9a-f]{16})-[0-9a-f-]+$/.exec(name);
  const refreshedAt = match ? (await stat(path).catch(ignoreMissing))?.mtimeMs : undefined;
  if (!match || refreshedAt === undefined) return undefined;
  return { path, processId: Number(match[1]), host: match[2] ?? '', refreshedAt };
}

function judge(lock: Lock, { clock, processId, hostName }: LockParts, watched: Watched): Holder {
  const { path, refreshedAt } = lock;
  if (ownLocks.has(path)) return 'alive';
  const here = lock.host === hostMark(hostName);
  if (here && (lock.processId === processId || !isRunning(lock.processId))) return 'dead';
  if (Math.abs(clock.now() - refreshedAt) < staleAfterMs) return 'alive';
  // Its holder, or this whole machine, may only have slept: it gets the time to show that it is awake.
  const seen = watched.get(path);
  if (seen?.refreshedAt !== refreshedAt) {
    watched.set(path, { refreshedAt, since: clock.monotonic() });
    return 'doubtful';
  }
  return clock.monotonic() - seen.since > refreshEveryMs + slackMs ? 'dead' : 'doubtful';
}

/** Rejects when the lock is gone: another process has found its holder dead. */
export async function refresh(path: string, clock: Clock): Promise<void> {
  const seconds = clock.now() / 1000;
  await utimes(path, seconds, seconds);
}

export function release(path: string, log: Log): void {
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

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

export function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
