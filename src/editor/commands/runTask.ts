import { basename } from 'node:path';
import * as vscode from 'vscode';
import { failures } from '../../agent/failures.ts';
import type { TaskResult, TaskType } from '../../agent/tasks/task.ts';
import type { CommandParts } from '../commandParts.ts';
import { isUntitled, placeOf } from '../findingPlaces.ts';
import { showFailure } from '../notifications.ts';
import { openFolders } from '../workspacePaths.ts';
import { tellResult } from './tellResult.ts';

/** The result when there is something in it to show. What became of the task is told in any case. */
export async function runTask(
  parts: CommandParts,
  type: TaskType,
  title: string,
  payload: object,
): Promise<TaskResult | undefined> {
  const { agent, history } = parts;
  const result = await vscode.window.withProgress({ location: { viewId: 'developerMesh.tasks' } }, () =>
    // Cancelled from the view or the menu, by the id of the task.
    agent.run(type, title, payload, new AbortController().signal),
  );
  tellResult(parts, type, title, result, history.done(result.task_id)?.failure);
  return result.status === 'completed' || result.status === 'inconclusive' ? result : undefined;
}

/** Says why when nothing can be worked on. */
export function cannotWork(): boolean {
  const failure = !vscode.workspace.isTrusted
    ? failures.untrusted()
    : openFolders().length === 0
      ? failures.noFolder()
      : undefined;
  if (failure) void showFailure(failure);
  return failure !== undefined;
}

/** The workspace path of a file, or of the notebook that a cell is in; says why when it has none. */
export function workspaceFile(uri: vscode.Uri | undefined): string | undefined {
  if (cannotWork()) return undefined;
  const file = uri && placeOf(uri)?.file;
  if (file !== undefined && !isUntitled(file)) return file;
  if (uri) void showFailure(failures.outsideWorkspace(basename(uri.path)));
  else vscode.window.setStatusBarMessage('Open a file first', 3000);
  return undefined;
}
