import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { cleanText } from '../agent/workspace/clean.ts';
import { coalesce } from './coalesce.ts';
import { toDiagnosticSeverity, toSquiggle, toVscodeRange } from './convert.ts';
import { documentUri, fileUri } from './findingPlaces.ts';
import { placeText } from './findingText.ts';
import { isInTab } from './openTabs.ts';
import { plainLine } from './plainText.ts';
import type { ShownFindings } from './shownFindings.ts';
import { fileOf } from './workspacePaths.ts';

export const diagnosticSource = 'Developer Mesh';

/** Squiggles and the Problems list. Each file is replaced as a whole, so nothing is ever shown twice. */
export function showDiagnostics(findings: ShownFindings): Disposable {
  const disposables = new Disposables();
  const collection = disposables.add(vscode.languages.createDiagnosticCollection('developer-mesh'));
  const changed = new Set<string>();
  /** Where a file's squiggles were put, so that they can be taken away after its folder has gone. */
  const shownAt = new Map<string, readonly vscode.Uri[]>();
  /** For each file with findings of the editor's own tools: which of them are drawn. */
  const drawnForEditor = new Map<string, string>();

  const publish = disposables.add(
    coalesce(100, () => {
      const entries: [vscode.Uri, vscode.Diagnostic[] | undefined][] = [];
      for (const file of changed) {
        const drawn = drawnIn(file, findings);
        rememberEditors(file, drawn);
        const marks = drawn.flatMap((finding) => markOf(finding, findings.isHidden(finding)) ?? []);
        for (const uri of shownAt.get(file) ?? []) entries.push([uri, undefined]);
        for (const { uri, diagnostic } of marks) entries.push([uri, [diagnostic]]);
        if (marks.length > 0) shownAt.set(file, uniqueUris(marks));
        else shownAt.delete(file);
      }
      changed.clear();
      collection.set(entries);
    }),
  );
  const rememberEditors = (file: string, drawn: readonly Finding[]) => {
    if (findings.markedIn(file).some(isEditors)) drawnForEditor.set(file, idsOfEditors(drawn));
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
        return idsOfEditors(drawnIn(file, findings)) !== before;
      });
      if (differing.length > 0) show(differing.map(([file]) => file));
    }),
  );
  const lookAgain = () => drawnForEditor.size > 0 && look.request();
  disposables.add(vscode.languages.onDidChangeDiagnostics(lookAgain));
  disposables.add(vscode.window.tabGroups.onDidChangeTabs(lookAgain));
  disposables.add(findings.onChange(show));
  // The documents of a notebook's cells come and go with it.
  const showNotebook = ({ uri }: vscode.NotebookDocument) => {
    const file = fileOf(uri);
    if (file !== undefined && findings.markedIn(file).length > 0) show([file]);
  };
  disposables.add(vscode.workspace.onDidOpenNotebookDocument(showNotebook));
  disposables.add(vscode.workspace.onDidCloseNotebookDocument(showNotebook));
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
function drawnIn(file: string, findings: ShownFindings): readonly Finding[] {
  const standing = findings.markedIn(file).filter((finding) => !finding.stale);
  const uri = standing.some(isEditors) ? fileUri(file) : undefined;
  if (!uri) return standing;
  const inTab = isInTab(uri);
  const theirs = vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== diagnosticSource);
  const isShownByThem = (finding: Finding) => theirs.some((diagnostic) => saysTheSame(diagnostic, finding));
  return standing.filter((finding) => !isEditors(finding) || !(inTab || isShownByThem(finding)));
}

function saysTheSame({ message, range }: vscode.Diagnostic, finding: Finding): boolean {
  const title = cleanText(message.trim().split(/\r\n|\r|\n/)[0] ?? '', 100).trim();
  return title === finding.title && toVscodeRange(finding.range).intersection(range) !== undefined;
}

interface Mark {
  readonly uri: vscode.Uri;
  readonly diagnostic: vscode.Diagnostic;
}

/** For a notebook that is not open the mark is on its file, and says where it belongs. */
function markOf(finding: Finding, isHidden: boolean): Mark | undefined {
  const diagnostic = toDiagnostic(finding);
  if (isHidden) diagnostic.severity = vscode.DiagnosticSeverity.Hint;
  const uri = documentUri(finding);
  if (uri) return { uri, diagnostic };
  const file = fileUri(finding.file);
  if (!file) return undefined;
  diagnostic.range = new vscode.Range(0, 0, 0, 0);
  diagnostic.message = `${diagnostic.message} (${placeText(finding)})`;
  return { uri: file, diagnostic };
}

function uniqueUris(marks: readonly Mark[]): readonly vscode.Uri[] {
  return [...new Map(marks.map(({ uri }) => [uri.toString(), uri])).values()];
}

function toDiagnostic(finding: Finding): vscode.Diagnostic {
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
