import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { ChangeScope, Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import { type Candidate, candidatesOfChanges, candidatesOfPatterns, rulesByFolder } from './candidates.ts';
import { cleanText } from './clean.ts';
import { joined, linesAfterEdits } from './editedLines.ts';
import { ignoreReason, ownIgnoreFile } from './ignoreRules.ts';
import { type Code, codeOf, isNotebook } from './notebook.ts';
import { type Checked, type Problem, problemFailure, realInside } from './openInside.ts';
import { type Place, possiblePlaces } from './paths.ts';
import { readRevision, readSaved, readText } from './readText.ts';
import { redact } from './redact.ts';
import { grown } from './selection.ts';
import { skippedText } from './skipReason.ts';
import { type LineSpan, leadsNowhere, type NotReviewed, type Snapshot } from './snapshot.ts';

export type Scope =
  /**
   * Each a path, a folder or a glob; see `paths.ts` for how a path is written. With `otherwise` they are a guess: those
   * that lead to no file were not meant as files, and when none does, `otherwise` is what is looked at.
   */
  | { readonly kind: 'files'; readonly patterns: readonly string[]; readonly otherwise?: Scope }
  /** A part of one file, and the symbol that holds it; of a notebook a part of one cell. */
  | { readonly kind: 'selection'; readonly path: string; readonly lines: LineSpan; readonly cell?: number }
  | { readonly kind: 'changes'; readonly changes: ChangeScope };

export interface Gathered {
  /** By path, in order. */
  readonly snapshots: readonly Snapshot[];
  /** What was asked for and left out, with the reason; long lists of one reason are cut and counted. */
  readonly notReviewed: readonly NotReviewed[];
}

/** What may be read of the open folders. Both functions throw the signal's reason when aborted. */
export interface Workspace {
  /**
   * The files of a scope as they stand now. Fails as a whole with `outsideWorkspace` when a path leads out, with
   * `nothingMatches` when no file was found.
   */
  snapshots(scope: Scope, signal: AbortSignal): Promise<Outcome<Gathered>>;
  /** One file, named by its path. */
  read(path: string, signal: AbortSignal): Promise<Outcome<Snapshot>>;
  /** The paths of all files that a review of everything would look at; empty when nothing may be read. */
  paths(signal: AbortSignal): Promise<readonly string[]>;
}

export function createWorkspace(host: Host, limits: () => Settings['limits']): Workspace {
  const workspace: Workspace = {
    snapshots: async (scope, signal) => {
      const ready = checkReady(host);
      if (!ready.ok) return ready;
      const { otherwise, ...guess } = scope.kind === 'files' ? scope : { ...scope, otherwise: undefined };
      if (otherwise) {
        const guessed = await workspace.snapshots(guess, signal);
        if (!guessed.ok) return workspace.snapshots(otherwise, signal);
        return succeeded({
          ...guessed.value,
          notReviewed: guessed.value.notReviewed.filter((entry) => !leadsNowhere(entry)),
        });
      }
      const rulesOf = rulesByFolder();
      const found =
        scope.kind === 'changes'
          ? await candidatesOfChanges(host, scope.changes, rulesOf, signal)
          : await candidatesOfPatterns(patternsOf(scope), host, rulesOf, signal);
      if (!found.ok) return found;
      const { candidates, notReviewed } = found.value;
      if (scope.kind !== 'changes' && candidates.length === 0 && notReviewed.every(leadsNowhere)) {
        return failed(failures.nothingMatches(cleanText(patternsOf(scope).join(', '), 200) || 'an empty list'));
      }
      const gathered = await gather(host, candidates, notReviewed, limits(), signal);
      if (scope.kind !== 'selection') return succeeded(gathered);
      const [only] = gathered.snapshots;
      const count = only && !only.cells ? only.text.split('\n').length : undefined;
      if (only && count !== undefined && scope.lines.from > count)
        return failed(failures.noSuchLines(only.file, count));
      const snapshots = gathered.snapshots.map((snapshot) => withSelection(host, snapshot, scope, signal));
      return succeeded({ ...gathered, snapshots: await Promise.all(snapshots) });
    },

    read: async (path, signal) => {
      const ready = checkReady(host);
      if (!ready.ok) return ready;
      const places = possiblePlaces(path, host.folders());
      if (!places.ok) return places;
      let problem: Problem = { kind: 'missing', reason: 'not found' };
      for (const place of places.value) {
        signal.throwIfAborted();
        const text = await readNamed(host, place, rawKilobytes(place, limits().fileKilobytes));
        const code = text.ok ? codeOf(place.path, text.value) : undefined;
        if (code && !('reason' in code)) return succeeded(snapshotOf(place, code));
        if (code) problem = { kind: 'unreadable', reason: code.reason };
        else if (!text.ok && text.problem.kind !== 'missing') problem = text.problem;
      }
      return failed(problemFailure(problem, cleanText(path, 200)));
    },

    paths: async (signal) => {
      if (!checkReady(host).ok) return [];
      const found = await candidatesOfPatterns(['**/*'], host, rulesByFolder(), signal);
      return found.ok ? found.value.candidates.flatMap(({ place, skip }) => (skip ? [] : [place.path])) : [];
    },
  };
  return workspace;
}

function patternsOf(scope: Exclude<Scope, { kind: 'changes' }>): readonly string[] {
  return scope.kind === 'files' ? scope.patterns : [scope.path];
}

type Selection = Extract<Scope, { kind: 'selection' }>;

async function withSelection(host: Host, snapshot: Snapshot, { lines, cell }: Selection, signal: AbortSignal) {
  if (snapshot.cells) return withCell(snapshot, lines, cell);
  const count = snapshot.text.split('\n').length;
  const asked = { from: Math.min(lines.from, count), to: Math.min(lines.to, count) };
  const symbols = snapshot.absolutePath === undefined ? [] : await host.symbols(snapshot.absolutePath, signal);
  return { ...snapshot, changed: [grown(asked, symbols, snapshot)] };
}

/** All of a notebook where the cell is not told, or has no code. */
function withCell(snapshot: Snapshot, lines: LineSpan, cell: number | undefined): Snapshot {
  const own = snapshot.cells?.find(({ number }) => number === cell);
  if (!own) return snapshot;
  const at = (line: number) => Math.min(own.from + line - 1, own.to);
  return { ...snapshot, changed: [{ from: at(lines.from), to: at(lines.to) }] };
}

function checkReady(host: Host): Outcome<true> {
  if (!host.trusted()) return failed(failures.untrusted());
  return host.folders().length === 0 ? failed(failures.noFolder()) : succeeded(true);
}

async function readNamed(host: Host, place: Place, kilobytes: number): Promise<Checked<string>> {
  const rules = await rulesByFolder()(place.folder);
  const real = await realInside(place);
  for (const relative of real.ok ? [place.relative, real.value.relative] : [place.relative]) {
    const reason = relative === '' ? undefined : await ignoreReason(rules, relative, false, ownIgnoreFile);
    if (reason) return { ok: false, problem: { kind: 'unreadable', reason } };
  }
  return readText(host, place, kilobytes);
}

async function gather(
  host: Host,
  candidates: readonly Candidate[],
  missing: readonly NotReviewed[],
  { filesPerTask, fileKilobytes }: Settings['limits'],
  signal: AbortSignal,
): Promise<Gathered> {
  const snapshots: Snapshot[] = [];
  const notReviewed: NotReviewed[] = [...missing];
  for (const candidate of inOrder(candidates)) {
    const { place } = candidate;
    const leaveOut = (reason: string) => notReviewed.push({ file: place.path, reason });
    if (candidate.skip) {
      leaveOut(candidate.skip);
      continue;
    }
    if (snapshots.length >= filesPerTask) {
      leaveOut(`over the limit of ${filesPerTask} files in one task`);
      continue;
    }
    signal.throwIfAborted();
    const most = rawKilobytes(place, fileKilobytes);
    const text = candidate.saved
      ? await readRevision(place, candidate.saved, most, signal)
      : await readText(host, place, most);
    const code = text.ok ? reviewable(candidate, text.value, fileKilobytes) : { reason: text.problem.reason };
    if ('reason' in code) leaveOut(code.reason);
    else if (candidate.saved) snapshots.push(await atRevision(host, candidate, code, most));
    else snapshots.push(await withChanges(host, candidate, code, most));
  }
  return { snapshots, notReviewed: shortened(notReviewed) };
}

/** Each path once: a file that was named stays named, even if a folder or a glob brings it too. */
function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  const byPath = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const earlier = byPath.get(candidate.place.path);
    if (!earlier || (candidate.named && !earlier.named)) byPath.set(candidate.place.path, candidate);
  }
  return [...byPath.values()].sort((a, b) => (a.place.path < b.place.path ? -1 : 1));
}

/** Of a notebook most is what its cells have brought, which is not looked at. */
const notebookKilobytes = 4096;

function rawKilobytes({ path }: Place, fileKilobytes: number): number {
  return isNotebook(path) ? Math.max(notebookKilobytes, fileKilobytes) : fileKilobytes;
}

/** The code that is reviewed of a file, or why there is none. */
function reviewable({ place, named, changed }: Candidate, raw: string, kilobytes: number) {
  if (raw === '') return { reason: 'empty file' };
  const code = codeOf(place.path, raw);
  if ('reason' in code) return code;
  if (code.cells && code.text.length > kilobytes * 1024) return { reason: `its code is larger than ${kilobytes} kB` };
  if (code.cells && changed && code.linesIn(changed).length === 0) return { reason: 'no changed lines of code' };
  const skip = named ? undefined : skippedText(code.text);
  return skip === undefined ? code : { reason: skip };
}

function snapshotOf(place: Place, { text, language, cells }: Code): Snapshot {
  return { file: place.path, absolutePath: place.absolutePath, language, text, ...(cells && { cells }) };
}

/** Changes are known of the saved text; what is open and unsaved has moved since. */
async function withChanges(host: Host, { place, changed, removed }: Candidate, code: Code, kilobytes: number) {
  const snapshot = snapshotOf(place, code);
  if (!changed) return snapshot;
  if (host.unsavedText(place.absolutePath) === undefined) {
    const lineCount = snapshot.text.split('\n').length;
    return { ...snapshot, changed: joined(code.linesIn(changed), lineCount), ...gone(removed, code) };
  }
  // Where the removed lines stood in a text that was edited since is not known.
  const read = await readSaved(place, kilobytes);
  const saved = read.ok ? codeOf(place.path, read.value) : { reason: read.problem.reason };
  if ('reason' in saved) return snapshot;
  return { ...snapshot, changed: linesAfterEdits(saved.text, snapshot.text, saved.linesIn(changed)) };
}

/** The text that Git keeps; what of it is still in the file is the business of whoever shows findings there. */
async function atRevision(host: Host, { place, changed, removed }: Candidate, code: Code, kilobytes: number) {
  const snapshot = snapshotOf(place, code);
  const read = await readText(host, place, kilobytes);
  const now = read.ok ? codeOf(place.path, read.value) : { reason: read.problem.reason };
  const lineCount = snapshot.text.split('\n').length;
  return {
    ...snapshot,
    ...(changed && { changed: joined(code.linesIn(changed), lineCount) }),
    ...gone(removed, code),
    ...('reason' in now ? { today: null } : now.text === snapshot.text ? {} : { today: now.text }),
    ...(!('reason' in now) && now.cells && { todaysCells: now.cells }),
  };
}

/** What was removed from a notebook is lines of its JSON, at places that its code does not have. */
function gone(removed: Candidate['removed'], { cells }: Code): Pick<Snapshot, 'removed'> {
  return removed && !cells ? { removed } : {};
}

const mostOfOneReason = 50;

function shortened(all: readonly NotReviewed[]): readonly NotReviewed[] {
  const counts = new Map<string, number>();
  const kept: NotReviewed[] = [];
  for (const entry of all) {
    const count = (counts.get(entry.reason) ?? 0) + 1;
    counts.set(entry.reason, count);
    if (count <= mostOfOneReason) kept.push({ ...entry, file: redact(entry.file).text });
  }
  for (const [reason, count] of counts) {
    if (count > mostOfOneReason) kept.push({ file: `(${count - mostOfOneReason} more)`, reason });
  }
  return kept;
}
