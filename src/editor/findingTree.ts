import * as vscode from 'vscode';
import type { Finding, Severity } from '../agent/findings/finding.ts';
import { hasFix } from '../agent/findings/placeFix.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { coalesce } from './coalesce.ts';
import { type FindingGroup, groupFindings } from './findingGroups.ts';
import { fileUri } from './findingPlaces.ts';
import { countFindings, explainFinding, fileText, placeText, severityName } from './findingText.ts';
import { plainLine } from './plainText.ts';
import type { ShownFindings } from './shownFindings.ts';

export type FindingNode =
  /** `faint`: of the hidden ones. */
  | { readonly kind: 'file'; readonly group: FindingGroup; readonly faint: boolean }
  | { readonly kind: 'finding'; readonly finding: Finding; readonly faint: boolean }
  | { readonly kind: 'hidden'; readonly count: number; readonly displayed: boolean }
  | { readonly kind: 'dismissed'; readonly count: number };

/** The view "Findings": files, gravest first, and what was found in each; below them what is not shown. */
export function showFindingTree(findings: ShownFindings): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new vscode.EventEmitter<undefined>());
  const view = disposables.add(
    vscode.window.createTreeView<FindingNode>('developerMesh.findings', {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getChildren: (node) => [...childrenOf(node, findings)],
        getTreeItem: itemOf,
      },
    }),
  );
  const refresh = disposables.add(
    coalesce(150, () => {
      changed.fire(undefined);
      const count = findings.all().length;
      view.badge = count > 0 ? { value: count, tooltip: countFindings(count) } : undefined;
      view.description = beside(findings).join(', ');
    }),
  );
  disposables.add(
    // The colour of rows that have no other way to be faint.
    vscode.window.registerFileDecorationProvider({
      provideFileDecoration: ({ scheme }) =>
        scheme === faintScheme ? { color: new vscode.ThemeColor('disabledForeground') } : undefined,
    }),
  );
  disposables.add(findings.onChange(refresh.request));
  refresh.request();
  return disposables;
}

const faintScheme = 'developer-mesh-faint';

function beside(findings: ShownFindings): readonly string[] {
  const [hidden, dismissed] = [findings.hidden().length, findings.dismissed()];
  return [...(hidden > 0 ? [`${hidden} hidden`] : []), ...(dismissed > 0 ? [`${dismissed} dismissed`] : [])];
}

function childrenOf(node: FindingNode | undefined, findings: ShownFindings): readonly FindingNode[] {
  if (!node) {
    const [hidden, dismissed] = [findings.hidden().length, findings.dismissed()];
    const displayed = findings.displaysHidden;
    return [
      ...filesOf(findings.all(), false),
      ...(hidden > 0 ? [{ kind: 'hidden' as const, count: hidden, displayed }] : []),
      ...(dismissed > 0 ? [{ kind: 'dismissed' as const, count: dismissed }] : []),
    ];
  }
  switch (node.kind) {
    case 'file':
      return node.group.findings.map((finding) => ({ kind: 'finding', finding, faint: node.faint }));
    case 'hidden':
      return node.displayed ? filesOf(findings.hidden(), true) : [];
    case 'finding':
    case 'dismissed':
      return [];
  }
}

function filesOf(findings: readonly Finding[], faint: boolean): readonly FindingNode[] {
  return groupFindings(findings).map((group) => ({ kind: 'file', group, faint }));
}

function itemOf(node: FindingNode): vscode.TreeItem {
  switch (node.kind) {
    case 'file':
      return fileItem(node.group, node.faint);
    case 'finding':
      return findingItem(node.finding, node.faint);
    case 'hidden':
      return hiddenItem(node.count, node.displayed);
    case 'dismissed':
      return dismissedItem(node.count);
  }
}

function fileItem({ file, findings }: FindingGroup, faint: boolean): vscode.TreeItem {
  const name = fileText(file);
  const slash = name.lastIndexOf('/');
  const item = new vscode.TreeItem(name.slice(slash + 1), vscode.TreeItemCollapsibleState.Expanded);
  item.id = faint ? `hidden ${file}` : file;
  // The editor itself puts the number of problems behind it.
  if (slash > 0) item.description = name.slice(0, slash);
  item.tooltip = `${name}: ${countFindings(findings.length)}`;
  const uri = fileUri(file);
  if (uri) item.resourceUri = faint ? uri.with({ scheme: faintScheme }) : uri;
  item.iconPath = vscode.ThemeIcon.File;
  item.contextValue = 'file';
  item.accessibilityInformation = { label: faint ? `${item.tooltip}, hidden` : item.tooltip };
  return item;
}

function findingItem(finding: Finding, faint: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(plainLine(finding.title));
  const place = placeText(finding);
  item.id = finding.id;
  item.description = finding.stale ? `${place}, edited since` : place;
  item.tooltip = explainFinding(finding);
  item.iconPath = finding.stale ? new vscode.ThemeIcon('circle-outline') : severityIcon(finding.severity, faint);
  if (faint) item.resourceUri = vscode.Uri.from({ scheme: faintScheme, path: `/${finding.id}` });
  item.contextValue = hasFix(finding) && !finding.stale ? 'finding.fixable' : 'finding';
  item.command = { command: 'developerMesh.revealFinding', title: 'Show in File', arguments: [finding.id] };
  item.accessibilityInformation = {
    label: `${severityName[finding.severity]}: ${plainLine(finding.title)}, ${place}${faint ? ', hidden' : ''}`,
  };
  return item;
}

function hiddenItem(count: number, displayed: boolean): vscode.TreeItem {
  const { Expanded, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(`${count} hidden`, displayed ? Expanded : None);
  // Another row for the editor, which would else keep it closed.
  item.id = displayed ? 'hidden, displayed' : 'hidden';
  item.description = 'by severity, confidence or limits';
  item.tooltip = `${countFindings(count)} below the set severity or confidence, or beyond a limit`;
  item.iconPath = new vscode.ThemeIcon(displayed ? 'eye' : 'eye-closed');
  item.contextValue = displayed ? 'hidden.displayed' : 'hidden';
  if (!displayed) item.command = { command: 'developerMesh.showHidden', title: 'Show' };
  const action = displayed ? '' : '. Press Enter to show them';
  item.accessibilityInformation = { label: `${count} hidden by severity, confidence or limits${action}` };
  return item;
}

function dismissedItem(count: number): vscode.TreeItem {
  const item = new vscode.TreeItem(`${count} dismissed`);
  item.id = 'dismissed';
  item.tooltip = 'What was dismissed can be shown again';
  item.iconPath = new vscode.ThemeIcon('circle-slash');
  item.contextValue = 'dismissed';
  item.command = { command: 'developerMesh.restoreFindings', title: 'Dismissed Findings…' };
  item.accessibilityInformation = { label: `${count} dismissed. Press Enter to list them` };
  return item;
}

const severityIcons: Readonly<Record<Severity, readonly [icon: string, color: string]>> = {
  critical: ['flame', 'problemsErrorIcon.foreground'],
  high: ['error', 'problemsErrorIcon.foreground'],
  medium: ['warning', 'problemsWarningIcon.foreground'],
  low: ['info', 'problemsInfoIcon.foreground'],
};

function severityIcon(severity: Severity, faint: boolean): vscode.ThemeIcon {
  const [icon, color] = severityIcons[severity];
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(faint ? 'disabledForeground' : color));
}
