import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import type { Finding } from '../agent/findings/finding.ts';
import type { FindingStore } from '../agent/findings/store.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { fromSpan, toRange, toSpan } from './convert.ts';
import { placeOld, withLineEnds } from './placeFix.ts';
import { fileOf } from './workspacePaths.ts';

/** Keeps the store's positions true while people edit, rename and delete, and while results arrive for edited text. */
export function followDocuments(agent: Agent): Disposable {
  const store = agent.findings;
  const disposables = new Disposables();
  disposables.add(
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      const file = fileOf(document.uri);
      if (file === undefined || contentChanges.length === 0 || store.of(file).length === 0) return;
      store.edit(
        file,
        contentChanges.map((change) => ({ range: toRange(change.range), text: change.text })),
      );
    }),
  );
  disposables.add(
    vscode.workspace.onDidRenameFiles(({ files }) => {
      for (const { oldUri, newUri } of files) moveFindings(store, fileOf(oldUri), fileOf(newUri));
    }),
  );
  disposables.add(
    vscode.workspace.onDidDeleteFiles(({ files }) => {
      for (const uri of files) moveFindings(store, fileOf(uri), undefined);
    }),
  );
  disposables.add(
    agent.onEvent((event) => {
      if (event.type === 'finding') settle(store, [event.finding]);
      if (event.type === 'findings') settle(store, event.findings);
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

/** Findings speak of the text as it was when the review began. Where it was edited since, they move along or become stale. */
function settle(store: FindingStore, findings: readonly Finding[]): void {
  const standing = findings.filter(({ inTask }) => !inTask);
  const files = new Set(standing.map((finding) => finding.file));
  for (const document of vscode.workspace.textDocuments) {
    const file = fileOf(document.uri);
    if (file === undefined || !files.has(file)) continue;
    const text = document.getText();
    const own = standing.filter((finding) => finding.file === file);
    const settled = own.flatMap((finding) => settleOne(finding, document, text) ?? []);
    if (settled.length > 0) store.add(settled);
  }
}

/** Undefined when the finding already stands where its quote stands. */
function settleOne(finding: Finding, document: vscode.TextDocument, text: string): Finding | undefined {
  // Where a secret was masked in the quote, nothing can be compared.
  if (finding.quote === '' || /\*{4}/.test(finding.quote)) return undefined;
  const quote = withLineEnds(finding.quote, text);
  const near = toSpan(document, finding.range);
  if (text.slice(near.start, near.end) === quote) return undefined;
  const place = placeOld(text, quote, near);
  return place ? { ...finding, range: toRange(fromSpan(document, place)) } : { ...finding, stale: true };
}
