import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { cleanText } from '../agent/workspace/clean.ts';
import { coalesce } from './coalesce.ts';
import { toDiagnosticSeverity, toSquiggle, toVscodeRange } from './convert.ts';
import { isInTab } from './openTabs.ts';
import { plainLine } from './plainText.ts';
import type { ShownFindings } from './shownFindings.ts';
import { uriOf } from './workspacePaths.ts';

export const diagnosticSource = 'Developer Mesh';

/** Squiggles and the Problems list. Each file is replaced as a whole, so nothing is ever shown twice. */
export function showDiagnostics(findings: ShownFindings): Disposable {
  const disposables = new Disposables();
  const collection = disposables.add(vscode.languages.createDiagnosticCollection('developer-mesh'));
  const changed = new Set<string>();
  /** Where a file's squiggles were put, so that they can be taken away after its folder has gone. */
  const shownAt = new Map<string, vscode.Uri>();
  /** For each file with findings of the editor's own tools: which of them are drawn. */
  const drawnForEditor = new Map<string, string>();

  const publish = disposables.add(
    coalesce(100, () => {
      const entries: [vscode.Uri, vscode.Diagnostic[] | undefined][] = [];
      for (const file of changed) {
        const uri = shownAt.get(file) ?? uriOf(file);
        if (!uri) continue;
        const drawn = drawnIn(file, uri, findings);
        rememberEditors(file, drawn);
        if (drawn.length > 0) shownAt.set(file, uri);
        else shownAt.delete(file);
        entries.push([uri, drawn.length > 0 ? drawn.map(toDiagnostic) : undefined]);
      }
      changed.clear();
      collection.set(entries);
    }),
  );
  const rememberEditors = (file: string, drawn: readonly Finding[]) => {
    if (findings.of(file).some(isEditors)) drawnForEditor.set(file, idsOfEditors(drawn));
    else drawnForEditor.delete(file);
  };
  const show = (files: Iterable<string>) => {
    for (const file of files) changed.add(file);
    publish.request();
  };
  /** Others' diagnostics and tabs come and go all the time, ours among them: only a difference is published. */
  const look = disposables.add(
    coalesce(100, () => {
      const differing = [...drawnForEditor].filter(([file, before]) => {
        const uri = shownAt.get(file) ?? uriOf(file);
        return uri && idsOfEditors(drawnIn(file, uri, findings)) !== before;
      });
      if (differing.length > 0) show(differing.map(([file]) => file));
    }),
  );
  const lookAgain = () => drawnForEditor.size > 0 && look.request();
  disposables.add(vscode.languages.onDidChangeDiagnostics(lookAgain));
  disposables.add(vscode.window.tabGroups.onDidChangeTabs(lookAgain));
  disposables.add(findings.onChange(show));
  const standing = findings.all();
  if (standing.length > 0) show(standing.map((finding) => finding.file));
  return disposables;
}

const isEditors = (finding: Finding) => finding.source === 'editor';
const idsOfEditors = (drawn: readonly Finding[]) =>
  drawn
    .filter(isEditors)
    .map(({ id }) => id)
    .join();

/**
 * An edited finding may be wrong by now. What the editor's own tools said they show themselves, and better, once the
 * file is in a tab or as long as they show it anyway; for any other file nobody else shows it.
 */
function drawnIn(file: string, uri: vscode.Uri, findings: ShownFindings): readonly Finding[] {
  const standing = findings.of(file).filter((finding) => !finding.stale);
  if (!standing.some(isEditors)) return standing;
  const inTab = isInTab(uri);
  const theirs = vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== diagnosticSource);
  const isShownByThem = (finding: Finding) => theirs.some((diagnostic) => saysTheSame(diagnostic, finding));
  return standing.filter((finding) => !isEditors(finding) || !(inTab || isShownByThem(finding)));
}

function saysTheSame({ message, range }: vscode.Diagnostic, finding: Finding): boolean {
  const title = cleanText(message.trim().split(/\r\n|\r|\n/)[0] ?? '', 100).trim();
  return title === finding.title && toVscodeRange(finding.range).intersection(range) !== undefined;
}

export function toDiagnostic(finding: Finding): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(
    toSquiggle(finding),
    plainLine(finding.title),
    toDiagnosticSeverity(finding.severity),
  );
  diagnostic.source = diagnosticSource;
  const code = finding.ruleId === undefined ? undefined : plainLine(finding.ruleId, 100);
  const target = ruleTarget(finding);
  if (code) diagnostic.code = target ? { value: code, target } : code;
  return diagnostic;
}

/** Only our own rules bring a link along, and only https ones become clickable. */
function ruleTarget(finding: Finding): vscode.Uri | undefined {
  if (finding.ruleUrl === undefined || (finding.source !== 'rule' && finding.source !== 'secrets')) return undefined;
  const uri = vscode.Uri.parse(finding.ruleUrl);
  return uri.scheme === 'https' ? uri : undefined;
}
