import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';

export interface GitOptions {
  /** Default: `git`, looked for in PATH. */
  readonly gitPath?: string | undefined;
  /** Of this process. Only what Git needs to find itself and the person's own configuration is handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** One command in one folder; what it prints, as text. */
export type Git = (...args: readonly string[]) => Promise<Outcome<string>>;

export function gitIn(folder: string, options: GitOptions): Git {
  return async (...args) => {
    const printed = await runGit(folder, args, options);
    return printed.ok ? succeeded(printed.value.toString('utf8')) : printed;
  };
}

/**
 * Overrides that keep every program which the repository's own configuration names from being started: an unpacked
 * archive can bring a `.git/config`. The person's own filters, in their own configuration, stay.
 */
export async function repositoryFilters(git: Git): Promise<Outcome<string[]>> {
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

/** What Git prints, as it was written. Fails with `gitFailed`, and when the output is larger than `mostBytes`. */
export function runGit(
  folder: string,
  args: readonly string[],
  options: GitOptions,
  mostBytes = largestOutput,
): Promise<Outcome<Buffer>> {
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
    encoding: 'buffer',
    maxBuffer: mostBytes,
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
          failed(
            failures.gitFailed(
              error.code === 'ENOENT' ? 'git was not found' : stderr.toString('utf8') || error.message,
            ),
          ),
        );
    });
    child.stdin?.end();
  });
}
