import * as vscode from 'vscode';
import { isNotebook } from '../../agent/workspace/notebook.ts';
import type { CommandParts } from '../commandParts.ts';
import { placeOf } from '../findingPlaces.ts';
import { type MenuItem, menuItems } from '../menuItems.ts';
import { plainLine } from '../plainText.ts';
import { spendLines } from '../spendText.ts';
import { statusView } from '../statusView.ts';
import { openFolders } from '../workspacePaths.ts';
import { inFront } from './reviews.ts';

/** What can be done right now, and nothing else. */
export async function showMenu({ agent, findings, countdown, settings }: CommandParts): Promise<void> {
  const { state } = agent;
  const front = inFront();
  const hasFolder = openFolders().length > 0;
  const secondsLeft = countdown.secondsLeft();
  const items = menuItems(state, {
    isTrusted: vscode.workspace.isTrusted,
    hasServer: settings().server.url !== '',
    hasEditor: front !== undefined && placeOf(front) !== undefined,
    canDocument: hasFolder && front?.scheme === 'file' && !isNotebook(front.path),
    hasFolder,
    hasSelection:
      hasFolder && front?.scheme !== 'untitled' && vscode.window.activeTextEditor?.selection.isEmpty === false,
    findings: findings.all().length,
    hiddenFindings: findings.hidden().length,
    displaysHidden: findings.displaysHidden,
    dismissedFindings: findings.dismissed(),
    ...(state.spend && { spend: spendLines(state.spend, settings().budget) }),
  });
  const chosen = await vscode.window.showQuickPick(items.map(toPick), {
    title: 'Developer Mesh',
    placeHolder: plainLine(statusView(state, { secondsLeft }).spoken.replace(/^Developer Mesh: /, '')),
  });
  if (chosen) await vscode.commands.executeCommand(chosen.item.command, ...(chosen.item.args ?? []));
}

function toPick(item: MenuItem): vscode.QuickPickItem & { readonly item: MenuItem } {
  return {
    item,
    label: `$(${item.icon}) ${plainLine(item.label, 100).replaceAll('$(', '$ (')}`,
    ...(item.detail && { description: plainLine(item.detail, 200).replaceAll('$(', '$ (') }),
  };
}
