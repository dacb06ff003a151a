import type { Fix, FoundIssue, Range } from '../../findings/finding.ts';
import { cleanText, hiddenCharacters } from '../../workspace/clean.ts';
import { redact } from '../../workspace/redact.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import { anchorIn } from '../anchor.ts';
import { type Lines, linesOf } from '../lines.ts';
import type { ModelFinding } from './answerSchema.ts';

/** Lines a fix may be widened by on either side to make the text it replaces the only one of its kind. */
const widest = 5;

export type Placer = (finding: ModelFinding) => FoundIssue | undefined;

/**
 * Puts a model's findings where their quotes stand in the text that it was shown, which is the snapshot's, redacted, and
 * of the same length. Undefined: the quote stands nowhere, or nobody can tell where. Its words come out as plain text.
 */
export function createPlacer(snapshot: Snapshot, shownText: string): Placer {
  if (shownText.length !== snapshot.text.length) throw new Error('the shown text must have the length of the snapshot');
  const anchor = anchorIn(shownText);
  const lines = linesOf(snapshot.text);
  return (finding) => {
    const anchored = anchor(finding.quote, finding.lineHint, finding.symbol);
    if (anchored.kind !== 'at') return undefined;
    const title = plain(finding.title, 100);
    const description = plain(finding.failureScenario, 2000);
    if (title === '' || description === '') return undefined;
    const suggestion = finding.suggestion && plain(finding.suggestion, 1000);
    const fix = finding.fix && usableFix(finding.fix, snapshot.text, lines, anchored.range);
    return {
      source: 'model',
      type: finding.category,
      severity: finding.severity,
      confidence: finding.confidence,
      file: snapshot.file,
      range: anchored.range,
      title,
      description,
      quote: anchored.quote,
      ...(finding.cwe && { cwe: finding.cwe }),
      ...(finding.symbol && { symbol: plain(finding.symbol, 200) }),
      ...(suggestion && { suggestion }),
      ...(fix && { fix }),
    };
  };
}

function plain(text: string, longest: number): string {
  return cleanText(redact(text).text, longest).trim();
}

/** The fix when it changes something, hides nothing, and replaces text that stands exactly once or can be made to. */
function usableFix(given: Fix, text: string, lines: Lines, range: Range): Fix | undefined {
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const native = (code: string) => code.replace(/\r\n|\r|\n/g, lineBreak);
  const fix = { old: native(given.old), new: native(given.new) };
  if (fix.old.trim() === '' || fix.old === fix.new || hiddenCharacters(fix.new).length > 0) return undefined;
  const first = text.indexOf(fix.old);
  if (first === -1) return undefined;
  if (isOnly(text, fix.old)) return fix;

  for (let at = first; at !== -1; at = text.indexOf(fix.old, at + 1)) {
    const from = lines.lineAt(at);
    const to = lines.lineAt(at + fix.old.length - 1);
    if (to < range.line || from > range.endLine) continue;
    for (let more = 0; more <= widest; more++) {
      const start = lines.startOf(Math.max(1, from - more));
      const end = lines.endOf(Math.min(lines.count, to + more));
      const old = text.slice(start, end);
      if (isOnly(text, old))
        return { old, new: text.slice(start, at) + fix.new + text.slice(at + fix.old.length, end) };
    }
  }
  return undefined;
}

function isOnly(text: string, part: string): boolean {
  return text.indexOf(part) === text.lastIndexOf(part);
}
