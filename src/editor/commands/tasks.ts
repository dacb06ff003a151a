import * as vscode from 'vscode';
import { failures } from '../../agent/failures.ts';
import type { CommandParts } from '../commandParts.ts';
import { toRange } from '../convert.ts';
import { enclosingSymbol } from '../enclosingSymbol.ts';
import { showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';
import { openResult } from './openResult.ts';
import { cannotWork, runTask, workspaceFile } from './runTask.ts';

export async function documentSymbol(parts: CommandParts): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const file = workspaceFile(editor?.document.uri);
  if (!editor || file === undefined) return;
  const { line, column } = toRange(new vscode.Range(editor.selection.active, editor.selection.active));
  const symbols = await parts.symbols(editor.document.uri.fsPath, new AbortController().signal);
  const symbol = enclosingSymbol(symbols, { line, column });
  if (!symbol) return showFailure(failures.noSymbol(`at line ${line}`));
  const result = await runTask(parts, 'documentation', `Document ${symbol}`, { file, symbol });
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
  const result = await runTask(parts, 'analysis', plainLine(question, 200), { question: question.trim() });
  if (result) await openResult(parts, result.task_id);
}
