import * as vscode from 'vscode';

/** An open notebook as the file that it would be, without anything that its cells have brought. */
export function notebookJson(notebook: vscode.NotebookDocument): string {
  const cells = notebook.getCells();
  const language = cells.find(({ kind }) => kind === vscode.NotebookCellKind.Code)?.document.languageId;
  return JSON.stringify({
    nbformat: 4,
    metadata: language === undefined ? {} : { language_info: { name: language } },
    cells: cells.map(({ kind, document }) => ({
      cell_type: kind === vscode.NotebookCellKind.Code ? 'code' : 'markdown',
      source: document.getText(),
    })),
  });
}
