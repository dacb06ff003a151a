import type * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import { parseServerUrl } from '../agent/connection/serverUrl.ts';
import type { Host } from '../agent/host.ts';
import type { Settings } from '../agent/settings.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { createApplyChanges } from './applyChange.ts';
import { registerCommands } from './commands.ts';
import { keepContextKeys } from './contextKeys.ts';
import { showDiagnostics } from './diagnostics.ts';
import { showFindingTree } from './findingTree.ts';
import { followBaseline } from './followBaseline.ts';
import { followDocuments } from './followDocuments.ts';
import { keepHiddenFindings } from './hiddenFindings.ts';
import { showHovers } from './hover.ts';
import type { Keys } from './keys.ts';
import { notify } from './notifications.ts';
import { offerQuickFixes } from './quickFixes.ts';
import { createRetryCountdown, type RetryCountdown } from './retryCountdown.ts';
import type { Environment } from './settings.ts';
import { type ShownFindings, showFindings } from './shownFindings.ts';
import { showStatusBar } from './statusBar.ts';
import type { TaskConsent } from './taskConsent.ts';
import { keepTaskHistory, type TaskHistory } from './taskHistory.ts';
import { showTaskTree } from './taskTree.ts';
import { createVirtualDocuments } from './virtualDocuments.ts';

export interface AttachedParts {
  readonly agent: Agent;
  readonly host: Host;
  readonly keys: Keys;
  readonly consent: TaskConsent;
  readonly channel: vscode.LogOutputChannel;
  readonly environment: Environment;
  settings(): Settings;
}

/** Agent events in, surfaces out. */
export function attach(parts: AttachedParts): Disposable {
  const disposables = new Disposables();
  const { findings, history, countdown } = disposables.add(attachSurfaces(parts));
  const { agent, host, keys, consent, channel, environment, settings } = parts;
  const changes = disposables.add(createApplyChanges());
  const pages = disposables.add(createVirtualDocuments('developer-mesh-page'));
  const { symbols } = host;
  disposables.add(
    registerCommands({
      agent,
      findings,
      history,
      countdown,
      keys,
      consent,
      changes,
      pages,
      channel,
      symbols,
      environment,
      settings,
    }),
  );
  return disposables;
}

export interface Surfaces extends Disposable {
  readonly findings: ShownFindings;
  readonly history: TaskHistory;
  readonly countdown: RetryCountdown;
}

/** Everything that is seen, without the commands: their names can be taken only once in a window. */
export function attachSurfaces({
  agent,
  host,
  settings,
}: Pick<AttachedParts, 'agent' | 'host' | 'settings'>): Surfaces {
  const disposables = new Disposables();
  const onListenerError = (error: unknown) => host.log('error', 'a surface failed', { error: String(error) });
  const hidden = disposables.add(keepHiddenFindings(agent, onListenerError));
  const findings = disposables.add(showFindings(agent.findings, hidden, agent.suppressions, onListenerError));
  const history = disposables.add(keepTaskHistory(agent, onListenerError));
  const countdown = disposables.add(createRetryCountdown(agent));
  const hasServer = () => parseServerUrl(settings().server.url).ok;
  disposables.add(followDocuments(agent, hidden));
  disposables.add(followBaseline(agent));
  disposables.add(showDiagnostics(findings));
  disposables.add(offerQuickFixes(findings));
  disposables.add(showHovers(findings));
  disposables.add(showStatusBar(agent, findings, history, countdown, settings));
  disposables.add(showFindingTree(findings));
  disposables.add(showTaskTree(history));
  disposables.add(keepContextKeys(agent, findings, history, hasServer));
  disposables.add(notify(agent));
  return { findings, history, countdown, dispose: () => disposables.dispose() };
}
