import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import createMatcher, { type Ignore, isPathValid } from 'ignore';
import { thisPlatform } from './paths.ts';

export const ownIgnoreFile = '.developer-meshignore';
const ignoreFiles = [ownIgnoreFile, '.gitignore'] as const;
type IgnoreFile = (typeof ignoreFiles)[number];

export type IgnoreReason = `ignored by ${IgnoreFile}`;

/** The ignore files that apply in one folder. Immutable; `enter` gives those of a folder in it. */
export interface IgnoreRules {
  /**
   * Why a direct or deeper entry is left out. `path` is relative to the workspace folder; every folder above it must
   * have been entered or asked about before, since nothing below an ignored folder can come back.
   */
  reason(path: string, isFolder: boolean, only?: IgnoreFile): IgnoreReason | undefined;
  /** With the ignore files of the folder `path`; `names` says which of them exist when that is known. */
  enter(path: string, names?: ReadonlySet<string>): Promise<IgnoreRules>;
}

/** One ignore file: its rules, and what to do to a path of the workspace folder to make it relative to that file. */
interface Level {
  readonly file: IgnoreFile;
  readonly matcher: Ignore;
  /** Put in front: the way from the file's folder down to the workspace folder, when the file lies above. */
  readonly prefix: string;
  /** Taken away: the way from the workspace folder down to the file's folder. */
  readonly base: string;
}

/** The rules at the root of a workspace folder, with those of the repository around it when it is only a part of one. */
export async function loadIgnoreRules(folder: string): Promise<IgnoreRules> {
  const levels: Level[] = [];
  for (const { root, prefix } of await foldersAbove(folder)) {
    const outer = await readLevels(root, prefix, '', undefined);
    // A person who opens a folder that Git ignores means it; what the files above say about it is void.
    levels.push(...outer.filter(({ file, matcher }) => file === ownIgnoreFile || !matcher.test(prefix).ignored));
  }
  return rulesOf(folder, levels).enter('');
}

/** The reason for one file or folder, every folder above it asked first; `only` asks one kind of ignore file. */
export async function ignoreReason(
  rules: IgnoreRules,
  path: string,
  isFolder: boolean,
  only?: IgnoreFile,
): Promise<IgnoreReason | undefined> {
  const segments = path.split('/');
  let current = rules;
  for (let depth = 1; depth < segments.length; depth++) {
    const above = segments.slice(0, depth).join('/');
    const reason = current.reason(above, true, only);
    if (reason) return reason;
    current = await current.enter(above);
  }
  return current.reason(path, isFolder, only);
}

function rulesOf(folder: string, levels: readonly Level[]): IgnoreRules {
  return {
    reason: (path, isFolder, only) => {
      for (const file of only ? [only] : ignoreFiles) {
        if (isIgnored(levels, file, path, isFolder)) return `ignored by ${file}`;
      }
      return undefined;
    },
    enter: async (path, names) => {
      const own = await readLevels(join(folder, path), '', path, names);
      const outer = path === '' ? levels : levels.map((level) => reopened(level, path));
      return own.length === 0 && outer.every((level, index) => level === levels[index])
        ? rulesOf(folder, levels)
        : rulesOf(folder, [...outer, ...own]);
    },
  };
}

/** The innermost file that has an opinion decides. */
function isIgnored(levels: readonly Level[], file: IgnoreFile, path: string, isFolder: boolean): boolean {
  for (let index = levels.length - 1; index >= 0; index--) {
    const level = levels[index];
    if (level?.file !== file) continue;
    const verdict = level.matcher.test(localPath(level, path, isFolder));
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}

/**
 * A folder that is entered is not ignored, but an outer file may say it is while an inner one took that back. The
 * matcher would hold that against everything in the folder, so its opinion of the folder itself is withdrawn.
 */
function reopened(level: Level, folder: string): Level {
  const path = localPath(level, folder, true);
  if (!level.matcher.test(path).ignored) return level;
  const literal = `!/${path.replace(/[\\*?[\]!# ]/g, '\\$&')}`;
  return { ...level, matcher: newMatcher().add(level.matcher).add(literal) };
}

function localPath(level: Level, path: string, isFolder: boolean): string {
  const below = level.base === '' ? path : path.slice(level.base.length + 1);
  const local = `${level.prefix}${below}${isFolder ? '/' : ''}`;
  if (!isPathValid(local)) throw new Error('an ignore rule was asked about a path outside its folder');
  return local;
}

const newMatcher = () => createMatcher({ ignorecase: thisPlatform !== 'linux' });

async function readLevels(
  absolute: string,
  prefix: string,
  base: string,
  names: ReadonlySet<string> | undefined,
): Promise<Level[]> {
  const levels: Level[] = [];
  for (const file of ignoreFiles) {
    if (names && !names.has(file)) continue;
    const text = await readRules(join(absolute, file));
    if (text !== undefined) levels.push({ file, matcher: newMatcher().add(text), prefix, base });
  }
  if (base === '' && !names) {
    const exclude = await readRules(join(absolute, '.git', 'info', 'exclude'));
    if (exclude !== undefined) {
      levels.unshift({ file: '.gitignore', matcher: newMatcher().add(exclude), prefix, base });
    }
  }
  return levels;
}

const largestRules = 256 * 1024;

/** Undefined when there is no such regular file. Rules are used and never shown, sent or logged. */
async function readRules(path: string): Promise<string | undefined> {
  try {
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(path, flags);
    try {
      const { size } = await handle.stat();
      if (!(await handle.stat()).isFile() || size === 0) return undefined;
      const buffer = new Uint8Array(Math.min(size, largestRules));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      return new TextDecoder().decode(buffer.subarray(0, bytesRead)).split('\n').map(affordable).join('\n');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined; // Absent, a link, or not ours to read: no rules.
    throw error;
  }
}

/**
 * Each further `**` multiplies what a matcher may try on a path that does not match, and an ignore file comes with the
 * repository. Past three of them only the last part of the line counts, which ignores more, and a line that takes
 * something back is dropped, which ignores more too.
 */
function affordable(line: string): string {
  const folded = line.replace(/\*{3,}/g, '**');
  if (line.length > 1024) return '';
  const parts = folded.split('**');
  if (parts.length <= 4) return line;
  const last = parts.at(-1) ?? '';
  return line.startsWith('!') || !/^\/[^/\s]/.test(last) ? '' : `**${last}`;
}

/** The folders of the same repository above a workspace folder, outermost first. */
async function foldersAbove(folder: string): Promise<readonly { root: string; prefix: string }[]> {
  const above: { root: string; prefix: string }[] = [];
  let prefix = '';
  for (let at = folder; above.length < 32; at = dirname(at)) {
    if (at !== folder) above.unshift({ root: at, prefix });
    if (await exists(join(at, '.git'))) return above;
    const parent = dirname(at);
    if (parent === at) return [];
    prefix = `${at.slice(parent.length).replace(/^[\\/]/, '')}/${prefix}`;
  }
  return [];
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false; // Absent or out of reach: either way no repository begins here for us.
  }
}
