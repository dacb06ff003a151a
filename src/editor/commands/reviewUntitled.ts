import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { AgentEvent } from '../../agent/events.ts';
import { failures } from '../../agent/failures.ts';
import type { Finding } from '../../agent/findings/finding.ts';
import type { CommandParts } from '../commandParts.ts';
import { settledIn } from '../followDocuments.ts';
import { showFailure } from '../notifications.ts';
import { wantsReview } from './largeReview.ts';
import { runTask } from './runTask.ts';

type FinalFindings = Extract<AgentEvent, { type: 'findings' }>;

/** A document without a file is reviewed as code inside the task; what is found is shown in the document all the same. */
export async function reviewUntitled(parts: CommandParts, uri: vscode.Uri): Promise<void> {
  if (!vscode.workspace.isTrusted) return showFailure(failures.untrusted());
  const document = await vscode.workspace.openTextDocument(uri);
  const code = document.getText();
  const name = basename(uri.path);
  if (code.trim() === '') {
    vscode.window.setStatusBarMessage(`${name} is empty`, 3000);
    return;
  }
  const payload = { code, language: document.languageId, filename: name };
  const title = `Review ${name}`;
  if (!(await wantsReview(parts, title, payload))) return;
  // The id of the task is known only when it is over.
  const finals = new Map<string, FinalFindings>();
  const listening = parts.agent.onEvent((event) => {
    if (event.type === 'findings') finals.set(event.taskId, event);
  });
  const result = await runTask(parts, 'code_review', title, payload).finally(() => listening.dispose());
  const final = result && finals.get(result.task_id);
  if (!final || document.isClosed) return;
  const own = (findings: readonly Finding[]) =>
    settledIn(
      document,
      findings.map(({ inTask: _, ...finding }) => ({ ...finding, file: uri.toString() })),
    );
  parts.findings.replace(final.taskId, own(final.findings), own(final.hidden ?? []), uri.toString());
}
