import * as vscode from 'vscode';
import type { Finding } from '../agent/findings/finding.ts';
import type { Disposable } from '../agent/shared/disposables.ts';
import { toSquiggle } from './convert.ts';
import { severityName } from './findingText.ts';
import { appendPlain } from './markdownText.ts';
import type { ShownFindings } from './shownFindings.ts';
import { fileOf } from './workspacePaths.ts';

/** Why it matters and what to do, under the title that the squiggle itself shows. */
export function showHovers(findings: ShownFindings): Disposable {
  return vscode.languages.registerHoverProvider(
    { scheme: 'file' },
    {
      provideHover(document, position) {
        const file = fileOf(document.uri);
        if (file === undefined) return undefined;
        const here = findings.of(file).filter((finding) => !finding.stale && toSquiggle(finding).contains(position));
        return here.length > 0 ? new vscode.Hover(here.map(hoverText)) : undefined;
      },
    },
  );
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
