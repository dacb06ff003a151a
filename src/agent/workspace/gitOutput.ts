import type { FileChange } from '../host.ts';
import type { LineSpan, RemovedLines } from './snapshot.ts';

/** A file that changed. */
export interface Entry {
  /** Separators `/`. */
  readonly path: string;
  readonly kind: FileChange['kind'];
  readonly conflicted: boolean;
  /** The id of the object that has its new text. */
  readonly blob?: string;
}

/** Reads `git status --porcelain=v2 -z`: paths from the top of the repository. Submodules, nested repositories and links are left out. */
export function parseStatus(output: string): readonly Entry[] {
  const records = output.split('\0');
  const entries = new Map<string, Entry>();
  for (let index = 0; index < records.length; index++) {
    const record = records[index] ?? '';
    const type = record[0];
    if (type === '?') {
      const path = record.slice(2);
      // A path with a slash at its end is a repository inside this one.
      if (!path.endsWith('/')) entries.set(path, { path, kind: 'untracked', conflicted: false });
      continue;
    }
    // 1 XY sub mH mI mW hH hI path | 2 XY sub mH mI mW hH hI score path, then the old path | u XY sub m1 m2 m3 mW h1 h2 h3 path
    const fieldCount = type === '1' ? 8 : type === '2' ? 9 : type === 'u' ? 10 : undefined;
    if (fieldCount === undefined) continue;
    if (type === '2') index++;
    const fields = record.split(' ');
    const path = fields.slice(fieldCount).join(' ');
    const [, states = '..', submodule = 'N...', headMode, , mode5, mode6] = fields;
    const mode = type === 'u' ? mode6 : mode5;
    if (submodule.startsWith('S') || mode === '160000' || mode === '120000') continue;
    entries.set(path, { path, kind: kindOf(type, states, mode, headMode), conflicted: type === 'u' });
  }
  return [...entries.values()];
}

const noObject = /^0+$/;

/** Reads `git diff --raw -z --no-abbrev`: paths as Git was asked for them. Submodules and links are left out. */
export function parseRaw(output: string): readonly Entry[] {
  const words = output.split('\0');
  const entries = new Map<string, Entry>();
  for (let index = 0; index < words.length; index++) {
    // :oldMode newMode oldId newId status, then the path; the old one before it where it was renamed or copied.
    const header = /^:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) ([A-Z])\d*$/.exec(words[index] ?? '');
    if (!header) continue;
    const [, mode, blob = '', letter = ''] = header;
    if (letter === 'R' || letter === 'C') index++;
    index++;
    const path = words[index];
    if (path === undefined || path === '' || mode === '160000' || mode === '120000') continue;
    const kind = letters[letter] ?? 'modified';
    const hasText = kind !== 'deleted' && !noObject.test(blob);
    entries.set(path, { path, kind, conflicted: letter === 'U', ...(hasText && { blob }) });
  }
  return [...entries.values()];
}

const letters: Readonly<Record<string, FileChange['kind']>> = { A: 'added', C: 'added', D: 'deleted', R: 'renamed' };

function kindOf(
  type: string | undefined,
  states: string,
  mode: string | undefined,
  headMode: string | undefined,
): FileChange['kind'] {
  if (mode === '000000' || states[1] === 'D') return 'deleted';
  if (type === 'u') return 'modified';
  if (type === '2') return states.includes('R') ? 'renamed' : 'added';
  return headMode === '000000' ? 'added' : 'modified';
}

export interface FileDiff {
  readonly lines: readonly LineSpan[];
  readonly removed: readonly RemovedLines[];
}

/** What was removed of one file beyond this is not told: it is for context alone. */
const mostRemoved = 20_000;

/**
 * The new lines of each file in a `git diff --unified=0`, and what was removed, by path below the folder it was made in.
 * Lines of content are skipped by the counts in their header, so nothing that stands in a file can pass for a header.
 */
export function parseDiff(output: string): ReadonlyMap<string, FileDiff> {
  const files = new Map<string, { lines: LineSpan[]; removed: { before: number; text: string }[] }>();
  let current: { lines: LineSpan[]; removed: { before: number; text: string }[] } | undefined;
  let room = 0;
  let content = 0;
  let at = 0;
  while (at < output.length) {
    const found = output.indexOf('\n', at);
    const end = found === -1 ? output.length : found;
    const first = output[at];
    if (content > 0) {
      if (first === '+' || first === '-') content--;
      const gap = current?.removed.at(-1);
      if (first === '-' && gap && room > 0) {
        const line = output.slice(at + 1, Math.min(end, at + 1 + room)).replace(/\r$/, '');
        room -= line.length + 1;
        gap.text += gap.text === '' ? line : `\n${line}`;
      }
    } else if (output.startsWith('diff --git ', at)) {
      current = undefined;
    } else if (output.startsWith('+++ ', at)) {
      const path = newPath(output.slice(at + 4, end));
      current = { lines: [], removed: [] };
      room = mostRemoved;
      if (path !== undefined) files.set(path, current);
    } else if (first === '@') {
      const header = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(output.slice(at, Math.min(end, at + 100)));
      if (header) {
        const gone = Number(header[1] ?? 1);
        const from = Number(header[2]);
        const added = Number(header[3] ?? 1);
        content = gone + added;
        current?.lines.push(added === 0 ? { from: Math.max(1, from), to: from + 1 } : { from, to: from + added - 1 });
        // Where nothing was added, `from` is the line before the gap.
        if (gone > 0) current?.removed.push({ before: added === 0 ? from + 1 : from, text: '' });
      }
    }
    at = end + 1;
  }
  return files;
}

/** `b/path`, in quotes with C escapes when it has special characters, with a tab behind it when it has spaces. */
function newPath(word: string): string | undefined {
  const trimmed = word.replace(/[\t\r]+$/, '');
  const path = trimmed.startsWith('"') && trimmed.endsWith('"') ? unquoted(trimmed.slice(1, -1)) : trimmed;
  return path.startsWith('b/') ? path.slice(2) : undefined;
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

function unquoted(text: string): string {
  const bytes: number[] = [];
  for (const [part, octal, letter] of text.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/gs)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else if (letter !== undefined) bytes.push(escapes[letter] ?? letter.charCodeAt(0));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
