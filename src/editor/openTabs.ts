import * as vscode from 'vscode';

/** Whether a tab of this window, hidden ones included, shows the file as text. */
export function isInTab(uri: vscode.Uri): boolean {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString());
}
