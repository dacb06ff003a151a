import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import type { Settings } from '../agent/settings.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { coalesce } from './coalesce.ts';
import { appendPlain } from './markdownText.ts';
import { plainLine } from './plainText.ts';
import type { RetryCountdown } from './retryCountdown.ts';
import type { ShownFindings } from './shownFindings.ts';
import { spendLines } from './spendText.ts';
import { type StatusView, statusView } from './statusView.ts';
import type { TaskHistory } from './taskHistory.ts';

/** One item: where the connection stands and how much work is going on. A click opens the menu. */
export function showStatusBar(
  agent: Agent,
  findings: ShownFindings,
  history: TaskHistory,
  countdown: RetryCountdown,
  settings: () => Settings,
): Disposable {
  const disposables = new Disposables();
  const item = disposables.add(
    vscode.window.createStatusBarItem('developerMesh.status', vscode.StatusBarAlignment.Left, 0),
  );
  item.name = 'Developer Mesh';
  item.command = 'developerMesh.showMenu';

  let tick: NodeJS.Timeout | undefined;
  disposables.add({ dispose: () => clearTimeout(tick) });

  const draw = () => {
    clearTimeout(tick);
    const { state } = agent;
    const extras = {
      secondsLeft: countdown.secondsLeft(),
      ...(state.spend && { spend: spendLines(state.spend, settings().budget) }),
      findings: findings.all().length,
      lastFailure: history.lastFailure(),
    };
    paint(item, statusView(state, extras));
    // Ticks with the seconds that are shown, and only while some are.
    const left = countdown.left();
    if (left > 0) tick = setTimeout(draw, (left % 1000) + 20);
  };
  const redraw = disposables.add(coalesce(100, draw));
  disposables.add(
    agent.onEvent((event) => {
      if (event.type !== 'finding' && event.type !== 'task-progress') redraw.request();
    }),
  );
  disposables.add(findings.onChange(redraw.request));
  redraw.request();
  item.show();
  return disposables;
}

function paint(item: vscode.StatusBarItem, view: StatusView): void {
  item.text = view.text;
  item.backgroundColor = view.attention ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  item.accessibilityInformation = { label: view.spoken, role: 'button' };
  item.tooltip = tooltip(view);
}

/** Server names, titles and reasons are other people's text: appended as text, never as Markdown. */
function tooltip(view: StatusView): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString('**Developer Mesh**\n\n');
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  appendPlain(markdown, view.sentence, 300);
  markdown.appendMarkdown('  \n');
  for (const [label, value] of view.details) {
    markdown.appendMarkdown(`${label}: `);
    appendPlain(markdown, plainLine(value), 300);
    markdown.appendMarkdown('  \n');
  }
  return markdown;
}
