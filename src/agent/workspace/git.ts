import { join } from 'node:path';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { ChangeScope, FileChange, WorkspaceFolder } from '../host.ts';
import { type Git, type GitOptions, gitIn, repositoryFilters, runGit } from './gitCommand.ts';
import { type Entry, parseDiff, parseRaw, parseStatus } from './gitOutput.ts';
import { baseOf, commitNamed } from './revisions.ts';

/**
 * The changes of a folder, as `ChangeScope` says. The folder may be a part of a repository; what lies outside it,
 * submodules and files that Git ignores are left out. Where lines were only removed, the lines around the gap count as
 * changed. Throws the signal's reason when aborted.
 */
export async function gitChanges(
  folder: Pick<WorkspaceFolder, 'path'>,
  scope: ChangeScope,
  options: GitOptions,
): Promise<Outcome<readonly FileChange[]>> {
  const git = gitIn(folder.path, options);

  const place = await git('rev-parse', '--is-inside-work-tree', '--show-prefix');
  if (!place.ok)
    return /not a git repository/i.test(place.failure.detail ?? '') ? failed(failures.noRepository()) : place;
  const [inside, ...prefixLines] = place.value.split('\n');
  if (inside !== 'true') return failed(failures.noRepository());
  const prefix = prefixLines.join('\n').replace(/\n$/, '');

  const filters = await repositoryFilters(git);
  if (!filters.ok) return filters;
  const filtered: Git = (...args) => git(...filters.value, ...args);
  const compared = await comparison(filtered, scope);
  if (!compared.ok) return compared;
  const entries = await entriesOf(filtered, scope, compared.value, prefix);
  if (!entries.ok) return entries;

  const needLines = entries.value.some(({ kind }) => kind === 'modified' || kind === 'renamed');
  const diff = needLines
    ? await filtered('diff', '--unified=0', ...plainDiff, ...compared.value, '--', '.')
    : succeeded('');
  if (!diff.ok) return diff;
  const differing = parseDiff(diff.value);

  const changes = entries.value.map(({ path, kind, conflicted, blob }): FileChange => {
    const partly = (kind === 'modified' || kind === 'renamed') && !conflicted;
    const { lines = [], removed = [] } = (partly && differing.get(path)) || {};
    return {
      absolutePath: join(folder.path, path),
      kind,
      lines: partly ? lines : kind === 'deleted' ? [] : 'whole',
      ...(removed.length > 0 && { removed }),
      ...(blob !== undefined && { saved: savedIn(folder.path, blob, options) }),
    };
  });
  return succeeded(changes.sort((a, b) => (a.absolutePath < b.absolutePath ? -1 : 1)));
}

/** The changes of several folders, each file once. A folder without a repository has none, unless no folder has one. */
export async function changesOfFolders(
  folders: readonly WorkspaceFolder[],
  scope: ChangeScope,
  options: GitOptions,
): Promise<Outcome<readonly FileChange[]>> {
  const changes = new Map<string, FileChange>();
  let unknown: Outcome<never> | undefined;
  let repositories = 0;
  for (const folder of folders) {
    const found = await gitChanges(folder, scope, options);
    if (found.ok) {
      repositories++;
      for (const change of found.value) changes.set(change.absolutePath, change);
    } else if (found.failure.code === 'unknown-revision') unknown = found;
    else if (found.failure.code !== 'no-repository') return found;
  }
  if (folders.length === 0) return failed(failures.noFolder());
  // A commit is in one repository of several.
  if (repositories === 0) return unknown ?? failed(failures.noRepository());
  return succeeded([...changes.values()]);
}

const plainDiff = [
  ...['--no-color', '--no-ext-diff', '--no-textconv', '--find-renames', '--relative', '--ignore-submodules=all'],
  ...['--src-prefix=a/', '--dst-prefix=b/'],
];

/** What `git diff` is to compare. */
async function comparison(git: Git, scope: ChangeScope): Promise<Outcome<readonly string[]>> {
  switch (scope.kind) {
    case 'uncommitted':
      return succeeded(['HEAD']);
    case 'staged':
      return succeeded(['--cached']);
    case 'branch': {
      const base = await baseOf(git, scope.base);
      return base.ok ? succeeded([base.value]) : base;
    }
    case 'commit': {
      const commit = await commitNamed(git, scope.commit);
      if (!commit.ok) return commit;
      const parent = await commitNamed(git, `${commit.value}^1`);
      if (parent.ok) return succeeded([parent.value, commit.value]);
      const nothing = await git('hash-object', '-t', 'tree', '--stdin');
      return nothing.ok ? succeeded([nothing.value.trim(), commit.value]) : nothing;
    }
  }
}

/** Paths are below the folder, whose own place in the repository is `prefix`. */
async function entriesOf(
  git: Git,
  scope: ChangeScope,
  compared: readonly string[],
  prefix: string,
): Promise<Outcome<readonly Entry[]>> {
  if (scope.kind === 'uncommitted') {
    const status = await git(
      ...['status', '--porcelain=v2', '-z', '--untracked-files=all', '--ignore-submodules=all', '--find-renames'],
      ...['--', '.'],
    );
    if (!status.ok) return status;
    const below = parseStatus(status.value).filter(({ path }) => path.startsWith(prefix));
    return succeeded(below.map((entry) => ({ ...entry, path: entry.path.slice(prefix.length) })));
  }
  const raw = await git('diff', '--raw', '-z', '--no-abbrev', ...plainDiff, ...compared, '--', '.');
  if (!raw.ok) return raw;
  if (scope.kind !== 'branch') return succeeded(parseRaw(raw.value));
  // The text of these is the one on disk, whatever object Git has for it.
  const tracked = parseRaw(raw.value).map(({ blob: _, ...entry }) => entry);
  const others = await git('ls-files', '--others', '--exclude-standard', '-z', '--', '.');
  if (!others.ok) return others;
  const untracked = others.value
    .split('\0')
    .filter((path) => path !== '' && !path.endsWith('/'))
    .map((path): Entry => ({ path, kind: 'untracked', conflicted: false }));
  return succeeded([...tracked, ...untracked]);
}

/** The text that Git keeps under this name. */
function savedIn(folder: string, blob: string, options: GitOptions): NonNullable<FileChange['saved']> {
  return (mostBytes, signal) =>
    runGit(folder, ['cat-file', 'blob', blob], { ...options, signal }, mostBytes).then((bytes) =>
      bytes.ok || !/maxBuffer/.test(bytes.failure.detail ?? '') ? bytes : succeeded(undefined),
    );
}
