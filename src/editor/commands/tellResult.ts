import * as vscode from 'vscode';
import type { Failure } from '../../agent/failures.ts';
import type { TaskResult, TaskType } from '../../agent/tasks/task.ts';
import type { CommandParts } from '../commandParts.ts';
import { type FailureButton, showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';
import { readReview, reviewSentence } from '../taskResults.ts';
import { showReview } from './openResult.ts';

/** Tells the person who asked what became of it. Answers and proposals show themselves; a review needs a word. */
export function tellResult(
  parts: Pick<CommandParts, 'pages'>,
  type: TaskType,
  title: string,
  result: TaskResult,
  failure: Failure | undefined,
): void {
  const report: FailureButton = { title: 'Show Report', press: () => showReview(parts, title, result) };
  switch (result.status) {
    case 'completed':
      if (type === 'code_review') void tellReview(title, result, report);
      return;
    case 'inconclusive':
    case 'failed': {
      const isReview = type === 'code_review' && result.status === 'inconclusive';
      const what = isReview ? `${reviewSentence(result.result)}. ` : '';
      const why = failure?.message ?? result.error ?? 'The log has the details.';
      void showFailure(
        {
          code: 'task',
          retryable: false,
          ...failure,
          message: `${title}: ${what}${why}`,
          next: failure?.next ?? { action: 'showLog', title: 'Show Log' },
        },
        isReview ? report : undefined,
      );
      return;
    }
    case 'cancelled':
      vscode.window.setStatusBarMessage(plainLine(`${title} was cancelled`), 3000);
  }
}

async function tellReview(title: string, result: TaskResult, report: FailureButton): Promise<void> {
  const show = 'Show Findings';
  const sentence = plainLine(`${title}: ${reviewSentence(result.result)}.`);
  const found = (readReview(result.result)?.findings.length ?? 0) > 0;
  const pressed = await vscode.window.showInformationMessage(sentence, ...(found ? [show] : []), report.title);
  if (pressed === show) await vscode.commands.executeCommand('developerMesh.findings.focus');
  if (pressed === report.title) await report.press();
}
