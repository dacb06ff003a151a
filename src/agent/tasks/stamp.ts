import { link, mkdir, open, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../shared/clock.ts';
import { isMissing } from '../slotLock.ts';

/** Puts the same few words under many names, each of which takes next to no time and no room: they are hard links. */
export interface Stamp {
  /** The id that was put there; undefined when the name is taken. Rejects with the system's error. */
  put(path: string): Promise<string | undefined>;
}

/** A link tells the time of its file, so a file serves for this long; and one system allows 1023 links. */
const servesMs = 60 * 60_000;
const mostLinks = 1000;

/** `words`: by id, JSON. Every few uses have an id of their own. */
export function createStamp(folder: string, words: (id: string) => object, clock: Clock, linkFile = link): Stamp {
  let file: Promise<{ readonly path: string; readonly id: string; readonly at: number }> | undefined;
  let links = 0;
  /** Some disks have no links. */
  let canLink = true;

  async function make() {
    const id = clock.uuid();
    const path = join(folder, `stamp-${id}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path, JSON.stringify(words(id)), { flag: 'wx', mode: 0o600 });
    return { path, id, at: clock.monotonic() };
  }

  async function current() {
    const before = file && (await file);
    if (before && links < mostLinks && clock.monotonic() - before.at < servesMs) return before;
    // Its other names stay.
    if (before) await unlink(before.path).catch(() => undefined);
    return renew();
  }

  function renew() {
    links = 0;
    file = make();
    file.catch(() => {
      file = undefined;
    });
    return file;
  }

  async function byLink(path: string): Promise<string | undefined> {
    let stamp = await current();
    for (let tries = 0; ; tries++) {
      links += 1;
      try {
        await linkFile(stamp.path, path);
        return stamp.id;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return undefined;
        // Somebody has cleared it away.
        if (!isMissing(error) || tries > 0) throw error;
        stamp = await renew();
      }
    }
  }

  async function byFile(path: string): Promise<string | undefined> {
    const id = clock.uuid();
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(JSON.stringify(words(id))).finally(() => handle.close());
      return id;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw error;
    }
  }

  return {
    async put(path) {
      if (!canLink) return byFile(path);
      try {
        return await byLink(path);
      } catch (error) {
        if (!noLinks.has(codeOf(error))) throw error;
        canLink = false;
        return byFile(path);
      }
    },
  };
}

const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR', 'UNKNOWN']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
