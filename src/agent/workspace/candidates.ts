import { lstat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { failed, type Outcome, succeeded } from '../failures.ts';
import type { ChangeScope, FileChange, Host, WorkspaceFolder } from '../host.ts';
import { cleanText } from './clean.ts';
import { type IgnoreRules, ignoreReason, loadIgnoreRules, ownIgnoreFile } from './ignoreRules.ts';
import { problemFailure, realInside } from './openInside.ts';
import { folderLabels, type Place, placeIn, placeOf, possiblePlaces } from './paths.ts';
import { isGlob, readGlob } from './patterns.ts';
import { skippedFile } from './skipReason.ts';
import { type LineSpan, type NotReviewed, noMatch, notFound, type RemovedLines } from './snapshot.ts';
import { walk } from './walk.ts';

/** A file that was asked for, before anything of it was read. */
export interface Candidate {
  readonly place: Place;
  /** Named by its own path: ignore files and what a machine wrote are no reason to leave it out. */
  readonly named: boolean;
  readonly changed?: readonly LineSpan[];
  readonly removed?: readonly RemovedLines[];
  readonly saved?: NonNullable<FileChange['saved']>;
  readonly skip?: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** Patterns that lead to no file. */
  readonly notReviewed: readonly NotReviewed[];
}

/** Each folder's ignore files, read once however many patterns there are. */
export function rulesByFolder(): (folder: WorkspaceFolder) => Promise<IgnoreRules> {
  const loaded = new Map<string, Promise<IgnoreRules>>();
  return (folder) => {
    const rules = loaded.get(folder.path) ?? loadIgnoreRules(folder.path);
    loaded.set(folder.path, rules);
    return rules;
  };
}
type RulesOf = ReturnType<typeof rulesByFolder>;

const mostPatterns = 1000;

/** Paths, folders and globs to files. A path outside the workspace fails all: whoever sent it asks for what is not ours. */
export async function candidatesOfPatterns(
  patterns: readonly string[],
  host: Host,
  rulesOf: RulesOf,
  signal: AbortSignal,
): Promise<Outcome<Candidates>> {
  const folders = host.folders();
  const labels = folderLabels(folders);
  const candidates: Candidate[] = [];
  const notReviewed: NotReviewed[] = [];

  for (const pattern of patterns.slice(0, mostPatterns)) {
    signal.throwIfAborted();
    const shown = cleanText(pattern, 200);
    const places = possiblePlaces(pattern, folders);
    let found = 0;
    for (const place of places.ok ? places.value : []) {
      const real = await realInside(place);
      if (!real.ok) {
        if (real.problem.kind === 'outside') return failed(problemFailure(real.problem, shown));
        const isOpen = host.unsavedText(place.absolutePath) !== undefined;
        if (real.problem.kind !== 'missing') notReviewed.push({ file: place.path, reason: real.problem.reason });
        else if (isOpen) candidates.push(await namedCandidate(place, place.relative, await rulesOf(place.folder)));
        else continue;
      } else if (real.value.kind === 'folder') {
        const inside = placeIn(place.folder, real.value.relative, folders);
        candidates.push(...(await below(inside, folders, await rulesOf(place.folder), signal, undefined)));
      } else {
        const spelled = placeIn(place.folder, onDisk(place.relative, real.value.relative), folders);
        candidates.push(await namedCandidate(spelled, real.value.relative, await rulesOf(place.folder)));
      }
      found++;
    }
    if (found > 0) continue;
    if (!isGlob(pattern)) {
      if (!places.ok) return places;
      notReviewed.push({ file: shown, reason: notFound });
      continue;
    }
    const glob = readGlob(pattern, folders, labels);
    if (!glob.ok) return glob;
    const before = candidates.length;
    for (const { folder, base } of glob.value.bases) {
      const start = await realInside(placeIn(folder, base, folders));
      // A glob that begins at a link, a file or nothing has nothing below it.
      if (!start.ok || start.value.kind !== 'folder' || start.value.relative !== base) continue;
      const matches = (relative: string) => glob.value.matches(folder, relative);
      const inside = placeIn(folder, base, folders);
      candidates.push(...(await below(inside, folders, await rulesOf(folder), signal, matches)));
    }
    // Folders that were left out on the way come without having been asked for.
    const matched = candidates.slice(before).some(({ place }) => !place.path.endsWith('/'));
    if (!matched) notReviewed.push({ file: shown, reason: noMatch });
  }
  if (patterns.length > mostPatterns) {
    notReviewed.push({
      file: `(${patterns.length - mostPatterns} more patterns)`,
      reason: `over the limit of ${mostPatterns} patterns`,
    });
  }
  return succeeded({ candidates, notReviewed });
}

async function namedCandidate(place: Place, realRelative: string, rules: IgnoreRules): Promise<Candidate> {
  const skip = await ownIgnore(rules, place.relative, realRelative);
  return { place, named: true, ...(skip && { skip }) };
}

/** The spelling on disk where case does not count; a link keeps the name it was asked for by. */
function onDisk(asked: string, real: string): string {
  return asked.toLowerCase() === real.toLowerCase() ? real : asked;
}

/** The person's own ignore file is never overruled, whichever of its names a file is asked for by. */
async function ownIgnore(rules: IgnoreRules, ...paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const reason = await ignoreReason(rules, path, false, ownIgnoreFile);
    if (reason) return reason;
  }
  return undefined;
}

async function below(
  start: Place,
  folders: readonly WorkspaceFolder[],
  rules: IgnoreRules,
  signal: AbortSignal,
  matches: ((relative: string) => boolean) | undefined,
): Promise<Candidate[]> {
  const { folder, relative: base } = start;
  const ignored = base === '' ? undefined : await ignoreReason(rules, base, true);
  if (ignored) return [{ place: start, named: false, skip: ignored }];
  const { files, complete } = await walk(folder, base, rules, signal);
  const candidates: Candidate[] = [];
  for (const [index, { relative, skip }] of files.entries()) {
    // Matching takes longer than any other step between two turns of the event loop.
    if (index % 500 === 499) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const isFolder = relative.endsWith('/');
    if (matches && !isFolder && !matches(relative)) continue;
    const absolute = placeIn(folder, isFolder ? relative.slice(0, -1) : relative, folders);
    // A folder that is open on its own as well gives its files their name.
    const inner = placeOf(absolute.absolutePath, folders) ?? absolute;
    const place = isFolder ? { ...inner, path: `${inner.path}/` } : inner;
    const reason = skip ?? skippedFile(base === '' ? relative : relative.slice(base.length + 1));
    candidates.push({ place, named: false, ...(reason && { skip: reason }) });
  }
  if (!complete) candidates.push({ place: start, named: false, skip: 'has too many files to look at all of them' });
  return candidates;
}

/** Changes to files. What Git tracks is asked for even if an ignore file names it, but not by our own. */
export async function candidatesOfChanges(
  host: Host,
  scope: ChangeScope,
  rulesOf: RulesOf,
  signal: AbortSignal,
): Promise<Outcome<Candidates>> {
  const changes = await host.changes(scope, signal);
  if (!changes.ok) return changes;
  const candidates: Candidate[] = [];
  for (const change of changes.value) {
    signal.throwIfAborted();
    const place = placeOf(change.absolutePath, host.folders());
    if (!place || place.relative === '') continue;
    const skip = (await changeSkip(change)) ?? (await ownIgnore(await rulesOf(place.folder), place.relative));
    const reason = skip ?? skippedFile(place.relative);
    const changed = change.lines === 'whole' ? {} : { changed: change.lines };
    const saved = change.saved && { saved: change.saved };
    const removed = change.removed && { removed: change.removed };
    candidates.push({ place, named: false, ...changed, ...removed, ...saved, ...(reason && { skip: reason }) });
  }
  return succeeded({ candidates, notReviewed: [] });
}

async function changeSkip({ absolutePath, kind, lines, saved }: FileChange): Promise<string | undefined> {
  if (kind === 'deleted') return 'deleted';
  if (lines !== 'whole' && lines.length === 0) return kind === 'renamed' ? 'renamed, not changed' : 'no changed lines';
  if (saved) return undefined;
  try {
    return (await lstat(absolutePath)).isSymbolicLink() ? 'symbolic link' : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined; // Reading it will tell why.
    throw error;
  }
}
