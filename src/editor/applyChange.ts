import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Range } from '../agent/findings/finding.ts';
import { placeOld, withLineEnds } from '../agent/findings/placeFix.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { fromSpan, toSpan } from './convert.ts';
import { type ErrorWatch, errorsOf, type NewErrors, showNewErrors, watchForNewErrors } from './newErrors.ts';
import { plainLine } from './plainText.ts';
import { createVirtualDocuments } from './virtualDocuments.ts';

/** A replacement that somebody proposes; it happens only when a person has seen it as a diff and agreed. */
export interface ProposedChange {
  readonly uri: vscode.Uri;
  /** What it does, in a few words. */
  readonly title: string;
  readonly old: string;
  readonly new: string;
  /** Where `old` is thought to stand now. */
  near(): Range | undefined;
}

/** `gone`: the text that it replaces does not stand there any more. `open`: the person closed the diff without an answer. */
export type ChangeOutcome = 'applied' | 'discarded' | 'gone' | 'open';

export interface ApplyChanges extends Disposable {
  /** Shows the diff and waits for the answer. Never saves; one undo takes it back. */
  propose(change: ProposedChange): Promise<ChangeOutcome>;
  /** The answer to the diff whose right side is `uri`, or to the one in front. */
  answer(uri: vscode.Uri | undefined, answer: 'applied' | 'discarded'): void;
}

export const proposalScheme = 'developer-mesh-proposal';

export function createApplyChanges(tellErrors: (found: NewErrors) => void = showNewErrors): ApplyChanges {
  const disposables = new Disposables();
  const documents = disposables.add(createVirtualDocuments(proposalScheme));
  const errors = disposables.add(watchForNewErrors(tellErrors));
  const waiting = new Map<string, (answer: 'applied' | 'discarded' | 'open') => void>();
  disposables.add(
    vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
      for (const tab of closed) {
        const shown = proposalOf(tab);
        if (shown) waiting.get(shown.toString())?.('open');
      }
    }),
  );

  return {
    async propose(change) {
      const document = await vscode.workspace.openTextDocument(change.uri);
      const before = place(change, document);
      if (!before) return 'gone';
      const text = document.getText();
      const name = basename(change.uri.fsPath);
      const proposed = documents.add(name, text.slice(0, before.start) + before.text + text.slice(before.end));
      const answered = new Promise<'applied' | 'discarded' | 'open'>((resolve) => {
        waiting.set(proposed.toString(), resolve);
      });
      const title = plainLine(`${name}: ${change.title}`, 120);
      const selection = fromSpan(document, { start: before.start, end: before.start });
      // Not in the place of a file that is shown as a preview: the person comes back to it.
      const options = { preview: false, selection };
      const opening = vscode.commands.executeCommand('vscode.diff', change.uri, proposed, title, options);
      // A diff that is closed while it still loads may never have been opened.
      await Promise.race([opening, answered]);
      ask(name, (answer) => waiting.get(proposed.toString())?.(answer));
      const answer = await answered;
      waiting.delete(proposed.toString());
      await closeTab(proposed);
      return answer === 'applied' ? apply(change, errors) : answer;
    },
    answer(uri, answer) {
      const asked = uri ?? front();
      if (asked) waiting.get(asked.toString())?.(answer);
    },
    dispose() {
      for (const resolve of waiting.values()) resolve('open');
      disposables.dispose();
    },
  };
}

/** The buttons of the diff's title bar say the same; this one cannot be overlooked. */
function ask(name: string, answer: (answer: 'applied' | 'discarded') => void): void {
  void vscode.window
    .showInformationMessage(`Apply this change to ${plainLine(name)}?`, 'Apply', 'Discard')
    .then((pressed) => {
      if (pressed) answer(pressed === 'Apply' ? 'applied' : 'discarded');
    });
}

function place(change: ProposedChange, document: vscode.TextDocument) {
  const text = document.getText();
  const near = change.near();
  const old = withLineEnds(change.old, text);
  const span = placeOld(text, old, near ? toSpan(document, near) : { start: 0, end: 0 });
  return span && { ...span, text: withLineEnds(change.new, text) };
}

/** Looks again: minutes may have passed since the diff was opened. */
async function apply(change: ProposedChange, errors: ErrorWatch): Promise<ChangeOutcome> {
  const document = await vscode.workspace.openTextDocument(change.uri);
  const now = place(change, document);
  if (!now) return 'gone';
  const range = fromSpan(document, now);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(change.uri, range, now.text);
  const before = errorsOf(change.uri);
  if (!(await vscode.workspace.applyEdit(edit))) return 'gone';
  errors.after(document, before);
  const editor = await vscode.window.showTextDocument(document);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  return 'applied';
}

function proposalOf(tab: vscode.Tab): vscode.Uri | undefined {
  return tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.scheme === proposalScheme
    ? tab.input.modified
    : undefined;
}

function front(): vscode.Uri | undefined {
  const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
  return tab && proposalOf(tab);
}

async function closeTab(proposed: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const tab = tabs.find((candidate) => proposalOf(candidate)?.toString() === proposed.toString());
  if (tab) await vscode.window.tabGroups.close(tab);
}
