import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import { baselineFile } from '../agent/findings/suppressions.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { showFailure } from './notifications.ts';

/** Reads what was dismissed when there is something to hide, and again whenever a baseline file or the open folders change. */
export function followBaseline({ findings, suppressions }: Pick<Agent, 'findings' | 'suppressions'>): Disposable {
  const disposables = new Disposables();
  let loaded = false;
  let told = '';
  const load = async () => {
    loaded = true;
    const problems = await suppressions.load();
    const messages = problems.map((problem) => (problem.ok ? '' : problem.failure.message)).join(' ');
    // The same once: each review would say it again.
    if (messages !== told) for (const problem of problems) if (!problem.ok) void showFailure(problem.failure);
    told = messages;
  };
  disposables.add(
    findings.onChange(() => {
      if (!loaded) void load();
    }),
  );
  const watcher = disposables.add(vscode.workspace.createFileSystemWatcher(`**/${baselineFile}`));
  const again = () => {
    if (loaded) void load();
  };
  disposables.add(watcher.onDidChange(again));
  disposables.add(watcher.onDidCreate(again));
  disposables.add(watcher.onDidDelete(again));
  disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(again));
  return disposables;
}
