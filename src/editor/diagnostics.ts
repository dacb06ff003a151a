import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { coalesce } from './coalesce.ts';
import { toDiagnosticSeverity, toSquiggle } from './convert.ts';
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

  const publish = disposables.add(
    coalesce(100, () => {
      const entries: [vscode.Uri, vscode.Diagnostic[] | undefined][] = [];
      for (const file of changed) {
        const diagnostics = findings.of(file).filter(isDrawn).map(toDiagnostic);
        const uri = shownAt.get(file) ?? uriOf(file);
        if (!uri) continue;
        if (diagnostics.length > 0) shownAt.set(file, uri);
        else shownAt.delete(file);
        entries.push([uri, diagnostics.length > 0 ? diagnostics : undefined]);
      }
      changed.clear();
      collection.set(entries);
    }),
  );
  const show = (files: Iterable<string>) => {
    for (const file of files) changed.add(file);
    publish.request();
  };
  disposables.add(findings.onChange(show));
  const standing = findings.all();
  if (standing.length > 0) show(standing.map((finding) => finding.file));
  return disposables;
}

/** An edited finding may be wrong by now, and what the editor's own tools said they show themselves. */
function isDrawn(finding: Finding): boolean {
  return !finding.stale && finding.source !== 'editor';
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
