/** Ours to VS Code's and back. Every position, severity and path crosses here and nowhere else. */
import * as vscode from 'vscode';
import type { Finding, Range, Severity } from '../agent/findings/finding.ts';
import type { Span } from '../agent/findings/placeFix.ts';
import type { CodeSymbol, ExistingDiagnostic } from '../agent/host.ts';

/** A squiggle over more lines than this is drawn under its first line only. */
const longestSquiggle = 10;

export function toVscodeRange(range: Range): vscode.Range {
  const zeroBased = (value: number) => Math.max(0, value - 1);
  return new vscode.Range(
    zeroBased(range.line),
    zeroBased(range.column),
    zeroBased(range.endLine),
    zeroBased(range.endColumn),
  );
}

export function toRange(range: vscode.Range): Range {
  return {
    line: range.start.line + 1,
    column: range.start.character + 1,
    endLine: range.end.line + 1,
    endColumn: range.end.character + 1,
  };
}

export function toSquiggle(finding: Finding): vscode.Range {
  const { range, quote } = finding;
  if (range.endLine - range.line < longestSquiggle) return toVscodeRange(range);
  const firstLine = /^[^\r\n]*/.exec(quote)?.[0] ?? '';
  return toVscodeRange({ ...range, endLine: range.line, endColumn: range.column + Math.max(1, firstLine.length) });
}

export function toDiagnosticSeverity(severity: Severity): vscode.DiagnosticSeverity {
  switch (severity) {
    case 'critical':
    case 'high':
      return vscode.DiagnosticSeverity.Error;
    case 'medium':
      return vscode.DiagnosticSeverity.Warning;
    case 'low':
      return vscode.DiagnosticSeverity.Information;
  }
}

export function toExistingDiagnostic(diagnostic: vscode.Diagnostic): ExistingDiagnostic {
  const code = typeof diagnostic.code === 'object' ? diagnostic.code.value : diagnostic.code;
  return {
    range: toRange(diagnostic.range),
    severity: existingSeverity(diagnostic.severity),
    message: diagnostic.message,
    source: diagnostic.source ?? '',
    ...(code !== undefined && { code: String(code) }),
  };
}

function existingSeverity(severity: vscode.DiagnosticSeverity): ExistingDiagnostic['severity'] {
  switch (severity) {
    case vscode.DiagnosticSeverity.Error:
      return 'error';
    case vscode.DiagnosticSeverity.Warning:
      return 'warning';
    case vscode.DiagnosticSeverity.Information:
      return 'information';
    case vscode.DiagnosticSeverity.Hint:
      return 'hint';
  }
}

/** Providers give trees, or flat lists where the language has no better; a flat entry becomes a symbol without children. */
export function toCodeSymbol(symbol: vscode.DocumentSymbol | vscode.SymbolInformation): CodeSymbol {
  const range = 'range' in symbol ? symbol.range : symbol.location.range;
  return {
    name: symbol.name,
    kind: vscode.SymbolKind[symbol.kind]?.toLowerCase() ?? 'unknown',
    range: toRange(range),
    children: 'children' in symbol ? symbol.children.map(toCodeSymbol) : [],
  };
}

export function toSpan(document: vscode.TextDocument, range: Range): Span {
  const { start, end } = toVscodeRange(range);
  return { start: document.offsetAt(start), end: document.offsetAt(end) };
}

export function fromSpan(document: vscode.TextDocument, span: Span): vscode.Range {
  return new vscode.Range(document.positionAt(span.start), document.positionAt(span.end));
}
