import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Preview } from '../../agent/review/preview.ts';
import type { CommandParts } from '../commandParts.ts';
import { showFailure } from '../notifications.ts';
import { previewPage } from '../previewText.ts';
import { fileOf } from '../workspacePaths.ts';
import { selected } from './reviews.ts';
import { cannotWork, workspaceFile } from './runTask.ts';

interface Choice extends vscode.QuickPickItem {
  readonly payload: object;
}

/** Shows word for word what a review would send: of the file given, of the selection in it, or of what the person picks. */
export async function showPrompt(parts: CommandParts, given: unknown): Promise<void> {
  if (cannotWork()) return;
  const choice = given instanceof vscode.Uri ? ofFile(given) : await pick();
  if (!choice) return;
  const preview = await previewOf(parts, choice.payload);
  if (preview) await showPage(parts, choice.label, preview);
}

/** Undefined when it was cancelled, or failed, which is told. */
export function previewOf(parts: CommandParts, payload: object): Thenable<Preview | undefined> {
  const title = 'Working out what would be sent';
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_progress, token) => {
      const abort = new AbortController();
      const listening = token.onCancellationRequested(() => abort.abort());
      try {
        const preview = await parts.agent.preview(payload, abort.signal);
        if (preview.ok) return preview.value;
        void showFailure(preview.failure);
        return undefined;
      } catch (error) {
        if (abort.signal.aborted) return undefined;
        throw error;
      } finally {
        listening.dispose();
      }
    },
  );
}

export async function showPage(parts: CommandParts, title: string, preview: Preview): Promise<void> {
  const page = parts.pages.add('What Would Be Sent.txt', previewPage(title, preview));
  await vscode.window.showTextDocument(page, { preview: true });
}

function ofFile(uri: vscode.Uri): Choice | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.uri.toString() === uri.toString() && !editor.selection.isEmpty) return ofSelection(editor);
  const file = workspaceFile(uri);
  return file === undefined ? undefined : { label: basename(file), payload: { files: [file] } };
}

function ofSelection(editor: vscode.TextEditor): Choice | undefined {
  const part = selected(editor);
  return part && { label: part.title, payload: part.payload };
}

async function pick(): Promise<Choice | undefined> {
  const editor = vscode.window.activeTextEditor;
  const file = editor && fileOf(editor.document.uri);
  const choices: Choice[] = [];
  const selection = editor && file !== undefined && !editor.selection.isEmpty ? ofSelection(editor) : undefined;
  if (selection) choices.push({ ...selection, description: 'the selection' });
  if (file !== undefined) choices.push({ label: basename(file), description: 'this file', payload: { files: [file] } });
  choices.push(
    { label: 'Uncommitted changes', payload: { changes: true } },
    { label: 'Staged changes', payload: { changes: 'staged' } },
    { label: 'Changes of this branch', payload: { base: '' } },
  );
  return vscode.window.showQuickPick(choices, { title: 'Show What Would Be Sent', placeHolder: 'For a review of' });
}
