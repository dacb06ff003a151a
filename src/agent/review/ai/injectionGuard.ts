import type { FoundIssue } from '../../findings/finding.ts';
import type { Clock } from '../../shared/clock.ts';
import { hiddenCharacters } from '../../workspace/clean.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import { type Lines, linesOf } from '../lines.ts';
import { quoteAt } from '../static/quote.ts';

/** A mark that nobody outside can have known, and that stands in none of the texts it is to enclose. */
export function unusedBoundary(clock: Pick<Clock, 'uuid'>, ...texts: readonly string[]): string {
  for (;;) {
    const boundary = `data-${clock.uuid()}`;
    if (!texts.some((text) => text.includes(boundary))) return boundary;
  }
}

/** Encloses text from the repository, the server or the model. What is inside cannot end the enclosure: it lacks the mark. */
export function fence(data: string, boundary: string): string {
  if (data.includes(boundary)) throw new Error('the boundary stands in the data');
  return `<<<${boundary}\n${data}\n${boundary}>>>`;
}

/**
 * The text as a model may see it: no character that hides, reorders or breaks a line unseen. Each is replaced by as many
 * U+FFFD, so that offsets, lines and columns stay what they were.
 */
export function withoutHidden(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (const { index, length } of hiddenCharacters(text)) {
    parts.push(text.slice(at, index), '\ufffd'.repeat(length));
    at = index + length;
  }
  return [...parts, text.slice(at)].join('').replace(/[\0-\b\v\f\x0e-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd');
}

const order =
  /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|system|your)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules|guidelines|directions|findings)\b/i;
const address =
  /\b(?:AI|LLMs?|automated|language[ -]model|code[ -]review)\b[^.\n]{0,30}\b(?:reviewers?|agents?|models?|assistants?|tools?|bots?)\b[^.\n]{0,60}\b(?:must|should|do not|don't|never|always|please)\b[^.\n]{0,60}\b(?:approve|skip|ignore|report|flag|mention|output|respond|reply|run|execute)\b/i;

const mostReports = 5;

/** Places where the text speaks to a model instead of a compiler, or hides something from the person who reads it. */
export function injectionIssues(snapshot: Snapshot): FoundIssue[] {
  const lines = linesOf(snapshot.text);
  const hidden = hiddenLines(snapshot.text, lines).map((line) => issueAt(snapshot, lines, line, 'hidden'));
  const spoken: FoundIssue[] = [];
  for (let line = 1; line <= lines.count && spoken.length < mostReports; line++) {
    const text = lines.textOf(line).slice(0, 2000);
    if (order.test(text) || address.test(text)) spoken.push(issueAt(snapshot, lines, line, 'order'));
  }
  return [...hidden.slice(0, mostReports), ...spoken];
}

/** Lines with a direction override or tags, or with so many other invisible characters that they can spell something. */
function hiddenLines(text: string, lines: Lines): number[] {
  const weight = new Map<number, number>();
  for (const { index, kind } of hiddenCharacters(text)) {
    const code = text.codePointAt(index) ?? 0;
    const inFlag =
      kind === 'tag' && /\u{1f3f4}[\u{e0020}-\u{e007f}]*$/u.test(text.slice(Math.max(0, index - 32), index));
    const mark = code === 0x61c || code === 0x200e || code === 0x200f;
    if (inFlag || mark) continue;
    const line = lines.lineAt(index);
    weight.set(line, (weight.get(line) ?? 0) + (kind === 'bidirectional' || kind === 'tag' ? 3 : 1));
  }
  return [...weight].filter(([, total]) => total >= 3).map(([line]) => line);
}

const words = {
  hidden: {
    severity: 'high',
    confidence: 0.9,
    title: 'Invisible characters hide or reorder text on this line',
    description:
      'A compiler or a model reads characters here that a person does not see, so the code or the comment can mean something else than it shows.',
    suggestion: 'Remove the invisible characters, or write them as escapes.',
    ruleId: 'injection/hidden-characters',
  },
  order: {
    severity: 'medium',
    confidence: 0.6,
    title: 'Text that gives orders to an AI tool',
    description:
      'This text speaks to a model that reads the file, not to a person. A tool that obeys it would hide defects or do what its author wants.',
    suggestion: 'Find out who wrote it and why, and remove it.',
    ruleId: 'injection/instructions',
  },
} as const;

function issueAt(snapshot: Snapshot, lines: Lines, line: number, kind: keyof typeof words): FoundIssue {
  const text = lines.textOf(line);
  const start = lines.startOf(line) + text.length - text.trimStart().length;
  const place = quoteAt(snapshot.text, lines, start, lines.endOf(line));
  return { source: 'rule', type: 'injection-attempt', file: snapshot.file, ...words[kind], ...place };
}
