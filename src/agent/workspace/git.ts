import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { FileChange, WorkspaceFolder } from '../host.ts';
import { parseDiff, parseStatus } from './gitOutput.ts';

export interface GitOptions {
  /** Default: `git`, looked for in PATH. */
  readonly gitPath?: string | undefined;
  /** Of this process. Only what Git needs to find itself and the person's own configuration is handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * The uncommitted changes of a folder against its last commit: staged, unstaged and untracked together. The folder may
 * be a part of a repository; what lies outside it, submodules and files that Git ignores are left out. Where lines
 * were only removed, the lines around the gap count as changed. Throws the signal's reason when aborted.
 */
export async function gitChanges(
  folder: Pick<WorkspaceFolder, 'path'>,
  options: GitOptions,
): Promise<Outcome<readonly FileChange[]>> {
  const git = (...args: string[]) => run(folder.path, args, options);

  const place = await git('rev-parse', '--is-inside-work-tree', '--show-prefix');
  if (!place.ok)
    return /not a git repository/i.test(place.failure.detail ?? '') ? failed(failures.noRepository()) : place;
  const [inside, ...prefixLines] = place.value.split('\n');
  if (inside !== 'true') return failed(failures.noRepository());
  const prefix = prefixLines.join('\n').replace(/\n$/, '');

  const filters = await repositoryFilters(git);
  if (!filters.ok) return filters;
  const status = await git(
    ...filters.value,
    ...[
      'status',
      '--porcelain=v2',
      '-z',
      '--untracked-files=all',
      '--ignore-submodules=all',
      '--find-renames',
      '--',
      '.',
    ],
  );
  if (!status.ok) return status;
  const entries = parseStatus(status.value).filter(({ path }) => path.startsWith(prefix));

  const needLines = entries.some(({ kind }) => kind === 'modified' || kind === 'renamed');
  const diff = needLines
    ? await git(
        ...filters.value,
        ...['diff', '--unified=0', '--no-color', '--no-ext-diff', '--no-textconv', '--find-renames', '--relative'],
        ...['--ignore-submodules=all', '--src-prefix=a/', '--dst-prefix=b/', 'HEAD', '--', '.'],
      )
    : succeeded('');
  if (!diff.ok) return diff;
  const lines = parseDiff(diff.value);

  const changes = entries.map(({ path, kind, conflicted }): FileChange => {
    const relative = path.slice(prefix.length);
    const partly = (kind === 'modified' || kind === 'renamed') && !conflicted;
    return {
      absolutePath: join(folder.path, relative),
      kind,
      lines: partly ? (lines.get(relative) ?? []) : kind === 'deleted' ? [] : 'whole',
    };
  });
  return succeeded(changes.sort((a, b) => (a.absolutePath < b.absolutePath ? -1 : 1)));
}

/** The changes of several folders, each file once. A folder without a repository has none, unless no folder has one. */
export async function changesOfFolders(
  folders: readonly WorkspaceFolder[],
  options: GitOptions,
): Promise<Outcome<readonly FileChange[]>> {
  const changes = new Map<string, FileChange>();
  let repositories = 0;
  for (const folder of folders) {
    const found = await gitChanges(folder, options);
    if (found.ok) {
      repositories++;
      for (const change of found.value) changes.set(change.absolutePath, change);
    } else if (found.failure.code !== 'no-repository') return found;
  }
  if (folders.length === 0) return failed(failures.noFolder());
  return repositories === 0 ? failed(failures.noRepository()) : succeeded([...changes.values()]);
}

/**
 * Overrides that keep every program which the repository's own configuration names from being started: an unpacked
 * archive can bring a `.git/config`. The person's own filters, in their own configuration, stay.
 */
async function repositoryFilters(git: (...args: string[]) => Promise<Outcome<string>>): Promise<Outcome<string[]>> {
  const listed = await git('config', '--list', '--includes', '--show-scope', '--name-only', '-z');
  if (!listed.ok) return listed;
  const words = listed.value.split('\0');
  const overrides: string[] = [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    const [scope, key = ''] = [words[index], words[index + 1]];
    const isForeign = scope === 'local' || scope === 'worktree';
    if (!isForeign || !/^filter\..*\.(clean|smudge|process|required)$/s.test(key)) continue;
    // `-c` ends a name at the first `=`; such a filter cannot be switched off, so its repository is not looked at.
    if (key.includes('=')) return failed(failures.gitFailed('a filter of this repository cannot be switched off'));
    overrides.push('-c', `${key}=${key.endsWith('.required') ? 'false' : ''}`);
  }
  return succeeded(overrides);
}

/** Nothing of the repository is run, nothing is fetched, nothing is written, not even the index. */
const hardened = [
  '--no-optional-locks',
  '--no-pager',
  '--literal-pathspecs',
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', `core.hooksPath=${process.platform === 'win32' ? 'NUL' : '/dev/null'}`],
  ...['-c', 'core.untrackedCache=false'],
  ...['-c', 'core.quotePath=false'],
  ...['-c', 'diff.external='],
  ...['-c', 'diff.noprefix=false'],
  ...['-c', 'diff.mnemonicPrefix=false'],
  ...['-c', 'status.showUntrackedFiles=all'],
  ...['-c', 'submodule.recurse=false'],
];

const passedOn = [
  ...['PATH', 'Path', 'HOME', 'USERPROFILE', 'HOMEDRIVE', 'HOMEPATH', 'XDG_CONFIG_HOME', 'APPDATA', 'LOCALAPPDATA'],
  ...['PROGRAMDATA', 'SystemRoot', 'SYSTEMROOT', 'windir', 'TEMP', 'TMP', 'TMPDIR', 'USER', 'USERNAME'],
];

const timeoutMs = 30_000;
const largestOutput = 64 * 1024 * 1024;

function run(folder: string, args: readonly string[], options: GitOptions): Promise<Outcome<string>> {
  const { environment, signal, gitPath = 'git' } = options;
  signal.throwIfAborted();
  const env: Record<string, string> = {};
  for (const name of passedOn) if (environment[name] !== undefined) env[name] = environment[name];
  Object.assign(env, {
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    // A list of allowed transports; none has this name.
    GIT_ALLOW_PROTOCOL: 'none',
    // Windows looks for a program in the current folder first, which must not be the workspace.
    NoDefaultCurrentDirectoryInExePath: '1',
  });
  const settings = {
    cwd: dirname(process.execPath),
    env,
    encoding: 'utf8',
    maxBuffer: largestOutput,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    windowsHide: true,
    shell: false,
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(gitPath, ['-C', folder, ...hardened, ...args], settings, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason);
      else if (!error) resolve(succeeded(stdout));
      else
        resolve(
          failed(failures.gitFailed(error.code === 'ENOENT' ? 'git was not found' : `${stderr || error.message}`)),
        );
    });
    child.stdin?.end();
  });
}
