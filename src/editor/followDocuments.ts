import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import type { Finding } from '../agent/findings/finding.ts';
import { placeOld, withLineEnds } from '../agent/findings/placeFix.ts';
import type { FindingStore } from '../agent/findings/store.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { fromSpan, toRange, toSpan } from './convert.ts';
import { isUntitled, placeOf } from './findingPlaces.ts';
import { fileOf } from './workspacePaths.ts';

/** Keeps the positions in both stores true while people edit, rename and delete, and while results come for edited text. */
export function followDocuments(
  { findings, onEvent }: Pick<Agent, 'findings' | 'onEvent'>,
  hidden: FindingStore,
): Disposable {
  const stores = [findings, hidden];
  const disposables = new Disposables();
  disposables.add(
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length === 0) return;
      const place = placeOf(document.uri);
      if (!place) return;
      const edits = contentChanges.map((change) => ({ range: toRange(change.range), text: change.text }));
      for (const store of stores) store.edit(place.file, edits, place.cell);
    }),
  );
  disposables.add(
    vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
      const file = fileOf(notebook.uri);
      if (file === undefined || contentChanges.length === 0) return;
      for (const store of stores) followCells(store, file, contentChanges);
    }),
  );
  disposables.add(
    vscode.workspace.onDidRenameFiles(({ files }) => {
      for (const { oldUri, newUri } of files) {
        for (const store of stores) moveFindings(store, fileOf(oldUri), fileOf(newUri));
      }
    }),
  );
  disposables.add(
    vscode.workspace.onDidDeleteFiles(({ files }) => {
      for (const uri of files) for (const store of stores) moveFindings(store, fileOf(uri), undefined);
    }),
  );
  disposables.add(
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      const file = uri.toString();
      if (isUntitled(file)) for (const store of stores) store.clear(file);
    }),
  );
  disposables.add(
    onEvent((event) => {
      if (event.type === 'finding') settle(findings, [event.finding]);
      if (event.type !== 'findings') return;
      settle(findings, event.findings);
      settle(hidden, event.hidden ?? []);
    }),
  );
  return disposables;
}

/** A file or everything in a folder; `to` undefined: it is gone. */
function moveFindings(store: FindingStore, from: string | undefined, to: string | undefined): void {
  if (from === undefined) return;
  const files = new Set(store.all().map((finding) => finding.file));
  for (const file of files) {
    if (file !== from && !file.startsWith(`${from}/`)) continue;
    if (to === undefined) store.clear(file);
    else store.rename(file, to + file.slice(from.length));
  }
}

/** Cells that came, went or moved; each change speaks of the notebook as the one before it has left it. */
function followCells(
  store: FindingStore,
  file: string,
  changes: readonly vscode.NotebookDocumentContentChange[],
): void {
  const findings = store.of(file).filter(({ cell }) => cell !== undefined);
  const moved: Finding[] = [];
  for (const finding of findings) {
    const cell = changes.reduce(numberAfter, finding.cell);
    if (cell === undefined) store.remove(finding.id);
    else if (cell !== finding.cell) moved.push({ ...finding, cell });
  }
  if (moved.length > 0) store.add(moved);
}

/** From 1; undefined: the cell is gone. */
function numberAfter(
  number: number | undefined,
  { range, removedCells, addedCells }: vscode.NotebookDocumentContentChange,
): number | undefined {
  if (number === undefined || number <= range.start) return number;
  if (number > range.start + removedCells.length) return number + addedCells.length - removedCells.length;
  const gone = removedCells[number - 1 - range.start]?.document.uri.toString();
  const again = addedCells.findIndex(({ document }) => document.uri.toString() === gone);
  return again === -1 ? undefined : range.start + again + 1;
}

/** Findings speak of the text as it was when the review began. Where it was edited since, they move along or become stale. */
function settle(store: FindingStore, findings: readonly Finding[]): void {
  const standing = findings.filter(({ inTask }) => !inTask);
  const files = new Set(standing.map((finding) => finding.file));
  const inCells = standing.some(({ cell }) => cell !== undefined);
  for (const document of vscode.workspace.textDocuments) {
    const place = document.uri.scheme === 'file' || inCells ? placeOf(document.uri) : undefined;
    if (!place || !files.has(place.file)) continue;
    const own = standing.filter(({ file, cell }) => file === place.file && cell === place.cell);
    const settled = settledIn(document, own).filter((finding, index) => finding !== own[index]);
    if (settled.length > 0) store.add(settled);
  }
}

/** Findings of an earlier text of the document as they stand in it now. */
export function settledIn(document: vscode.TextDocument, findings: readonly Finding[]): readonly Finding[] {
  const text = document.getText();
  return findings.map((finding) => settleOne(finding, document, text));
}

/** The same finding when it stands where its quote stands. */
function settleOne(finding: Finding, document: vscode.TextDocument, text: string): Finding {
  // Where a secret was masked in the quote, nothing can be compared.
  if (finding.quote === '' || /\*{4}/.test(finding.quote)) return finding;
  const quote = withLineEnds(finding.quote, text);
  const near = toSpan(document, finding.range);
  if (text.slice(near.start, near.end) === quote) return finding;
  const place = placeOld(text, quote, near);
  return place ? { ...finding, range: toRange(fromSpan(document, place)) } : { ...finding, stale: true };
}
