import { basename } from 'node:path';
import * as vscode from 'vscode';
import { failures } from '../../agent/failures.ts';
import type { TaskResult, TaskType } from '../../agent/tasks/task.ts';
import type { CommandParts } from '../commandParts.ts';
import { toRange } from '../convert.ts';
import { enclosingSymbol } from '../enclosingSymbol.ts';
import { showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';
import { fileOf, openFolders } from '../workspacePaths.ts';
import { openResult } from './openResult.ts';
import { tellResult } from './tellResult.ts';

export async function reviewFile(parts: CommandParts, given: unknown): Promise<void> {
  const uri = given instanceof vscode.Uri ? given : vscode.window.activeTextEditor?.document.uri;
  const file = workspaceFile(uri);
  if (file === undefined) return;
  await run(parts, 'code_review', `Review ${basename(file)}`, { files: [file] });
}

export async function reviewChanges(parts: CommandParts): Promise<void> {
  if (cannotWork()) return;
  await run(parts, 'code_review', 'Review uncommitted changes', { changes: true });
}

export async function documentSymbol(parts: CommandParts): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const file = workspaceFile(editor?.document.uri);
  if (!editor || file === undefined) return;
  const { line, column } = toRange(new vscode.Range(editor.selection.active, editor.selection.active));
  const symbols = await parts.symbols(editor.document.uri.fsPath, new AbortController().signal);
  const symbol = enclosingSymbol(symbols, { line, column });
  if (!symbol) return showFailure(failures.noSymbol(`at line ${line}`));
  const result = await run(parts, 'documentation', `Document ${symbol}`, { file, symbol });
  if (result) await openResult(parts, result.task_id);
}

export async function askAboutCode(parts: CommandParts): Promise<void> {
  if (cannotWork()) return;
  const question = await vscode.window.showInputBox({
    title: 'Ask about the Code',
    prompt: 'A question about the architecture, the dependencies or the complexity of this workspace.',
    placeHolder: 'Which modules depend on the database layer?',
    validateInput: (text) => (text.length > 8000 ? 'At most 8000 characters.' : undefined),
  });
  if (!question?.trim()) return;
  const result = await run(parts, 'analysis', plainLine(question, 200), { question: question.trim() });
  if (result) await openResult(parts, result.task_id);
}

/** The result when there is something in it to show. What became of the task is told in any case. */
async function run(
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
  tellResult(type, title, result, history.done(result.task_id)?.failure);
  return result.status === 'completed' || result.status === 'inconclusive' ? result : undefined;
}

/** Says why when nothing can be worked on. */
function cannotWork(): boolean {
  const failure = !vscode.workspace.isTrusted
    ? failures.untrusted()
    : openFolders().length === 0
      ? failures.noFolder()
      : undefined;
  if (failure) void showFailure(failure);
  return failure !== undefined;
}

function workspaceFile(uri: vscode.Uri | undefined): string | undefined {
  if (cannotWork()) return undefined;
  const file = uri && fileOf(uri);
  if (file !== undefined) return file;
  if (uri) void showFailure(failures.outsideWorkspace(basename(uri.path)));
  else vscode.window.setStatusBarMessage('Open a file first', 3000);
  return undefined;
}
