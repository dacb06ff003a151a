import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { failed, failures, type Outcome, succeeded } from '../agent/failures.ts';
import type { ChangeScope, FileChange } from '../agent/host.ts';
import type { Git } from '../agent/workspace/gitCommand.ts';
import type { Branch, Commit } from '../agent/workspace/revisions.ts';
import type { Environment } from './settings.ts';
import { openFolders } from './workspacePaths.ts';

/** What the built-in Git extension tells of itself; the rest of its interface is not needed. */
const gitExtension = z.object({ git: z.object({ path: z.string() }) });

export async function changesInFolders(
  scope: ChangeScope,
  environment: Environment,
  signal: AbortSignal,
): Promise<Outcome<readonly FileChange[]>> {
  const { changesOfFolders } = await import('../agent/workspace/git.ts');
  return changesOfFolders(openFolders(), scope, { gitPath: await findGit(), environment, signal });
}

/** Of all folders, each name once. Fails when no folder has a repository. */
export async function otherBranches(
  environment: Environment,
  signal: AbortSignal,
): Promise<Outcome<readonly Branch[]>> {
  const { branchesOf } = await import('../agent/workspace/revisions.ts');
  return inRepositories(branchesOf, ({ name }) => name, environment, signal);
}

/** As `otherBranches`. */
export async function latestCommits(
  environment: Environment,
  signal: AbortSignal,
): Promise<Outcome<readonly Commit[]>> {
  const { commitsOf } = await import('../agent/workspace/revisions.ts');
  return inRepositories(commitsOf, ({ id }) => id, environment, signal);
}

async function inRepositories<T>(
  list: (git: Git) => Promise<Outcome<readonly T[]>>,
  nameOf: (one: T) => string,
  environment: Environment,
  signal: AbortSignal,
): Promise<Outcome<readonly T[]>> {
  const { gitIn } = await import('../agent/workspace/gitCommand.ts');
  const gitPath = await findGit();
  const found = new Map<string, T>();
  let works = false;
  let detail = '';
  for (const folder of openFolders()) {
    const listed = await list(gitIn(folder.path, { gitPath, environment, signal }));
    if (!listed.ok) detail = listed.failure.detail ?? '';
    else {
      works = true;
      for (const one of listed.value) if (!found.has(nameOf(one))) found.set(nameOf(one), one);
    }
  }
  if (works) return succeeded([...found.values()]);
  return failed(
    detail === '' || /not a git repository/i.test(detail) ? failures.noRepository() : failures.gitFailed(detail),
  );
}

/** The program that the editor itself uses, which may stand outside PATH; undefined: look in PATH. */
async function findGit(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<unknown>('vscode.git');
  if (!extension) return undefined;
  const exported = extension.isActive ? extension.exports : await extension.activate();
  if (typeof exported !== 'object' || exported === null || !('getAPI' in exported)) return undefined;
  if (typeof exported.getAPI !== 'function') return undefined;
  try {
    const parsed = gitExtension.safeParse(exported.getAPI(1));
    return parsed.success ? parsed.data.git.path : undefined;
  } catch {
    // The person has switched the Git extension off (git.enabled); its API says so by throwing.
    return undefined;
  }
}
