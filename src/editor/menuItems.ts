import type { AgentState } from '../agent/agent.ts';

/** One thing a person can do now. */
export interface MenuItem {
  readonly command: string;
  readonly icon: string;
  readonly label: string;
  readonly detail?: string;
  readonly args?: readonly unknown[];
}

/** What else decides what makes sense now. */
export interface MenuSituation {
  readonly isTrusted: boolean;
  readonly hasServer: boolean;
  readonly hasEditor: boolean;
  /** Notebooks and documents without a file are reviewed, not documented. */
  readonly canDocument: boolean;
  readonly hasFolder: boolean;
  readonly hasSelection: boolean;
  readonly findings: number;
  readonly hiddenFindings: number;
  readonly displaysHidden: boolean;
  readonly dismissedFindings: number;
  /** What the model cost, as `spendLines` has it. */
  readonly spend?: readonly (readonly [label: string, value: string])[];
}

/**
 * Most useful first: what needs the person, then work, then what runs, then the rest. Cancelling is never first, because
 * the first item is what Enter takes.
 */
export function menuItems(state: AgentState, situation: MenuSituation): readonly MenuItem[] {
  const items: MenuItem[] = [];
  const { connection, running, queued, asking = [] } = state;
  const add = (command: string, icon: string, label: string, detail?: string, args?: readonly unknown[]) =>
    items.push({ command: `developerMesh.${command}`, icon, label, ...(detail && { detail }), ...(args && { args }) });

  if (!situation.isTrusted) {
    items.push({ command: 'workbench.trust.manage', icon: 'workspace-untrusted', label: 'Manage Workspace Trust' });
    add('showLog', 'output', 'Show Log');
    add('openSettings', 'gear', 'Open Settings');
    return items;
  }
  const failure = 'failure' in connection ? connection.failure : undefined;
  const needsKey = !situation.hasServer || failure?.next?.action === 'signIn';
  if (needsKey && (connection.kind === 'off' || connection.kind === 'attention')) {
    add('signIn', 'key', 'Sign In…', situation.hasServer ? failure?.message : undefined);
  } else if (connection.kind === 'waiting' || connection.kind === 'attention') {
    add('reconnectNow', 'refresh', 'Reconnect Now', connection.failure.message);
  } else if (connection.kind === 'off') {
    add('connect', 'plug', 'Connect', failure?.message);
  }
  for (const task of asking) {
    add('answerTask', 'bell-dot', `Allow or Refuse “${task.title ?? task.type}”…`, undefined, [task.id]);
  }
  if (situation.hasSelection) add('reviewSelection', 'selection', 'Review the Selection');
  if (situation.hasEditor) add('reviewFile', 'search', 'Review This File');
  if (situation.hasFolder) {
    add('reviewChanges', 'git-compare', 'Review Uncommitted Changes');
    add('reviewBranch', 'git-branch', 'Review This Branch…');
  }
  add('showPrompt', 'eye', 'Show What Would Be Sent…');
  if (situation.canDocument) add('documentSymbol', 'book', 'Document This Function');
  if (situation.hasFolder) add('ask', 'comment-discussion', 'Ask about the Code…');
  for (const task of [...running, ...queued, ...asking]) {
    add('cancelTask', 'circle-slash', `Cancel “${task.title ?? task.type}”`, undefined, [task.id]);
  }
  if (situation.findings > 0) add('clearFindings', 'clear-all', 'Clear All Findings');
  if (situation.hiddenFindings > 0) {
    const [command, icon, verb] = situation.displaysHidden
      ? ['hideHidden', 'eye-closed', 'Hide Hidden Findings Again']
      : ['showHidden', 'eye', 'Show Hidden Findings'];
    add(command, icon, verb, `${situation.hiddenFindings} by severity, confidence or limits`);
  }
  if (situation.dismissedFindings > 0) {
    add('restoreFindings', 'circle-slash', 'Dismissed Findings…', String(situation.dismissedFindings));
  }
  const [today, month] = situation.spend ?? [];
  if (today && month) add('openSettings', 'credit-card', today.join(': '), month.join(': '), ['developerMesh.budget']);
  if (connection.kind === 'connected') {
    add('copyAgentId', 'copy', 'Copy Agent ID', connection.agentId);
    add('disconnect', 'debug-disconnect', 'Disconnect');
  } else if (connection.kind === 'connecting' || connection.kind === 'waiting') {
    add('disconnect', 'debug-disconnect', 'Stop Connecting');
  }
  if (situation.hasServer) add('signOut', 'sign-out', 'Sign Out');
  add('showLog', 'output', 'Show Log');
  add('openSettings', 'gear', 'Open Settings');
  return items;
}
