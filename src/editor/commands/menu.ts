import * as vscode from 'vscode';
import type { CommandParts } from '../commandParts.ts';
import { type MenuItem, menuItems } from '../menuItems.ts';
import { plainLine } from '../plainText.ts';
import { spendLines } from '../spendText.ts';
import { statusView } from '../statusView.ts';

/** What can be done right now, and nothing else. */
export async function showMenu({ agent, findings, countdown, settings }: CommandParts): Promise<void> {
  const { state } = agent;
  const secondsLeft = countdown.secondsLeft();
  const items = menuItems(state, {
    isTrusted: vscode.workspace.isTrusted,
    hasServer: settings().server.url !== '',
    hasEditor: vscode.window.activeTextEditor !== undefined,
    hasSelection: vscode.window.activeTextEditor?.selection.isEmpty === false,
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
