import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from './shared/clock.ts';
import type { Disposable } from './shared/disposables.ts';
import {
  ignoreMissing,
  isMissing,
  type LockParts,
  locksOf,
  refresh,
  refreshEveryMs,
  release,
  tryLock,
  type Watched,
} from './slotLock.ts';
import { countUnfinished } from './tasks/journal.ts';

/** Who this process is among all that share one storage folder: one slot, held until disposed or dead. */
export interface Instance extends Disposable {
  /** UUID; the slot's own, the same in every later life. */
  readonly agentId: string;
  /** Absolute path; the slot's own, where its journal lives. */
  readonly folder: string;
  /** Absolute path of the file that says that this slot is held; undefined where nothing can be written. */
  readonly lock: string | undefined;
  /** Aborts when the slot was taken by another process: this one slept for so long that it was thought dead. */
  readonly lost: AbortSignal;
}

/** A window that reloads starts its successor before it has let go. */
const waitForHolderMs = 2000;
const lookAgainAfterMs = 100;
/** Two claims that saw one another both step back; chance then separates them. */
const stepBackMs = 50;

interface Slot {
  readonly folder: string;
  readonly taken: 'no' | 'yes' | 'perhaps';
  readonly unfinished: number;
}

/** What one claim has seen so far. */
interface Memory {
  readonly watched: Watched;
  /** Unfinished tasks by folder. */
  readonly work: Map<string, number>;
}

/** Never rejects: where nothing can be written, the identity is new and held by nobody. */
export async function claimInstance(storage: string, parts: LockParts): Promise<Instance> {
  try {
    return await claim(storage, parts);
  } catch (error) {
    parts.log('error', 'the storage folder cannot be used; the agent is a new one each time', { error: String(error) });
    const folder = join(storage, 'agent-1');
    return {
      agentId: parts.clock.uuid(),
      folder,
      lock: undefined,
      lost: new AbortController().signal,
      dispose: () => undefined,
    };
  }
}

async function claim(storage: string, parts: LockParts): Promise<Instance> {
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
    const lock = await tryLock(wanted, parts, memory.watched);
    if (lock) return hold(wanted, lock, await agentId(wanted, parts), parts);
    await sleep(clock, Math.ceil(clock.random() * stepBackMs), never);
  }
}

async function look(storage: string, parts: LockParts, memory: Memory): Promise<Slot[]> {
  const numbers = (await readdir(storage)).flatMap((name) => {
    const number = /^agent-([1-9]\d{0,5})$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  const slots: Slot[] = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const folder = join(storage, `agent-${number}`);
    const { live, doubtful } = await locksOf(folder, parts, memory.watched);
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

function hold(folder: string, path: string, id: string, parts: LockParts): Instance {
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
    lock: path,
    lost: lost.signal,
    dispose: () => {
      if (disposed) return;
      disposed = true;
      timer.dispose();
      release(path, log);
    },
  };
}

async function agentId(folder: string, { clock, log }: LockParts): Promise<string> {
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
