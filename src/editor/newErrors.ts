import { basename } from 'node:path';
import * as vscode from 'vscode';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { diagnosticSource } from './diagnostics.ts';
import { plainLine } from './plainText.ts';

/** How long the editor's language tools may take to look at the changed text. */
const watchMs = 8000;

export interface NewErrors {
  readonly document: vscode.TextDocument;
  /** Of the text that has the errors. */
  readonly version: number;
  readonly messages: readonly [string, ...string[]];
}

export interface ErrorWatch extends Disposable {
  /** Right after a change. `before`: `errorsOf` the text that it changed. */
  after(document: vscode.TextDocument, before: readonly string[]): void;
}

/** Tells once when a change that a person agreed to brings errors that were not there before. */
export function watchForNewErrors(tell: (found: NewErrors) => void): ErrorWatch {
  const disposables = new Disposables();
  let watched: Disposable | undefined;
  return {
    after(document, before) {
      watched?.dispose();
      const { version } = document;
      const watching = new Disposables();
      watched = disposables.add(watching);
      const timer = setTimeout(() => watching.dispose(), watchMs);
      watching.add({ dispose: () => clearTimeout(timer) });
      const look = () => {
        if (document.version !== version) return watching.dispose();
        const [first, ...others] = beyond(errorsOf(document.uri), before);
        if (first === undefined) return;
        watching.dispose();
        tell({ document, version, messages: [first, ...others] });
      };
      watching.add(
        vscode.languages.onDidChangeDiagnostics(({ uris }) => {
          if (uris.some((uri) => uri.toString() === document.uri.toString())) look();
        }),
      );
    },
    dispose: () => disposables.dispose(),
  };
}

/** What the editor's own tools call an error in a file: not where, since a change moves what stands below it. */
export function errorsOf(uri: vscode.Uri): readonly string[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter(({ severity, source }) => severity === vscode.DiagnosticSeverity.Error && source !== diagnosticSource)
    .map(({ message }) => message);
}

/** Those of `now` that `before` had not, or had fewer times. */
function beyond(now: readonly string[], before: readonly string[]): readonly string[] {
  const known = [...before];
  return now.filter((message) => {
    const at = known.indexOf(message);
    if (at !== -1) known.splice(at, 1);
    return at === -1;
  });
}

/** With a way back. */
export async function showNewErrors({ document, version, messages }: NewErrors): Promise<void> {
  const [first, ...others] = messages;
  const name = plainLine(basename(document.uri.fsPath));
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const undo = 'Undo the Change';
  const pressed = await vscode.window.showWarningMessage(
    `The change to ${name} brought an error: ${plainLine(first, 200)}${more}`,
    undo,
  );
  if (pressed !== undo) return;
  if (document.version !== version) {
    void vscode.window.showInformationMessage(`${name} was edited since, so it is left as it is.`);
    return;
  }
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand('undo');
}
