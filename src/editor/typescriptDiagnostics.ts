import * as vscode from 'vscode';
import * as z from 'zod/mini';
import type { ExistingDiagnostic } from '../agent/host.ts';

const place = z.object({ line: z.number(), offset: z.number() });
const answer = z.object({
  body: z.array(
    z.object({ start: place, end: place, text: z.string(), code: z.optional(z.number()), category: z.string() }),
  ),
});
const languages: readonly string[] = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact'];

export const isTypescripts = (document: vscode.TextDocument) => languages.includes(document.languageId);

/**
 * What TypeScript says about an opened document that stands in no tab. VS Code's TypeScript extension publishes
 * diagnostics only for files in tabs, but hands on these two requests to its server (its command
 * `typescript.tsserverRequest`, there since before 1.104). Empty where the extension is switched off.
 */
export async function typescriptDiagnostics(document: vscode.TextDocument): Promise<readonly ExistingDiagnostic[]> {
  const told: ExistingDiagnostic[] = [];
  for (const request of ['syntacticDiagnosticsSync', 'semanticDiagnosticsSync']) {
    const said = await vscode.commands.executeCommand('typescript.tsserverRequest', request, { file: document.uri });
    const read = answer.safeParse(said);
    if (!read.success) continue;
    for (const { start, end, text, code, category } of read.data.body) {
      if (category !== 'error' && category !== 'warning') continue;
      told.push({
        range: { line: start.line, column: start.offset, endLine: end.line, endColumn: end.offset },
        severity: category,
        message: text,
        source: 'ts',
        ...(code !== undefined && { code: String(code) }),
      });
    }
  }
  return told;
}
