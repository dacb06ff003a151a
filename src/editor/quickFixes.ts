import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import { hasFix, placeOld, withLineEnds } from '../agent/findings/placeFix.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { toSpan, toSquiggle } from './convert.ts';
import { diagnosticSource } from './diagnostics.ts';
import { findingDocuments, placeOf } from './findingPlaces.ts';
import { plainLine } from './plainText.ts';
import type { ShownFindings } from './shownFindings.ts';

/** The light bulb. No action carries an edit: a fix opens as a diff first, whoever asks for it. */
export function offerQuickFixes(findings: ShownFindings): Disposable {
  return vscode.languages.registerCodeActionsProvider(
    findingDocuments,
    {
      provideCodeActions(document, range, context) {
        const place = placeOf(document.uri);
        if (!place) return [];
        return findings
          .markedIn(place.file)
          .filter(({ cell, stale }) => cell === place.cell && !stale)
          .filter((finding) => toSquiggle(finding).intersection(range))
          .flatMap((finding) => actionsFor(finding, document, context));
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
  );
}

function actionsFor(
  finding: Finding,
  document: vscode.TextDocument,
  context: vscode.CodeActionContext,
): vscode.CodeAction[] {
  const title = plainLine(finding.title, 60);
  const diagnostics = context.diagnostics.filter(
    (diagnostic) => diagnostic.source === diagnosticSource && diagnostic.message === plainLine(finding.title),
  );
  const action = (label: string, command: string) => {
    const created = new vscode.CodeAction(label, vscode.CodeActionKind.QuickFix);
    created.command = { command, title: label, arguments: [finding.id] };
    created.diagnostics = diagnostics;
    return created;
  };
  const actions: vscode.CodeAction[] = [];
  if (hasFix(finding)) {
    const text = document.getText();
    if (placeOld(text, withLineEnds(finding.fix.old, text), toSpan(document, finding.range))) {
      actions.push(action(`Preview fix: ${title}`, 'developerMesh.previewFix'));
    }
  }
  actions.push(action(`Explain: ${title}`, 'developerMesh.explainFinding'));
  actions.push(action(`Dismiss: ${title}`, 'developerMesh.dismissFinding'));
  actions.push(action('Dismiss with a Reason…', 'developerMesh.dismissWithReason'));
  return actions;
}
