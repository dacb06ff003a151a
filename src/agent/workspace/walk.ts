import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspaceFolder } from '../host.ts';
import { deniedReason } from './denyList.ts';
import type { IgnoreRules } from './ignoreRules.ts';
import { secretName } from './secretName.ts';
import { skippedFolder } from './skipReason.ts';

/** Entries of one folder tree, its own count; a tree that is larger is not walked to its end. */
const mostEntries = 200_000;
const deepest = 64;

export interface WalkedFile {
  /** Relative to the folder. */
  readonly relative: string;
  /** Why the walk itself leaves it out. */
  readonly skip?: string;
}

export interface Walk {
  /** Sorted. Links and other special files are in it with a reason; folders that were not entered end with `/`. */
  readonly files: readonly WalkedFile[];
  readonly complete: boolean;
}

/**
 * All files below `start`, itself relative to the folder and already known to be inside, not ignored and no link.
 * Follows no link, enters no ignored, denied or third-party folder. `rules` are those of the folder's root. Throws the
 * signal's reason when aborted.
 */
export async function walk(
  folder: WorkspaceFolder,
  start: string,
  rules: IgnoreRules,
  signal: AbortSignal,
): Promise<Walk> {
  const files: WalkedFile[] = [];
  let entries = 0;
  let complete = true;

  const visit = async (path: string, outer: IgnoreRules, depth: number): Promise<void> => {
    signal.throwIfAborted();
    const listing = await list(join(folder.path, path));
    if (!listing) {
      files.push({ relative: `${path}/`, skip: 'cannot be read' });
      return;
    }
    const here = path === '' ? outer : await outer.enter(path, new Set(listing.map(({ name }) => name)));
    const deeper: Promise<void>[] = [];
    for (const entry of listing) {
      if (++entries > mostEntries) {
        complete = false;
        break;
      }
      const relative = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        const skip = keptBack(relative) ?? here.reason(relative, true) ?? skippedFolder(entry.name);
        if (skip) files.push({ relative: `${relative}/`, skip });
        else if (depth < deepest) deeper.push(visit(relative, here, depth + 1));
        else complete = false;
      } else if (entry.isFile()) {
        const skip = keptBack(relative) ?? here.reason(relative, false);
        files.push(skip ? { relative, skip } : { relative });
      } else {
        files.push({ relative, skip: entry.isSymbolicLink() ? 'symbolic link' : 'not a regular file' });
      }
    }
    await Promise.all(deeper);
  };

  let atStart = rules;
  const segments = start === '' ? [] : start.split('/');
  for (let depth = 1; depth < segments.length; depth++) {
    atStart = await atStart.enter(segments.slice(0, depth).join('/'));
  }
  await visit(start, atStart, 0);
  files.sort((a, b) => (a.relative < b.relative ? -1 : a.relative > b.relative ? 1 : 0));
  return { files, complete };
}

async function list(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined; // Gone meanwhile, or not ours to read.
    throw error;
  }
}

function keptBack(path: string): string | undefined {
  return deniedReason(path) ?? secretName(path);
}
