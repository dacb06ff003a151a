import * as vscode from 'vscode';
import type { Finding } from '../../agent/findings/finding.ts';
import { hasFix } from '../../agent/findings/placeFix.ts';
import type { CommandParts } from '../commandParts.ts';
import { toVscodeRange } from '../convert.ts';
import { neighbour } from '../findingGroups.ts';
import { fileUri, openDocumentUri, placeOf } from '../findingPlaces.ts';
import { explainFinding } from '../findingText.ts';
import { plainLine } from '../plainText.ts';

export async function revealFinding(parts: CommandParts, given: unknown): Promise<void> {
  const finding = findingOf(parts, given);
  if (finding) await reveal(finding, true);
}

export async function previewFix(parts: CommandParts, given: unknown): Promise<void> {
  const finding = findingOf(parts, given);
  const uri = finding && (await openDocumentUri(finding));
  if (!finding || !uri || !hasFix(finding)) return;
  const outcome = await parts.changes.propose({
    uri,
    title: finding.title,
    old: finding.fix.old,
    new: finding.fix.new,
    near: () => parts.findings.find(finding.id)?.range,
  });
  if (outcome === 'applied') parts.findings.remove(finding.id);
  if (outcome === 'gone') sayGone(finding.file);
}

export function sayGone(file: string): void {
  void vscode.window.showWarningMessage(
    `${plainLine(file)} was changed since it was looked at, so the change does not fit any more. Nothing was changed.`,
  );
}

export async function explainFindingPage(parts: CommandParts, given: unknown): Promise<void> {
  const finding = findingOf(parts, given);
  if (!finding) return;
  const uri = parts.pages.add('Finding.txt', explainFinding(finding));
  const { Active, Beside } = vscode.ViewColumn;
  await vscode.window.showTextDocument(uri, {
    preview: true,
    viewColumn: vscode.window.activeTextEditor ? Beside : Active,
  });
}

export async function goToNeighbour(parts: CommandParts, direction: 'next' | 'previous'): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const position = editor?.selection.active;
  const from = {
    ...((editor && placeOf(editor.document.uri)) ?? { file: '' }),
    line: (position?.line ?? -1) + 1,
    column: (position?.character ?? -1) + 1,
  };
  const finding = neighbour(parts.findings.all(), from, direction);
  if (finding) await reveal(finding, false);
  else vscode.window.setStatusBarMessage('No findings', 2000);
}

async function reveal(finding: Finding, preserveFocus: boolean): Promise<void> {
  const uri = (await openDocumentUri(finding)) ?? fileUri(finding.file);
  if (!uri) return;
  const range = toVscodeRange(finding.range);
  const selection = preserveFocus ? range : new vscode.Range(range.start, range.start);
  const options = { selection, preserveFocus, preview: true };
  const notebook = vscode.workspace.notebookDocuments.find(({ uri: { path } }) => path === uri.path);
  if (finding.cell === undefined || !notebook) {
    await vscode.window.showTextDocument(uri, options);
    return;
  }
  // The notebook under its own name, then the place in its cell.
  await vscode.window.showNotebookDocument(notebook, { preserveFocus, preview: true });
  await vscode.commands.executeCommand('vscode.open', uri, options);
}

/** From a tree comes its node, from everywhere else the id. */
export function findingOf({ findings }: CommandParts, given: unknown): Finding | undefined {
  if (typeof given === 'string') return findings.find(given);
  const inner = typeof given === 'object' && given !== null && 'finding' in given ? given.finding : undefined;
  const id = typeof inner === 'object' && inner !== null && 'id' in inner ? inner.id : undefined;
  return typeof id === 'string' ? findings.find(id) : undefined;
}
