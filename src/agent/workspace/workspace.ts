import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { ChangeScope, Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import {
  type Candidate,
  candidatesOfChanges,
  candidatesOfPatterns,
  noMatch,
  notFound,
  rulesByFolder,
} from './candidates.ts';
import { cleanText } from './clean.ts';
import { joined, linesAfterEdits } from './editedLines.ts';
import { ignoreReason, ownIgnoreFile } from './ignoreRules.ts';
import { languageOf } from './languages.ts';
import { type Checked, type Problem, problemFailure, realInside } from './openInside.ts';
import { type Place, possiblePlaces } from './paths.ts';
import { readRevision, readSaved, readText } from './readText.ts';
import { grown } from './selection.ts';
import { skippedText } from './skipReason.ts';
import type { LineSpan, NotReviewed, Snapshot } from './snapshot.ts';

export type Scope =
  /**
   * Each a path, a folder or a glob; see `paths.ts` for how a path is written. With `otherwise` they are a guess: those
   * that lead to no file were not meant as files, and when none does, `otherwise` is what is looked at.
   */
  | { readonly kind: 'files'; readonly patterns: readonly string[]; readonly otherwise?: Scope }
  /** A part of one file, and the symbol that holds it. */
  | { readonly kind: 'selection'; readonly path: string; readonly lines: LineSpan }
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
          notReviewed: guessed.value.notReviewed.filter(({ reason }) => !isNowhere(reason)),
        });
      }
      const rulesOf = rulesByFolder();
      const found =
        scope.kind === 'changes'
          ? await candidatesOfChanges(host, scope.changes, rulesOf, signal)
          : await candidatesOfPatterns(patternsOf(scope), host, rulesOf, signal);
      if (!found.ok) return found;
      const { candidates, notReviewed } = found.value;
      if (scope.kind !== 'changes' && candidates.length === 0 && notReviewed.every(({ reason }) => isNowhere(reason))) {
        return failed(failures.nothingMatches(cleanText(patternsOf(scope).join(', '), 200) || 'an empty list'));
      }
      const gathered = await gather(host, candidates, notReviewed, limits(), signal);
      if (scope.kind !== 'selection') return succeeded(gathered);
      const snapshots = gathered.snapshots.map((snapshot) => withSelection(host, snapshot, scope.lines, signal));
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
        const text = await readNamed(host, place, limits().fileKilobytes);
        if (text.ok) return succeeded(snapshotOf(place, text.value));
        if (text.problem.kind !== 'missing') problem = text.problem;
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

const isNowhere = (reason: string) => reason === notFound || reason === noMatch;

function patternsOf(scope: Exclude<Scope, { kind: 'changes' }>): readonly string[] {
  return scope.kind === 'files' ? scope.patterns : [scope.path];
}

async function withSelection(host: Host, snapshot: Snapshot, lines: LineSpan, signal: AbortSignal): Promise<Snapshot> {
  const count = snapshot.text.split('\n').length;
  const asked = { from: Math.min(lines.from, count), to: Math.min(lines.to, count) };
  const symbols = snapshot.absolutePath === undefined ? [] : await host.symbols(snapshot.absolutePath, signal);
  return { ...snapshot, changed: [grown(asked, symbols)] };
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
    const { place, named } = candidate;
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
    const text = candidate.saved
      ? await readRevision(place, candidate.saved, fileKilobytes, signal)
      : await readText(host, place, fileKilobytes);
    const skip = !text.ok
      ? text.problem.reason
      : text.value === ''
        ? 'empty file'
        : named
          ? undefined
          : skippedText(text.value);
    if (!text.ok || skip !== undefined) leaveOut(skip ?? 'cannot be read');
    else if (candidate.saved)
      snapshots.push(await atRevision(host, candidate, snapshotOf(place, text.value), fileKilobytes));
    else snapshots.push(await withChanges(host, candidate, snapshotOf(place, text.value), fileKilobytes));
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

function snapshotOf(place: Place, text: string): Snapshot {
  return { file: place.path, absolutePath: place.absolutePath, language: languageOf(place.path), text };
}

/** Changes are known of the saved text; what is open and unsaved has moved since. */
async function withChanges(host: Host, { place, changed, removed }: Candidate, snapshot: Snapshot, kilobytes: number) {
  if (!changed) return snapshot;
  const saved = host.unsavedText(place.absolutePath) === undefined ? undefined : await readSaved(place, kilobytes);
  if (saved && !saved.ok) return snapshot;
  const lineCount = snapshot.text.split('\n').length;
  const moved = saved ? linesAfterEdits(saved.value, snapshot.text, changed) : joined(changed, lineCount);
  // Where they stood in a text that was edited since is not known.
  const gone = removed && saved === undefined ? { removed } : {};
  return { ...snapshot, changed: moved, ...gone };
}

/** The text that Git keeps; what of it is still in the file is the business of whoever shows findings there. */
async function atRevision(host: Host, { place, changed, removed }: Candidate, snapshot: Snapshot, kilobytes: number) {
  const today = await readText(host, place, kilobytes);
  const lineCount = snapshot.text.split('\n').length;
  return {
    ...snapshot,
    ...(changed && { changed: joined(changed, lineCount) }),
    ...(removed && { removed }),
    ...(!(today.ok && today.value === snapshot.text) && { today: today.ok ? today.value : null }),
  };
}

const mostOfOneReason = 50;

function shortened(all: readonly NotReviewed[]): readonly NotReviewed[] {
  const counts = new Map<string, number>();
  const kept: NotReviewed[] = [];
  for (const entry of all) {
    const count = (counts.get(entry.reason) ?? 0) + 1;
    counts.set(entry.reason, count);
    if (count <= mostOfOneReason) kept.push(entry);
  }
  for (const [reason, count] of counts) {
    if (count > mostOfOneReason) kept.push({ file: `(${count - mostOfOneReason} more)`, reason });
  }
  return kept;
}
