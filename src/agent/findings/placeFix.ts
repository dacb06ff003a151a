import type { Finding } from './finding.ts';

/** UTF-16 offsets, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where `old` stands in `text` now: the occurrence that touches `near`, else the only one there is. Undefined when it
 * does not stand there any more or it cannot be told which is meant; then nothing may be changed.
 */
export function placeOld(text: string, old: string, near: Span): Span | undefined {
  if (old === '') return undefined;
  const found: Span[] = [];
  for (let at = text.indexOf(old); at !== -1 && found.length < 1000; at = text.indexOf(old, at + 1)) {
    found.push({ start: at, end: at + old.length });
  }
  const exact = found.find((span) => span.start === near.start && span.end === near.end);
  if (exact) return exact;
  const touching = found.filter((span) => span.start <= near.end && span.end >= near.start);
  const candidates = touching.length > 0 ? touching : found;
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** Models and rules write `\n`; the document may not. */
export function withLineEnds(text: string, documentText: string): string {
  return text.replace(/\r\n?|\n/g, documentText.includes('\r\n') ? '\r\n' : '\n');
}

/** Whether a person can be offered the fix at all. Where it goes is decided against the document. */
export function hasFix(finding: Finding): finding is Finding & { readonly fix: NonNullable<Finding['fix']> } {
  return finding.fix !== undefined && finding.fix.old !== finding.fix.new;
}
