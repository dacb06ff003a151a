import * as vscode from 'vscode';
import { parseServerUrl } from '../agent/connection/serverUrl.ts';
import { failures } from '../agent/failures.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import type { CommandParts } from './commandParts.ts';
import { showFailure } from './notifications.ts';
import { openSettings } from './openSettings.ts';

type Command = (...args: unknown[]) => unknown;

// Loaded when first used: what no command was given for is not on the way of the window's start.
const dismissing = () => import('./commands/dismiss.ts');
const findings = () => import('./commands/findings.ts');
const menu = () => import('./commands/menu.ts');
const results = () => import('./commands/openResult.ts');
const reviews = () => import('./commands/reviews.ts');
const signing = () => import('./commands/signIn.ts');
const tasks = () => import('./commands/tasks.ts');

/** Every command there is. package.json gives the titles; a test holds the two together. */
export function commandTable(parts: CommandParts): Readonly<Record<string, Command>> {
  const { agent, changes } = parts;
  return {
    'developerMesh.signIn': async () => (await signing()).signIn(parts),
    'developerMesh.signOut': async () => (await signing()).signOut(parts),
    'developerMesh.connect': () => connect(parts),
    'developerMesh.reconnectNow': () => connect(parts),
    'developerMesh.disconnect': () => agent.disconnect(),
    'developerMesh.showMenu': async () => (await menu()).showMenu(parts),
    'developerMesh.reviewFile': async (uri, uris) => (await reviews()).reviewFile(parts, uri, uris),
    'developerMesh.reviewSelection': async () => (await reviews()).reviewSelection(parts),
    'developerMesh.reviewChanges': async () => (await reviews()).reviewChanges(parts),
    'developerMesh.reviewStaged': async () => (await reviews()).reviewStaged(parts),
    'developerMesh.reviewBranch': async () => (await reviews()).reviewBranch(parts),
    'developerMesh.reviewCommit': async () => (await reviews()).reviewCommit(parts),
    'developerMesh.showPrompt': async (uri) => (await import('./commands/showPrompt.ts')).showPrompt(parts, uri),
    'developerMesh.documentSymbol': async () => (await tasks()).documentSymbol(parts),
    'developerMesh.ask': async () => (await tasks()).askAboutCode(parts),
    'developerMesh.cancelTask': (task) => cancelTask(parts, task),
    'developerMesh.answerTask': (task) => answerTask(parts, task),
    'developerMesh.openResult': async (taskId) => (await results()).openResult(parts, taskId),
    'developerMesh.clearFindings': () => parts.findings.clear(),
    'developerMesh.showHidden': () => parts.findings.displayHidden(true),
    'developerMesh.hideHidden': () => parts.findings.displayHidden(false),
    'developerMesh.restoreFindings': async () => (await dismissing()).restoreFindings(parts),
    'developerMesh.nextFinding': async () => (await findings()).goToNeighbour(parts, 'next'),
    'developerMesh.previousFinding': async () => (await findings()).goToNeighbour(parts, 'previous'),
    'developerMesh.revealFinding': async (finding) => (await findings()).revealFinding(parts, finding),
    'developerMesh.previewFix': async (finding) => (await findings()).previewFix(parts, finding),
    'developerMesh.explainFinding': async (finding) => (await findings()).explainFindingPage(parts, finding),
    'developerMesh.dismissFinding': async (finding) => (await dismissing()).dismissFinding(parts, finding),
    'developerMesh.dismissWithReason': async (finding) => (await dismissing()).dismissWithReason(parts, finding),
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
