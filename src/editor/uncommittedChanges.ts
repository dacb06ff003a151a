import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { type Outcome, succeeded } from '../agent/failures.ts';
import type { FileChange } from '../agent/host.ts';
import { gitChanges } from '../agent/workspace/git.ts';
import { openFolders } from './workspacePaths.ts';

/** What the built-in Git extension tells of itself; the rest of its interface is not needed. */
const gitExtension = z.object({ git: z.object({ path: z.string() }) });

/** The uncommitted changes of all open folders. Folders without a repository have none, unless no folder has one. */
export async function uncommittedChanges(signal: AbortSignal): Promise<Outcome<readonly FileChange[]>> {
  const gitPath = await findGit();
  const changes: FileChange[] = [];
  let firstFailure: Outcome<readonly FileChange[]> | undefined;
  let repositories = 0;
  for (const folder of openFolders()) {
    const found = await gitChanges(folder, { gitPath, signal });
    if (found.ok) {
      repositories += 1;
      changes.push(...found.value);
    } else if (found.failure.code !== 'no-repository') return found;
    else firstFailure ??= found;
  }
  return repositories === 0 && firstFailure ? firstFailure : succeeded(changes);
}

/** The program that the editor itself uses, which may stand outside PATH. */
async function findGit(): Promise<string> {
  const extension = vscode.extensions.getExtension<unknown>('vscode.git');
  const exported: unknown = extension && (extension.isActive ? extension.exports : await extension.activate());
  if (typeof exported === 'object' && exported !== null && 'getAPI' in exported) {
    const { getAPI } = exported;
    const api: unknown = typeof getAPI === 'function' ? getAPI.call(exported, 1) : undefined;
    const parsed = gitExtension.safeParse(api);
    if (parsed.success) return parsed.data.git.path;
  }
  return 'git';
}
