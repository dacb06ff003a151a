import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Git } from './gitCommand.ts';

/** Names of branches, tags and commits, with `~2` and `^1` behind them; nothing that Git takes for an option or a range. */
const revision = /^(?!.*\.\.)[\p{L}\p{N}_@][\p{L}\p{N}_./@+#-]{0,254}([~^]\d{0,6}){0,8}$/u;

/** The full id of a commit, by whatever name it goes. Fails with `unknownRevision`. */
export async function commitNamed(git: Git, name: string): Promise<Outcome<string>> {
  if (!revision.test(name)) return failed(failures.unknownRevision(name.slice(0, 100)));
  const found = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`);
  return found.ok && found.value.trim() !== ''
    ? succeeded(found.value.trim())
    : failed(failures.unknownRevision(name.slice(0, 100)));
}

/** Where the branch that is checked out left `base`; empty: the branch that this repository's remote calls its own. */
export async function baseOf(git: Git, base: string): Promise<Outcome<string>> {
  const names = base === '' ? usualBases : [base, `origin/${base}`];
  for (const name of names) {
    const commit = await commitNamed(git, name);
    if (!commit.ok) continue;
    const left = await git('merge-base', 'HEAD', commit.value);
    if (left.ok && left.value.trim() !== '') return succeeded(left.value.trim());
    return failed(failures.unknownRevision(`${name} (it shares no commit with this branch)`));
  }
  return failed(failures.unknownRevision(base === '' ? 'main or master to compare with' : base.slice(0, 100)));
}

const usualBases = ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master'];

export interface Branch {
  readonly name: string;
  /** When its last commit was made, for people. */
  readonly when: string;
}

/** Branches to compare with, the latest first, without the one that is checked out. */
export async function branchesOf(git: Git): Promise<Outcome<readonly Branch[]>> {
  const listed = await git(
    ...[
      'for-each-ref',
      '--sort=-committerdate',
      '--count=200',
      '--format=%(HEAD)%00%(refname:short)%00%(committerdate:relative)',
    ],
    ...['refs/heads', 'refs/remotes'],
  );
  if (!listed.ok) return listed;
  return succeeded(
    listed.value.split('\n').flatMap((line) => {
      const [head, name, when] = line.split('\0');
      return name && when !== undefined && head !== '*' && !name.endsWith('/HEAD') ? [{ name, when }] : [];
    }),
  );
}

export interface Commit {
  readonly id: string;
  readonly subject: string;
  readonly author: string;
  readonly when: string;
}

/** The latest commits of the branch that is checked out. */
export async function commitsOf(git: Git): Promise<Outcome<readonly Commit[]>> {
  const listed = await git('log', '--max-count=100', '--no-show-signature', '--format=%H%x00%s%x00%an%x00%cr');
  if (!listed.ok) return listed;
  return succeeded(
    listed.value.split('\n').flatMap((line) => {
      const [id, subject, author, when] = line.split('\0');
      return id && subject !== undefined && author !== undefined && when !== undefined
        ? [{ id, subject, author, when }]
        : [];
    }),
  );
}
