import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { Outcome } from '../agent/failures.ts';
import type { ChangeScope, FileChange } from '../agent/host.ts';
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
