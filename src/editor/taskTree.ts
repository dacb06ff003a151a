import * as vscode from 'vscode';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import type { TaskStatus } from '../agent/tasks/task.ts';
import { coalesce } from './coalesce.ts';
import { plainLine } from './plainText.ts';
import type { TaskHistory, TaskRow } from './taskHistory.ts';
import { reviewSentence } from './taskResults.ts';

/** The view "Tasks": what runs, what waits, what was done in this session. */
export function showTaskTree(history: TaskHistory): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new vscode.EventEmitter<undefined>());
  disposables.add(
    vscode.window.createTreeView<TaskRow>('developerMesh.tasks', {
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getChildren: (row) => (row ? [] : [...history.rows()]),
        getTreeItem: taskItem,
      },
    }),
  );
  const refresh = disposables.add(coalesce(250, () => changed.fire(undefined)));
  disposables.add(history.onChange(refresh.request));
  return disposables;
}

function taskItem(row: TaskRow): vscode.TreeItem {
  const title = plainLine(row.task.title ?? row.task.type);
  const item = new vscode.TreeItem(title);
  item.id = row.task.id;
  item.iconPath = taskIcon(row);
  item.description = taskDescription(row);
  item.contextValue = row.kind === 'done' || row.kind === 'asking' ? row.kind : 'active';
  if (row.kind === 'asking') {
    item.command = { command: 'developerMesh.answerTask', title: 'Allow or Refuse', arguments: [row.task.id] };
  }
  if (row.kind === 'done' && (row.result.status === 'completed' || row.result.status === 'inconclusive')) {
    item.command = { command: 'developerMesh.openResult', title: 'Open Result', arguments: [row.task.id] };
  }
  const origin = row.task.origin === 'server' ? 'From the server' : 'Asked for here';
  const why = reason(row);
  item.tooltip = [title, `${origin} · ${row.task.priority} priority`, ...(why ? [plainLine(why)] : [])].join('\n');
  item.accessibilityInformation = { label: `${title}, ${item.description}` };
  return item;
}

function reason(row: TaskRow): string | undefined {
  return row.kind === 'done' ? (row.failure?.message ?? row.result.error) : undefined;
}

function taskDescription(row: TaskRow): string {
  switch (row.kind) {
    case 'running': {
      const percent = `${Math.round(row.progress * 100)} %`;
      return row.message ? `${percent} · ${plainLine(row.message, 80)}` : percent;
    }
    case 'asking':
      return 'waits for your consent';
    case 'queued':
      return 'queued';
    case 'done': {
      const why = reason(row);
      if (why) return `${row.result.status} · ${plainLine(why, 80)}`;
      return row.task.type === 'code_review' ? reviewSentence(row.result.result) : row.result.status;
    }
  }
}

function taskIcon(row: TaskRow): vscode.ThemeIcon {
  switch (row.kind) {
    case 'running':
      return new vscode.ThemeIcon('sync~spin');
    case 'asking':
      return new vscode.ThemeIcon('bell-dot', new vscode.ThemeColor('problemsWarningIcon.foreground'));
    case 'queued':
      return new vscode.ThemeIcon('clock');
    case 'done':
      return doneIcons[row.result.status];
  }
}

const doneIcons: Readonly<Record<TaskStatus, vscode.ThemeIcon>> = {
  completed: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
  failed: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')),
  cancelled: new vscode.ThemeIcon('circle-slash'),
  inconclusive: new vscode.ThemeIcon('question', new vscode.ThemeColor('problemsWarningIcon.foreground')),
};
