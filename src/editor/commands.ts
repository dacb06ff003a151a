import * as vscode from 'vscode';
import { parseServerUrl } from '../agent/connection/serverUrl.ts';
import { failures } from '../agent/failures.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import type { CommandParts } from './commandParts.ts';
import { dismissFinding, dismissWithReason, restoreFindings } from './commands/dismiss.ts';
import { explainFindingPage, goToNeighbour, previewFix, revealFinding } from './commands/findings.ts';
import { showMenu } from './commands/menu.ts';
import { openResult } from './commands/openResult.ts';
import {
  reviewBranch,
  reviewChanges,
  reviewCommit,
  reviewFile,
  reviewSelection,
  reviewStaged,
} from './commands/reviews.ts';
import { askAboutCode, documentSymbol } from './commands/tasks.ts';
import { showFailure } from './notifications.ts';
import { openSettings } from './openSettings.ts';

type Command = (...args: unknown[]) => unknown;

/** Every command there is. package.json gives the titles; a test holds the two together. */
export function commandTable(parts: CommandParts): Readonly<Record<string, Command>> {
  const { agent, changes } = parts;
  return {
    'developerMesh.signIn': async () => (await import('./commands/signIn.ts')).signIn(parts),
    'developerMesh.signOut': async () => (await import('./commands/signIn.ts')).signOut(parts),
    'developerMesh.connect': () => connect(parts),
    'developerMesh.reconnectNow': () => connect(parts),
    'developerMesh.disconnect': () => agent.disconnect(),
    'developerMesh.showMenu': () => showMenu(parts),
    'developerMesh.reviewFile': (uri, uris) => reviewFile(parts, uri, uris),
    'developerMesh.reviewSelection': () => reviewSelection(parts),
    'developerMesh.reviewChanges': () => reviewChanges(parts),
    'developerMesh.reviewStaged': () => reviewStaged(parts),
    'developerMesh.reviewBranch': () => reviewBranch(parts),
    'developerMesh.reviewCommit': () => reviewCommit(parts),
    'developerMesh.showPrompt': async (uri) => (await import('./commands/showPrompt.ts')).showPrompt(parts, uri),
    'developerMesh.documentSymbol': () => documentSymbol(parts),
    'developerMesh.ask': () => askAboutCode(parts),
    'developerMesh.cancelTask': (task) => cancelTask(parts, task),
    'developerMesh.answerTask': (task) => answerTask(parts, task),
    'developerMesh.openResult': (taskId) => openResult(parts, taskId),
    'developerMesh.clearFindings': () => parts.findings.clear(),
    'developerMesh.showHidden': () => parts.findings.displayHidden(true),
    'developerMesh.hideHidden': () => parts.findings.displayHidden(false),
    'developerMesh.restoreFindings': () => restoreFindings(parts),
    'developerMesh.nextFinding': () => goToNeighbour(parts, 'next'),
    'developerMesh.previousFinding': () => goToNeighbour(parts, 'previous'),
    'developerMesh.revealFinding': (finding) => revealFinding(parts, finding),
    'developerMesh.previewFix': (finding) => previewFix(parts, finding),
    'developerMesh.explainFinding': (finding) => explainFindingPage(parts, finding),
    'developerMesh.dismissFinding': (finding) => dismissFinding(parts, finding),
    'developerMesh.dismissWithReason': (finding) => dismissWithReason(parts, finding),
    'developerMesh.applyProposal': (uri) => changes.answer(asUri(uri), 'applied'),
    'developerMesh.discardProposal': (uri) => changes.answer(asUri(uri), 'discarded'),
    'developerMesh.copyAgentId': () => copyAgentId(parts),
    'developerMesh.showLog': () => parts.channel.show(true),
    'developerMesh.openSettings': (some) =>
      openSettings(typeof some === 'string' ? some : '@ext:developer-mesh.developer-mesh-agent'),
  };
}

export function registerCommands(parts: CommandParts): Disposable {
  const disposables = new Disposables();
  for (const [id, run] of Object.entries(commandTable(parts))) {
    disposables.add(vscode.commands.registerCommand(id, run));
  }
  return disposables;
}

function connect({ agent, settings }: CommandParts): Promise<void> | undefined {
  if (!vscode.workspace.isTrusted) return showFailure(failures.untrusted());
  if (!parseServerUrl(settings().server.url).ok) return showFailure(failures.signedOut());
  agent.connect();
  return undefined;
}

function cancelTask({ agent }: CommandParts, task: unknown): void {
  const id = taskId(task);
  if (id !== undefined) agent.cancel(id);
}

function answerTask({ consent }: CommandParts, task: unknown): void {
  const id = taskId(task);
  if (id !== undefined) consent.askAgain(id);
}

/** From the tree comes its row, from the menu the id. */
function taskId(task: unknown): string | undefined {
  const row = typeof task === 'object' && task !== null && 'task' in task ? task.task : undefined;
  const id = typeof row === 'object' && row !== null && 'id' in row ? row.id : task;
  return typeof id === 'string' ? id : undefined;
}

async function copyAgentId({ agent }: CommandParts): Promise<void> {
  const { connection } = agent.state;
  if (connection.kind !== 'connected') return showFailure(failures.signedOut());
  await vscode.env.clipboard.writeText(connection.agentId);
  vscode.window.setStatusBarMessage('Agent ID copied', 2000);
}

function asUri(value: unknown): vscode.Uri | undefined {
  return value instanceof vscode.Uri ? value : undefined;
}
