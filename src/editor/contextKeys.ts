import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import type { ShownFindings } from './shownFindings.ts';
import type { TaskHistory } from './taskHistory.ts';

/** Keeps the `developerMesh.*` keys true that package.json's `when` clauses read. */
export function keepContextKeys(
  agent: Agent,
  findings: ShownFindings,
  history: TaskHistory,
  hasServer: () => boolean,
): Disposable {
  const disposables = new Disposables();
  const current = new Map<string, unknown>();
  const set = (key: string, value: unknown) => {
    if (current.get(key) === value) return;
    current.set(key, value);
    void vscode.commands.executeCommand('setContext', `developerMesh.${key}`, value);
  };
  const update = () => {
    const { connection, running, queued } = agent.state;
    const failure = connection.kind === 'off' ? connection.failure?.code : undefined;
    set('connection', connection.kind);
    set('signedIn', hasServer() && failure !== 'signed-out' && failure !== 'no-key');
    set('working', running.length + queued.length > 0);
    set('hasTasks', history.rows().length > 0);
    set('hasFindings', findings.all().length > 0);
    set('hidden', findings.hidden().length === 0 ? 'none' : findings.displaysHidden ? 'displayed' : 'hidden');
    set('hasDismissed', findings.dismissed() > 0);
  };
  disposables.add(agent.onEvent((event) => event.type !== 'finding' && event.type !== 'task-progress' && update()));
  disposables.add(findings.onChange(update));
  update();
  return disposables;
}
