import * as vscode from 'vscode';
import type { TaskResult } from '../../agent/tasks/task.ts';
import { answerPage } from '../answerPage.ts';
import type { CommandParts } from '../commandParts.ts';
import { reviewPage } from '../reviewPage.ts';
import { proposalsOf } from '../taskResults.ts';
import { showProposals } from './proposals.ts';

/** What a task brought, whoever asked for it: its report, its proposals or its answer. Takes the task's id. */
export async function openResult(parts: CommandParts, taskId: unknown): Promise<void> {
  const row = typeof taskId === 'string' ? parts.history.done(taskId) : undefined;
  if (!row) return;
  const { task, result } = row;
  switch (task.type) {
    case 'code_review':
      return showReview(parts, task.title ?? 'Review', result);
    case 'documentation':
      return showProposals(parts, proposalsOf(result.result), result.status === 'completed');
    case 'analysis': {
      const page = parts.pages.add('Answer.txt', answerPage(task.title ?? 'Analysis', result.result));
      await vscode.window.showTextDocument(page, { preview: true });
    }
  }
}

/** What was found, what was not looked at and why, and what else decided it. */
export async function showReview(
  { pages }: Pick<CommandParts, 'pages'>,
  title: string,
  result: TaskResult,
): Promise<void> {
  const page = pages.add('Review.txt', reviewPage(title, result));
  await vscode.window.showTextDocument(page, { preview: true });
}
