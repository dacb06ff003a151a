import * as vscode from 'vscode';
import { answerPage } from '../answerPage.ts';
import type { CommandParts } from '../commandParts.ts';
import { proposalsOf } from '../taskResults.ts';
import { showProposals } from './proposals.ts';

/** What a task brought, whoever asked for it: its findings, its proposals or its answer. Takes the task's id. */
export async function openResult(parts: CommandParts, taskId: unknown): Promise<void> {
  const row = typeof taskId === 'string' ? parts.history.done(taskId) : undefined;
  if (!row) return;
  const { task, result } = row;
  switch (task.type) {
    case 'code_review':
      return vscode.commands.executeCommand('developerMesh.findings.focus');
    case 'documentation':
      return showProposals(parts, proposalsOf(result.result), result.status === 'completed');
    case 'analysis': {
      const page = parts.pages.add('Answer.txt', answerPage(task.title ?? 'Analysis', result.result));
      await vscode.window.showTextDocument(page, { preview: true });
    }
  }
}
