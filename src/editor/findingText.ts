import type { Finding, Severity } from '../agent/findings/finding.ts';
import { plainLine, plainText, wrapped } from './plainText.ts';

export const severityName: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
};

const sourceName: Readonly<Record<Finding['source'], string>> = {
  rule: 'a rule',
  editor: "the editor's own tools",
  secrets: 'the secret scan',
  model: 'the AI review',
};

/** The page stands beside the code. */
const width = 60;

/** Everything that is known about a finding, as plain text for a read-only page. */
export function explainFinding(finding: Finding): string {
  const parts = [
    plainLine(finding.title),
    [
      `${severityName[finding.severity]} · ${finding.type}`,
      `Found by ${sourceName[finding.source]}, confidence ${Math.round(finding.confidence * 100)} %`,
      `${fileText(finding.file)}, ${placeText(finding)}${finding.stale ? ' (edited since)' : ''}`,
      ...(finding.ruleId ? [`Rule ${plainLine(finding.ruleId)}`] : []),
    ].join('\n'),
    wrapped(plainText(finding.description), width),
  ];
  if (finding.suggestion) parts.push(`What to do\n\n${wrapped(plainText(finding.suggestion), width)}`);
  if (finding.quote) parts.push(`The code\n\n${indented(finding.quote)}`);
  if (finding.fix) parts.push(`The proposed code\n\n${indented(finding.fix.new)}`);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** e.g. `line 12`, or in a notebook `cell 3, line 2`. */
export function placeText({
  cell,
  range,
}: {
  readonly cell?: number | undefined;
  readonly range: { readonly line: number };
}): string {
  return cell === undefined ? `line ${range.line}` : `cell ${cell}, line ${range.line}`;
}

/** A workspace path, or the name of a document without a file. */
export function fileText(file: string): string {
  return plainLine(file.replace(/^untitled:/, ''));
}

function indented(code: string): string {
  return plainText(code, 20_000).replace(/^(?=.)/gm, '    ');
}

/** e.g. `3 findings`, `1 finding`, `no findings`. */
export function countFindings(count: number): string {
  if (count === 0) return 'no findings';
  return count === 1 ? '1 finding' : `${count} findings`;
}
