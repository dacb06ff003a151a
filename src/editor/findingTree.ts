import * as vscode from 'vscode';
import type { Finding, Severity } from '../agent/findings/finding.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { coalesce } from './coalesce.ts';
import { type FindingGroup, groupFindings } from './findingGroups.ts';
import { countFindings, explainFinding, severityName } from './findingText.ts';
import { hasFix } from './placeFix.ts';
import { plainLine } from './plainText.ts';
import type { ShownFindings } from './shownFindings.ts';
import { uriOf } from './workspacePaths.ts';

export type FindingNode =
  | { readonly kind: 'file'; readonly group: FindingGroup }
  | { readonly kind: 'finding'; readonly finding: Finding };

/** The view "Findings": files, gravest first, and what was found in each. */
export function showFindingTree(findings: ShownFindings): Disposable {
  const disposables = new Disposables();
  const changed = disposables.add(new vscode.EventEmitter<undefined>());
  const view = disposables.add(
    vscode.window.createTreeView<FindingNode>('developerMesh.findings', {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: changed.event,
        getChildren: (node) => childrenOf(node, findings),
        getTreeItem: (node) => (node.kind === 'file' ? fileItem(node.group) : findingItem(node.finding)),
      },
    }),
  );
  const refresh = disposables.add(
    coalesce(150, () => {
      changed.fire(undefined);
      const count = findings.all().length;
      view.badge = count > 0 ? { value: count, tooltip: countFindings(count) } : undefined;
    }),
  );
  disposables.add(findings.onChange(refresh.request));
  refresh.request();
  return disposables;
}

function childrenOf(node: FindingNode | undefined, findings: ShownFindings): FindingNode[] {
  if (!node) return groupFindings(findings.all()).map((group) => ({ kind: 'file', group }));
  return node.kind === 'file' ? node.group.findings.map((finding) => ({ kind: 'finding', finding })) : [];
}

function fileItem({ file, findings }: FindingGroup): vscode.TreeItem {
  const name = plainLine(file);
  const slash = name.lastIndexOf('/');
  const item = new vscode.TreeItem(name.slice(slash + 1), vscode.TreeItemCollapsibleState.Expanded);
  item.id = file;
  // The editor itself puts the number of problems behind it.
  if (slash > 0) item.description = name.slice(0, slash);
  item.tooltip = `${name}: ${countFindings(findings.length)}`;
  const uri = uriOf(file);
  if (uri) item.resourceUri = uri;
  item.iconPath = vscode.ThemeIcon.File;
  item.contextValue = 'file';
  item.accessibilityInformation = { label: item.tooltip };
  return item;
}

function findingItem(finding: Finding): vscode.TreeItem {
  const item = new vscode.TreeItem(plainLine(finding.title));
  item.id = finding.id;
  item.description = finding.stale ? `line ${finding.range.line}, edited since` : `line ${finding.range.line}`;
  item.tooltip = explainFinding(finding);
  item.iconPath = finding.stale ? new vscode.ThemeIcon('circle-outline') : severityIcon(finding.severity);
  item.contextValue = hasFix(finding) && !finding.stale ? 'finding.fixable' : 'finding';
  item.command = { command: 'developerMesh.revealFinding', title: 'Show in File', arguments: [finding.id] };
  item.accessibilityInformation = {
    label: `${severityName[finding.severity]}: ${plainLine(finding.title)}, line ${finding.range.line}`,
  };
  return item;
}

function severityIcon(severity: Severity): vscode.ThemeIcon {
  switch (severity) {
    case 'critical':
      return new vscode.ThemeIcon('flame', new vscode.ThemeColor('problemsErrorIcon.foreground'));
    case 'high':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('problemsErrorIcon.foreground'));
    case 'medium':
      return new vscode.ThemeIcon('warning', new vscode.ThemeColor('problemsWarningIcon.foreground'));
    case 'low':
      return new vscode.ThemeIcon('info', new vscode.ThemeColor('problemsInfoIcon.foreground'));
  }
}
