import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Failure, failures } from '../failures.ts';
import { deniedReason } from './denyList.ts';
import { type Place, segmentsBelow, thisPlatform } from './paths.ts';

/** Why a place gives no bytes. `reason` is a short phrase for people. */
export interface Problem {
  readonly kind: 'outside' | 'missing' | 'unreadable';
  readonly reason: string;
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export function problemFailure(problem: Problem, path: string): Failure {
  return problem.kind === 'outside' ? failures.outsideWorkspace(path) : failures.unreadable(path, `${problem.reason}.`);
}

/** An open file of the workspace. Whoever gets it closes it. */
export interface OpenFile {
  readonly handle: FileHandle;
  /** Bytes, when it was opened. */
  readonly size: number;
}

/**
 * The only way to the bytes of a file. The place must lead, links followed, to a regular file below its folder, and
 * neither its spelling nor its real path may be on the deny list. What was opened is compared with what was checked,
 * so swapping a file or a folder for a link in between opens nothing.
 */
export async function openInside(place: Place): Promise<Checked<OpenFile>> {
  const before = await realInside(place);
  if (!before.ok) return before;
  // Opening a pipe waits for its writer and opening a device can act, so the kind is looked at first as well.
  if (before.value.kind !== 'file') return notRegular;
  try {
    const handle = await open(before.value.absolutePath, constants.O_RDONLY | noFollow | nonBlocking);
    const checked = await checkOpened(handle, place).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    if (!checked.ok) await handle.close();
    return checked;
  } catch (error) {
    return refused(problemOf(error));
  }
}

async function checkOpened(handle: FileHandle, place: Place): Promise<Checked<OpenFile>> {
  const opened = await handle.stat({ bigint: true });
  if (!opened.isFile()) return notRegular;
  const leads = await leadsBelow(handle, place);
  if (leads === 'outside') return swapped;
  // Between asking where a path leads and asking what is there it can change again, so where the system cannot say
  // what was opened one answer is not enough.
  for (let round = leads === 'inside' ? 1 : 4; round > 0; round--) {
    const after = await realInside(place);
    if (!after.ok) return after;
    const named = await lstat(after.value.absolutePath, { bigint: true });
    if (named.ino !== opened.ino || named.dev !== opened.dev) return swapped;
  }
  return passed({ handle, size: Number(opened.size) });
}

/** All bytes of a file, at most `maxBytes`; see `openInside`. `tooLarge` becomes the reason when there are more. */
export async function readInside(place: Place, maxBytes: number, tooLarge: string): Promise<Checked<Uint8Array>> {
  const opened = await openInside(place);
  if (!opened.ok) return opened;
  const { handle, size } = opened.value;
  try {
    if (size > maxBytes) return refused({ kind: 'unreadable', reason: tooLarge });
    // One byte more than there should be: a file that grows while it is read is noticed, not cut.
    const buffer = new Uint8Array(size + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return length === buffer.length ? swapped : passed(buffer.subarray(0, length));
  } catch (error) {
    return refused(problemOf(error));
  } finally {
    await handle.close();
  }
}

export interface RealPlace {
  readonly absolutePath: string;
  /** Below the real path of the folder, separators `/`. */
  readonly relative: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** What a place really is, links followed, checked like `openInside` does. It must exist. */
export async function realInside(place: Place): Promise<Checked<RealPlace>> {
  const denied = deniedReason(place.relative);
  if (denied) return refused({ kind: 'unreadable', reason: denied });
  try {
    const [folder, absolutePath] = await Promise.all([realpath(place.folder.path), realpath(place.absolutePath)]);
    const below = segmentsBelow(folder, absolutePath, thisPlatform);
    if (!below) return refused({ kind: 'outside', reason: 'leads outside the workspace' });
    const relative = below.join('/');
    const deniedTarget = deniedReason(relative);
    if (deniedTarget) return refused({ kind: 'unreadable', reason: deniedTarget });
    const what = await stat(absolutePath);
    return passed({ absolutePath, relative, kind: what.isFile() ? 'file' : what.isDirectory() ? 'folder' : 'other' });
  } catch (error) {
    return refused(problemOf(error));
  }
}

/** Like `realInside` for a document that need not be on disk yet: the nearest folder that exists decides. */
export async function checkUnsaved(place: Place): Promise<Checked<true>> {
  for (let at = place; ; at = above(at)) {
    const real = await realInside(at);
    if (real.ok) return passed(true);
    if (real.problem.kind !== 'missing' || at.relative === '') return real;
  }
}

function above(place: Place): Place {
  const relative = place.relative.split('/').slice(0, -1).join('/');
  return { ...place, relative, absolutePath: dirname(place.absolutePath) };
}

// The path is a real one, so no part of it may be a link by the time it is opened. POSIX can ask that of the last part
// only, macOS of all (its O_NOFOLLOW_ANY, which Node has no name for), Windows of none.
const noFollow = thisPlatform === 'darwin' ? 0x2000_0000 : (constants.O_NOFOLLOW ?? 0);
const nonBlocking = constants.O_NONBLOCK ?? 0;

/** Where the kernel says the descriptor leads, on the one system that tells. */
async function leadsBelow(handle: FileHandle, place: Place): Promise<'inside' | 'outside' | 'unknown'> {
  if (thisPlatform !== 'linux') return 'unknown';
  let target: string;
  try {
    target = await readlink(`/proc/self/fd/${handle.fd}`);
  } catch {
    return 'unknown'; // This container has no /proc.
  }
  return segmentsBelow(await realpath(place.folder.path), target, thisPlatform) ? 'inside' : 'outside';
}

const passed = <T>(value: T): Checked<T> => ({ ok: true, value });
const refused = (problem: Problem) => ({ ok: false, problem }) as const;
const notRegular = refused({ kind: 'unreadable', reason: 'not a regular file' });
const swapped = refused({ kind: 'unreadable', reason: 'it changed while it was read' });

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  ELOOP: 'a link that leads in a circle, or that was put there meanwhile',
  ENAMETOOLONG: 'its name is too long',
  EISDIR: 'it is a folder',
  EBUSY: 'another program holds it',
};

/** Only what the system says is expected; anything else is a mistake of ours and goes on. */
function problemOf(error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', reason: 'not found' };
  return { kind: 'unreadable', reason: reasons[code] ?? `the system says ${code}` };
}
