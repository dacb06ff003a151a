import picomatch from 'picomatch';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { WorkspaceFolder } from '../host.ts';
import { cleanText } from './clean.ts';
import { longestPath, thisPlatform } from './paths.ts';

export interface Glob {
  /** The folders to walk, with the part of the tree below each that can match; '' is all of it. */
  readonly bases: readonly { readonly folder: WorkspaceFolder; readonly base: string }[];
  /** Takes the path below the folder. */
  matches(folder: WorkspaceFolder, relative: string): boolean;
}

export const isGlob = (pattern: string) => picomatch.scan(pattern).isGlob === true;

/** A glob over all folders, which need not name the folder; `labels` go with `folders`. */
export function readGlob(
  pattern: string,
  folders: readonly WorkspaceFolder[],
  labels: readonly string[],
): Outcome<Glob> {
  const text = thisPlatform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
  const refused = failed(failures.outsideWorkspace(cleanText(pattern, 120)));
  if (text.length > longestPath || /[\p{Cc}\p{Cs}]/u.test(text)) return refused;
  if (/^(?:[/\\]|!?[a-z][a-z0-9+.-]*:)/i.test(text) || /(?:^|[/\\,{(|])\.\.(?:[/\\,})|]|$)/.test(text)) return refused;
  if (isCostly(text)) return failed(failures.nothingMatches(`${cleanText(pattern, 120)}: it has too many wildcards`));

  const options = { dot: true, noextglob: true, nonegate: true, posixSlashes: false, nocase: thisPlatform !== 'linux' };
  const matcher = picomatch(text.replace(/^(?:\.\/)+/, ''), options);
  const scanned = picomatch.scan(text.replace(/^(?:\.\/)+/, ''), { nonegate: true });
  const base = scanned.base === '.' ? '' : scanned.base.replace(/\/+$/, '');
  const several = folders.length > 1;
  const [head = '', ...rest] = base.split('/');
  const labelled = several ? labels.indexOf(head) : -1;
  const labelledFolder = folders[labelled];
  return succeeded({
    bases: labelledFolder
      ? [{ folder: labelledFolder, base: rest.join('/') }]
      : folders.map((folder) => ({ folder, base: several && head === '' ? '' : base })),
    matches: (folder, relative) => {
      const label = several ? labels[folders.indexOf(folder)] : undefined;
      return matcher(relative) || (label !== undefined && matcher(`${label}/${relative}`));
    },
  });
}

/**
 * A glob becomes a regular expression, and each further wildcard in one segment multiplies what it may try on a name
 * that does not match. What people write stays far below these counts.
 */
function isCostly(pattern: string): boolean {
  if ((pattern.match(/\*\*/g)?.length ?? 0) > 4 || (pattern.match(/[{(]/g)?.length ?? 0) > 8) return true;
  const whole = pattern.replace(/\*{2,}/g, '');
  return pattern.split('/').some((segment) => (segment.match(/\*+/g)?.length ?? 0) > 3) || /[*+][*+?]{2,}/.test(whole);
}
