import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Failure, failed, failures, type Outcome, succeeded } from '../failures.ts';
import { deniedReason } from './denyList.ts';
import { type Place, segmentsBelow, thisPlatform } from './paths.ts';

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
export async function openInside(place: Place): Promise<Outcome<OpenFile>> {
  const real = await realInside(place);
  if (!real.ok) return real;
  try {
    // Opening a pipe waits for its writer and opening a device can act, so the kind is looked at first as well.
    const before = await lstat(real.value, { bigint: true });
    if (!before.isFile()) return failed(notRegular(place));
    const handle = await open(real.value, constants.O_RDONLY | noFollow | nonBlocking);
    try {
      const opened = await handle.stat({ bigint: true });
      if (!opened.isFile()) return await closed(handle, failed(notRegular(place)));
      const after = await realInside(place);
      const named = after.ok && (await lstat(after.value, { bigint: true }));
      const isSame = named && named.ino === opened.ino && named.dev === opened.dev;
      if (!isSame || !(await leadsBelow(handle, place))) {
        return await closed(handle, failed(failures.unreadable(place.path, 'it changed while it was opened.')));
      }
      return succeeded({ handle, size: Number(opened.size) });
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    return failed(failureOf(error, place));
  }
}

/** All bytes of a file, at most `maxBytes`; see `openInside`. `tooLarge` makes the failure's reason. */
export async function readInside(place: Place, maxBytes: number, tooLarge: string): Promise<Outcome<Uint8Array>> {
  const opened = await openInside(place);
  if (!opened.ok) return opened;
  const { handle, size } = opened.value;
  try {
    if (size > maxBytes) return failed(failures.unreadable(place.path, tooLarge));
    // One byte more than allowed: a file that grows while it is read is noticed, not cut.
    const buffer = new Uint8Array(Math.min(maxBytes, size) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length === buffer.length) return failed(failures.unreadable(place.path, 'it changed while it was read.'));
    return succeeded(buffer.subarray(0, length));
  } catch (error) {
    return failed(failureOf(error, place));
  } finally {
    await handle.close();
  }
}

/** The real path of a place, checked like `openInside` does. The place must exist. */
export async function realInside(place: Place): Promise<Outcome<string>> {
  const denied = deniedReason(place.relative);
  if (denied) return failed(failures.unreadable(place.path, denied));
  try {
    const [folder, real] = await Promise.all([realpath(place.folder.path), realpath(place.absolutePath)]);
    const below = segmentsBelow(folder, real, thisPlatform);
    if (!below) return failed(failures.outsideWorkspace(place.path));
    const deniedTarget = deniedReason(below.join('/'));
    return deniedTarget ? failed(failures.unreadable(place.path, deniedTarget)) : succeeded(real);
  } catch (error) {
    return failed(failureOf(error, place));
  }
}

/** Like `realInside` for a document that need not be on disk yet: the nearest folder that exists decides. */
export async function checkUnsaved(place: Place): Promise<Outcome<true>> {
  for (let at = place; ; at = above(at)) {
    const real = await realInside(at);
    if (real.ok) return succeeded(true);
    if (!isMissing(real.failure) || at.relative === '') return real;
  }
}

export const isMissing = (failure: Failure) => failure.code === 'unreadable' && failure.detail === 'ENOENT';

function above(place: Place): Place {
  const relative = dirname(place.relative);
  return { ...place, relative: relative === '.' ? '' : relative, absolutePath: dirname(place.absolutePath) };
}

// Windows has neither flag; its real path already has every link resolved.
const noFollow = constants.O_NOFOLLOW ?? 0;
const nonBlocking = constants.O_NONBLOCK ?? 0;

/** Where the kernel says the descriptor leads, on the one system that tells. */
async function leadsBelow(handle: FileHandle, place: Place): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  let target: string;
  try {
    target = await readlink(join('/proc/self/fd', String(handle.fd)));
  } catch {
    return true; // No /proc in this container: the inode was compared already.
  }
  return segmentsBelow(await realpath(place.folder.path), target, thisPlatform) !== undefined;
}

async function closed<T>(handle: FileHandle, result: T): Promise<T> {
  await handle.close();
  return result;
}

const notRegular = (place: Place) => failures.unreadable(place.path, 'it is not a regular file.');

function failureOf(error: unknown, place: Place): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  const reason = reasons[code] ?? `the system says ${code}.`;
  return { ...failures.unreadable(place.path, reason), detail: code === 'ENOTDIR' ? 'ENOENT' : code };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'not found',
  ENOTDIR: 'not found',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ELOOP: 'a link that leads in a circle or changed while it was opened',
  ENAMETOOLONG: 'its name is too long',
  EISDIR: 'it is a folder',
  EBUSY: 'another program holds it',
};
