import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import { fileOf, uriOf } from './workspacePaths.ts';

const untitled = 'untitled';
const notebookCell = 'vscode-notebook-cell';

/** The documents in which findings can stand. */
export const findingDocuments: vscode.DocumentSelector = ['file', untitled, notebookCell].map((scheme) => ({ scheme }));

/** By what the findings of a document are known: the `file` and the `cell` of `Finding`. */
export interface FindingPlace {
  /** A workspace path; for a document without a file its address. */
  readonly file: string;
  readonly cell?: number;
}

/** Undefined for a document that can have no findings. */
export function placeOf(uri: vscode.Uri): FindingPlace | undefined {
  if (uri.scheme === untitled) return { file: uri.toString() };
  if (uri.scheme === notebookCell) return cellPlaceOf(uri);
  const file = fileOf(uri);
  return file === undefined ? undefined : { file };
}

function cellPlaceOf(uri: vscode.Uri): FindingPlace | undefined {
  const address = uri.toString();
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cell = notebook.getCells().find(({ document }) => document.uri.toString() === address);
    const file = cell && fileOf(notebook.uri);
    if (cell && file !== undefined) return { file, cell: cell.index + 1 };
  }
  return undefined;
}

export const isUntitled = (file: string) => file.startsWith(`${untitled}:`);

/** What can be opened for a finding's file; undefined when it is in no open folder any more. */
export function fileUri(file: string): vscode.Uri | undefined {
  return isUntitled(file) ? vscode.Uri.parse(file) : uriOf(file);
}

/** The document in which a finding stands, as far as it is open: undefined for a cell of a notebook that is not. */
export function documentUri({ file, cell }: Pick<Finding, 'file' | 'cell'>): vscode.Uri | undefined {
  const uri = fileUri(file);
  if (!uri || cell === undefined) return uri;
  const notebook = vscode.workspace.notebookDocuments.find((one) => one.uri.toString() === uri.toString());
  return notebook && cell <= notebook.cellCount ? notebook.cellAt(cell - 1).document.uri : undefined;
}

/** The same, the notebook opened for it where that is needed. Undefined when there is no such cell any more. */
export async function openDocumentUri(finding: Pick<Finding, 'file' | 'cell'>): Promise<vscode.Uri | undefined> {
  const file = fileUri(finding.file);
  if (file && finding.cell !== undefined) await vscode.workspace.openNotebookDocument(file);
  return documentUri(finding);
}
