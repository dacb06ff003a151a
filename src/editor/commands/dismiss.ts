import * as vscode from 'vscode';
import type { Finding } from '../../agent/findings/finding.ts';
import type { Suppression } from '../../agent/findings/suppression.ts';
import { baselineFile, type Keeping, type Kept } from '../../agent/findings/suppressions.ts';
import type { CommandParts } from '../commandParts.ts';
import { showFailure } from '../notifications.ts';
import { plainLine } from '../plainText.ts';
import { findingOf } from './findings.ts';

/** For the person alone, until it is restored. */
export async function dismissFinding(parts: CommandParts, given: unknown): Promise<void> {
  const finding = findingOf(parts, given);
  if (finding) await dismiss(parts, finding, 'finding', 'personal');
}

interface Choice extends vscode.QuickPickItem {
  readonly scope: Suppression['scope'];
  readonly keeping: Keeping;
}

/** Asks what is to go, for whom, and why. */
export async function dismissWithReason(parts: CommandParts, given: unknown): Promise<void> {
  const finding = findingOf(parts, given);
  if (!finding) return;
  const choice = await vscode.window.showQuickPick(choicesFor(finding), {
    title: `Dismiss “${plainLine(finding.title, 60)}”`,
    placeHolder: 'What should not be shown again?',
  });
  if (!choice) return;
  const reason = await vscode.window.showInputBox({
    title: 'Why?',
    prompt: 'Shown beside it in the list of dismissed findings, and told to the next review. It may stay empty.',
    placeHolder: 'For example: every caller has checked it',
    validateInput: (text) => (text.length > 2000 ? 'At most 2000 characters.' : undefined),
  });
  if (reason !== undefined) await dismiss(parts, finding, choice.scope, choice.keeping, reason.trim());
}

/** Lists what was dismissed; what the person picks is shown again. */
export async function restoreFindings({ agent }: CommandParts): Promise<void> {
  const { suppressions } = agent;
  for (const problem of await suppressions.load()) if (!problem.ok) void showFailure(problem.failure);
  const kept = suppressions.all();
  if (kept.length === 0) {
    vscode.window.setStatusBarMessage('No finding is dismissed', 3000);
    return;
  }
  const picked = await vscode.window.showQuickPick(kept.map(keptItem), {
    title: 'Dismissed Findings',
    placeHolder: 'What should be shown again?',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  const restored = picked && (await suppressions.remove([picked.kept]));
  if (restored && !restored.ok) void showFailure(restored.failure);
}

async function dismiss(
  { agent, findings }: CommandParts,
  finding: Finding,
  scope: Suppression['scope'],
  keeping: Keeping,
  reason = '',
): Promise<void> {
  const before = findings.dismissed();
  const alike = findings.alike(finding);
  const done = await agent.suppressions.add(finding, alike, scope, keeping, reason);
  if (!done.ok) return void showFailure(done.failure);
  const count = findings.dismissed() - before;
  vscode.window.setStatusBarMessage(count > 1 ? `Dismissed ${count} findings` : 'Dismissed', 3000);
}

function choicesFor({ ruleId, file }: Finding): readonly Choice[] {
  const rule = ruleId === undefined ? [] : ([['rule', `Every finding of ${plainLine(ruleId, 80)}`, 'tag']] as const);
  const scopes = [
    ['finding', 'This finding', 'circle-slash'],
    ...rule,
    ['file', `Every finding in ${plainLine(file, 80)}`, 'file'],
  ] as const;
  const keepings = [
    ['personal', 'for me'],
    ['shared', `for everybody, in ${baselineFile}`],
  ] as const;
  return keepings.flatMap(([keeping, description]) =>
    scopes.map(([scope, label, icon]) => ({
      scope,
      keeping,
      label,
      description,
      iconPath: new vscode.ThemeIcon(icon),
    })),
  );
}

function keptItem(kept: Kept): vscode.QuickPickItem & { readonly kept: Kept } {
  const { suppression, keeping, folder } = kept;
  const where = keeping === 'shared' ? 'for everybody' : 'for me';
  const detail = [suppression.reason, suppression.added].filter(Boolean).join(' · ');
  const path = (file: string) => plainLine(folder === '' ? file : `${folder}/${file}`, 120);
  const label =
    suppression.scope === 'finding'
      ? plainLine(suppression.title, 100)
      : suppression.scope === 'rule'
        ? `Every finding of ${plainLine(suppression.rule, 80)}`
        : `Every finding in ${path(suppression.file)}`;
  const description = suppression.scope === 'finding' ? `${path(suppression.file)}, ${where}` : where;
  return { kept, label, description, ...(detail && { detail: plainLine(detail, 300) }) };
}
