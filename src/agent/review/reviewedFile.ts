import type { Finding, Fix, FoundIssue } from '../findings/finding.ts';
import { fingerprint } from '../findings/fingerprint.ts';
import type { Clock } from '../shared/clock.ts';
import { redact } from '../workspace/redact.ts';
import type { Snapshot } from '../workspace/snapshot.ts';
import { withoutHidden } from './ai/injectionGuard.ts';
import { linesOf } from './lines.ts';

/** One file on its way through a review. */
export interface ReviewedFile {
  readonly snapshot: Snapshot;
  /** The snapshot's text as it may leave this machine: secrets masked, hidden characters replaced, same length. */
  readonly shownText: string;
  /** Secrets that were masked. */
  readonly redacted: number;
  /** What the checks found, filtered. */
  statics: readonly Finding[];
  /** What the model found, filtered. */
  models: readonly Finding[];
  /** What either found that is below the thresholds or beyond a limit: not shown, but there to be looked at. */
  hidden: readonly Finding[];
}

export function openFile(snapshot: Snapshot): ReviewedFile {
  const { text, count } = redact(snapshot.text);
  return { snapshot, shownText: withoutHidden(text), redacted: count, statics: [], models: [], hidden: [] };
}

/** Gives findings their identity, and takes out of their words what may not leave this machine. */
export function findingMaker(taskId: string, clock: Clock): (file: ReviewedFile, issue: FoundIssue) => Finding {
  return ({ snapshot, shownText }, { fix, ...issue }) => {
    const lines = linesOf(shownText);
    const start = lines.startOf(issue.range.line) + issue.range.column - 1;
    // Where a check gave the text of its range, the same place of the shown text; masked in the light of all around it.
    const isText = issue.quote !== '' && snapshot.text.startsWith(issue.quote, start);
    const safe: FoundIssue = {
      ...issue,
      title: redact(issue.title).text,
      description: redact(issue.description).text,
      ...(issue.suggestion && { suggestion: redact(issue.suggestion).text }),
      ...(fix && !carriesSecret(fix, snapshot.text, shownText) && { fix }),
      quote: isText ? shownText.slice(start, start + issue.quote.length) : redact(issue.quote).text,
    };
    return {
      ...safe,
      id: clock.uuid(),
      taskId,
      fingerprint: fingerprint(safe),
      ...(snapshot.absolutePath === undefined && { inTask: true }),
    };
  };
}

/** Findings are also printed and logged. A fix cannot be masked and still be applied, so one with a secret is left out. */
function carriesSecret(fix: Fix, text: string, shownText: string): boolean {
  if (fix.old === '' || redact(fix.new).count > 0) return true;
  for (let at = text.indexOf(fix.old); at !== -1; at = text.indexOf(fix.old, at + 1)) {
    for (let offset = at; offset < at + fix.old.length; offset++) {
      if (shownText[offset] !== text[offset] && shownText[offset] !== '\ufffd') return true;
    }
  }
  return false;
}
