import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { toSquiggle } from './convert.ts';
import { findingDocuments, placeOf } from './findingPlaces.ts';
import { severityName } from './findingText.ts';
import { appendPlain } from './markdownText.ts';
import type { ShownFindings } from './shownFindings.ts';

/** Why it matters and what to do, under the title that the squiggle itself shows. */
export function showHovers(findings: ShownFindings): Disposable {
  return vscode.languages.registerHoverProvider(findingDocuments, {
    provideHover(document, position) {
      const place = placeOf(document.uri);
      if (!place) return undefined;
      const here = findings
        .markedIn(place.file)
        .filter(({ cell, stale }) => cell === place.cell && !stale)
        .filter((finding) => toSquiggle(finding).contains(position));
      return here.length > 0 ? new vscode.Hover(here.map(hoverText)) : undefined;
    },
  });
}

function hoverText(finding: Finding): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.isTrusted = false;
  markdown.supportHtml = false;
  const confidence = Math.round(finding.confidence * 100);
  appendPlain(markdown, `${severityName[finding.severity]} · ${finding.type} · confidence ${confidence} %`, 100);
  markdown.appendMarkdown('\n\n');
  appendPlain(markdown, finding.description, 1500);
  if (finding.suggestion) {
    markdown.appendMarkdown('\n\n');
    appendPlain(markdown, finding.suggestion, 600);
  }
  return markdown;
}
