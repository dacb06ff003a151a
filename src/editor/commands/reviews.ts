import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Branch, Commit } from '../../agent/workspace/revisions.ts';
import { latestCommits, otherBranches } from '../changes.ts';
import type { CommandParts } from '../commandParts.ts';
import { placeOf } from '../findingPlaces.ts';
import { showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';
import { wantsReview } from './largeReview.ts';
import { reviewUntitled } from './reviewUntitled.ts';
import { cannotWork, runTask, workspaceFile } from './runTask.ts';

/** The file in front, or what was chosen in the explorer: files and folders. */
export async function reviewFile(parts: CommandParts, given: unknown, chosen: unknown): Promise<void> {
  const uris = Array.isArray(chosen) ? chosen.filter((one) => one instanceof vscode.Uri) : [];
  if (uris.length > 1) {
    const files = uris.map(workspaceFile);
    const named = files.filter((file) => file !== undefined);
    if (named.length === files.length) await review(parts, `Review ${named.length} files`, { files: named });
    return;
  }
  const uri = given instanceof vscode.Uri ? given : inFront();
  if (uri?.scheme === 'untitled') return reviewUntitled(parts, uri);
  const file = workspaceFile(uri);
  if (file !== undefined) await review(parts, `Review ${basename(file)}`, { files: [file] });
}

/** A notebook is in front with none of its cells being edited, too. */
export function inFront(): vscode.Uri | undefined {
  return vscode.window.activeTextEditor?.document.uri ?? vscode.window.activeNotebookEditor?.notebook.uri;
}

export async function reviewSelection(parts: CommandParts): Promise<void> {
  const part = selected(vscode.window.activeTextEditor);
  if (part) await review(parts, `Review ${part.title}`, part.payload);
}

/** Says why when it cannot be reviewed. */
export function selected(editor: vscode.TextEditor | undefined): { title: string; payload: object } | undefined {
  const file = workspaceFile(editor?.document.uri);
  if (!editor || file === undefined) return undefined;
  const { start, end } = editor.selection;
  // Whole lines are selected up to the start of the next one.
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  const lines = { from: start.line + 1, to: last };
  const where = lines.from === lines.to ? `line ${lines.from}` : `lines ${lines.from} to ${lines.to}`;
  const cell = placeOf(editor.document.uri)?.cell;
  if (cell === undefined) return { title: `${basename(file)}, ${where}`, payload: { file, lines } };
  return { title: `${basename(file)}, cell ${cell}, ${where}`, payload: { file, cell, lines } };
}

export async function reviewChanges(parts: CommandParts): Promise<void> {
  if (!cannotWork()) await review(parts, 'Review uncommitted changes', { changes: true });
}

export async function reviewStaged(parts: CommandParts): Promise<void> {
  if (!cannotWork()) await review(parts, 'Review staged changes', { changes: 'staged' });
}

export async function reviewBranch(parts: CommandParts): Promise<void> {
  if (cannotWork()) return;
  const branches = await otherBranches(parts.environment, new AbortController().signal);
  if (!branches.ok) return showFailure(branches.failure);
  const picked = await vscode.window.showQuickPick(branches.value.map(branchItem), {
    title: 'Review This Branch',
    placeHolder: 'Compare with the branch that it is to be merged into',
    matchOnDescription: true,
  });
  if (picked) await review(parts, `Review changes since ${plainLine(picked.label, 100)}`, { base: picked.label });
}

export async function reviewCommit(parts: CommandParts): Promise<void> {
  if (cannotWork()) return;
  const commits = await latestCommits(parts.environment, new AbortController().signal);
  if (!commits.ok) return showFailure(commits.failure);
  const picked = await vscode.window.showQuickPick(commits.value.map(commitItem), {
    title: 'Review a Commit',
    placeHolder: 'The latest commits of this branch',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked) await review(parts, `Review commit ${picked.id.slice(0, 8)}`, { commit: picked.id });
}

async function review(parts: CommandParts, title: string, payload: object): Promise<void> {
  if (await wantsReview(parts, title, payload)) await runTask(parts, 'code_review', title, payload);
}

function branchItem({ name, when }: Branch): vscode.QuickPickItem {
  return { label: name, description: when, iconPath: new vscode.ThemeIcon('git-branch') };
}

function commitItem({ id, subject, author, when }: Commit): vscode.QuickPickItem & { readonly id: string } {
  const description = `${id.slice(0, 8)}  ${plainLine(author, 60)}, ${when}`;
  return {
    id,
    label: plainLine(subject, 120) || '(no message)',
    description,
    iconPath: new vscode.ThemeIcon('git-commit'),
  };
}
