import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { WorkspaceFolder } from '../host.ts';
import { cleanText } from './clean.ts';

/**
 * Workspace paths are POSIX and relative. One folder: `src/a.ts`. Several: `<label>/src/a.ts`, where the label is
 * the folder's name, and `name (2)` for the second of that name. Everything here is lexical and touches no disk;
 * `openInside.ts` checks what a path really leads to.
 */
export interface Place {
  readonly folder: WorkspaceFolder;
  /** Below the folder: `src/a.ts`; '' is the folder itself. */
  readonly relative: string;
  /** Native separators; always made from the folder's own path, never from what was given. */
  readonly absolutePath: string;
  /** Workspace path. */
  readonly path: string;
}

export type Platform = 'linux' | 'darwin' | 'win32';

/** The rules of the machine we run on. Anything that is neither macOS nor Windows follows Linux. */
export const thisPlatform: Platform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';

/** UTF-16 units. */
export const longestPath = 1024;

/** One label a folder, all different even where case does not count, each a single path segment. */
export function folderLabels(folders: readonly WorkspaceFolder[]): readonly string[] {
  const taken = new Set<string>();
  return folders.map(({ name }) => {
    const clean = name.replace(/[\\/:\p{Cc}\p{Cs}]/gu, '-').replace(/[. ]+$/, '');
    const base = clean === '' ? 'folder' : clean;
    let label = base;
    for (let count = 2; taken.has(label.toLowerCase()); count++) label = `${base} (${count})`;
    taken.add(label.toLowerCase());
    return label;
  });
}

/** Where `raw` points: relative to the workspace, or absolute and inside it. Fails with `outsideWorkspace`. */
export function resolvePath(
  raw: string,
  folders: readonly WorkspaceFolder[],
  platform: Platform = thisPlatform,
): Outcome<Place> {
  const places = possiblePlaces(raw, folders, platform);
  if (!places.ok) return places;
  const [first, ...others] = places.value;
  return first && others.length === 0 ? succeeded(first) : failed(failures.outsideWorkspace(shown(raw)));
}

/**
 * Like `resolvePath`, but a relative path that names none of several folders is looked for in each of them, since a
 * server need not know how many folders are open.
 */
export function possiblePlaces(
  raw: string,
  folders: readonly WorkspaceFolder[],
  platform: Platform = thisPlatform,
): Outcome<readonly Place[]> {
  const refused = failed(failures.outsideWorkspace(shown(raw)));
  if (raw === '' || raw.length > longestPath || /[\p{Cc}\p{Cs}]/u.test(raw)) return refused;
  if (/^[\\/]{2}/.test(raw)) return refused;

  const absolute = platform === 'win32' ? /^[a-z]:[\\/]/i.test(raw) : raw.startsWith('/');
  if (absolute) {
    const found = locate(raw, folders, platform);
    return found && isPlain(found.segments, platform) ? succeeded([found.place]) : refused;
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(raw) || /^[\\/]/.test(raw)) return refused;

  const segments = split(raw, platform);
  if (!isPlain(segments, platform)) return refused;
  if (folders.length > 1) {
    const labels = folderLabels(folders);
    const wanted = segments.find((segment) => segment !== '.');
    const index = labels.findIndex((label) => wanted !== undefined && fold(label, platform) === fold(wanted, platform));
    const folder = folders[index];
    if (folder) {
      const rest = normalise(segments.slice(segments.indexOf(wanted ?? '') + 1));
      return rest ? succeeded([place(folder, rest, folders, platform)]) : refused;
    }
  }
  const rest = normalise(segments);
  return rest ? succeeded(folders.map((folder) => place(folder, rest, folders, platform))) : refused;
}

/** The workspace path of an absolute path; undefined when no folder holds it. The innermost folder wins. */
export function toWorkspacePath(
  absolutePath: string,
  folders: readonly WorkspaceFolder[],
  platform: Platform = thisPlatform,
): string | undefined {
  return placeOf(absolutePath, folders, platform)?.path;
}

/** Like `toWorkspacePath`, with the folder. For absolute paths of the host's own; it checks no spelling. */
export function placeOf(
  absolutePath: string,
  folders: readonly WorkspaceFolder[],
  platform: Platform = thisPlatform,
): Place | undefined {
  return locate(absolutePath, folders, platform)?.place;
}

export function placeIn(
  folder: WorkspaceFolder,
  relative: string,
  folders: readonly WorkspaceFolder[],
  platform: Platform = thisPlatform,
): Place {
  return place(folder, relative === '' ? [] : relative.split('/'), folders, platform);
}

/** What of `inner` lies below `outer`, both absolute; undefined when it is not below. Whole segments only. */
export function segmentsBelow(outer: string, inner: string, platform: Platform): readonly string[] | undefined {
  const outerSegments = split(outer, platform).filter(named);
  const innerSegments = normalise(split(inner, platform));
  if (!innerSegments) return undefined;
  const isBelow = outerSegments.every((segment, index) => {
    const other = innerSegments[index];
    return other !== undefined && fold(segment, platform) === fold(other, platform);
  });
  return isBelow ? innerSegments.slice(outerSegments.length) : undefined;
}

function locate(
  absolutePath: string,
  folders: readonly WorkspaceFolder[],
  platform: Platform,
): { place: Place; segments: readonly string[] } | undefined {
  let best: { folder: WorkspaceFolder; segments: readonly string[] } | undefined;
  for (const folder of folders) {
    const segments = segmentsBelow(folder.path, absolutePath, platform);
    if (segments && (!best || segments.length < best.segments.length)) best = { folder, segments };
  }
  return best && { place: place(best.folder, best.segments, folders, platform), segments: best.segments };
}

function place(
  folder: WorkspaceFolder,
  segments: readonly string[],
  folders: readonly WorkspaceFolder[],
  platform: Platform,
): Place {
  const separator = platform === 'win32' ? '\\' : '/';
  const root = folder.path.endsWith(separator) ? folder.path.slice(0, -1) : folder.path;
  const label = folders.length > 1 ? folderLabels(folders)[folders.indexOf(folder)] : undefined;
  return {
    folder,
    relative: segments.join('/'),
    absolutePath: segments.length === 0 ? folder.path : [root, ...segments].join(separator),
    path: [...(label === undefined ? [] : [label]), ...segments].join('/'),
  };
}

function split(path: string, platform: Platform): string[] {
  return path.split(platform === 'win32' ? /[\\/]/ : '/');
}

const named = (segment: string) => segment !== '' && segment !== '.';

/** Undefined when a `..` would climb above the start. */
function normalise(segments: readonly string[]): readonly string[] | undefined {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') {
      if (kept.pop() === undefined) return undefined;
    } else if (named(segment)) kept.push(segment);
  }
  return kept;
}

/** CON, NUL, COM1 and the like are devices in every folder of Windows, whatever their extension. */
const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)[ ]*(\..*)?$/i;

/** Whether every segment means the same to us as to the file system. */
function isPlain(segments: readonly string[], platform: Platform): boolean {
  return segments.every((segment) => {
    if (platform !== 'win32') return segment === '..' || !segment.split('\\').includes('..');
    // Windows drops trailing dots and spaces, and `:` names an alternate stream: three other spellings of a file.
    if (named(segment) && segment !== '..' && /[. ]$/.test(segment)) return false;
    return !/[:<>"|?*]/.test(segment) && !reserved.test(segment);
  });
}

/** Two names that macOS or Windows takes for one fold to the same text. */
function fold(segment: string, platform: Platform): string {
  return platform === 'linux' ? segment : segment.normalize('NFC').toLowerCase();
}

/** For a message: control and bidirectional characters gone, not longer than a line. */
function shown(raw: string): string {
  return cleanText(raw, 120);
}
