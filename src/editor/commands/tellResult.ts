import * as vscode from 'vscode';
import type { Failure } from '../../agent/failures.ts';
import type { TaskResult, TaskType } from '../../agent/tasks/task.ts';
import { showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';
import { reviewSentence } from '../taskResults.ts';

/** Tells the person who asked what became of it. Findings show themselves; only a review needs a word. */
export function tellResult(type: TaskType, title: string, result: TaskResult, failure: Failure | undefined): void {
  switch (result.status) {
    case 'completed':
      if (type === 'code_review') tellReview(title, result);
      return;
    case 'inconclusive':
    case 'failed': {
      const what =
        type === 'code_review' && result.status === 'inconclusive' ? `${reviewSentence(result.result)}. ` : '';
      const why = failure?.message ?? result.error ?? 'The log has the details.';
      void showFailure({
        code: 'task',
        retryable: false,
        ...failure,
        message: `${title}: ${what}${why}`,
        next: failure?.next ?? { action: 'showLog', title: 'Show Log' },
      });
      return;
    }
    case 'cancelled':
      vscode.window.setStatusBarMessage(plainLine(`${title} was cancelled`), 3000);
  }
}

async function tellReview(title: string, result: TaskResult): Promise<void> {
  const show = 'Show Findings';
  const sentence = plainLine(`${title}: ${reviewSentence(result.result)}.`);
  const pressed = await vscode.window.showInformationMessage(sentence, show);
  if (pressed === show) await vscode.commands.executeCommand('developerMesh.findings.focus');
}
