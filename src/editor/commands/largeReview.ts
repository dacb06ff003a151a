import * as vscode from 'vscode';
import type { CommandParts } from '../commandParts.ts';

const review = 'Review';
const show = 'Show What Would Be Sent';

/** Whether the person wants it, where so much would leave this computer that it should be known first. */
export async function wantsReview(parts: CommandParts, title: string, payload: object): Promise<boolean> {
  const large = await vscode.window.withProgress({ location: { viewId: 'developerMesh.tasks' } }, () =>
    parts.agent.largePreview(payload, new AbortController().signal),
  );
  // What is wrong is told by the review itself.
  if (!large.ok || !large.value) return true;
  const { largeQuestion } = await import('../previewText.ts');
  const { message, detail } = largeQuestion(large.value);
  const pressed = await vscode.window.showInformationMessage(message, { modal: true, detail }, review, show);
  if (pressed !== show) return pressed === review;
  const { previewOf, showPage } = await import('./showPrompt.ts');
  const preview = await previewOf(parts, payload);
  if (!preview) return false;
  await showPage(parts, title, preview);
  // In the corner, so that the page can be read.
  return (await vscode.window.showInformationMessage(message, review, 'Cancel')) === review;
}
