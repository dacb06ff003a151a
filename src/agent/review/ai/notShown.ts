import type { LineSpan, NotReviewed, Snapshot } from '../../workspace/snapshot.ts';
import { linesOf } from '../lines.ts';
import { longestLine } from './chunks.ts';

/** One entry for a file and a reason: a hopeless failure leaves out all its pieces, one after the other. */
export function joinedByReason(all: readonly NotReviewed[]): NotReviewed[] {
  const kept = new Map<string, NotReviewed>();
  for (const entry of all) {
    const [, lines, rest] = /^lines ([\d, -]+), (.*)$/s.exec(entry.reason) ?? [];
    const key = JSON.stringify([entry.file, rest ?? entry.reason]);
    const earlier = /^lines ([\d, -]+), /.exec(kept.get(key)?.reason ?? '')?.[1];
    const reason = lines !== undefined && earlier !== undefined ? `lines ${earlier}, ${lines}, ${rest}` : entry.reason;
    kept.set(key, { file: entry.file, reason });
  }
  return [...kept.values()];
}

/** Lines that were too long to be shown whole. */
export function cutLines({ file, changed }: Snapshot, shownText: string): NotReviewed[] {
  const lines = linesOf(shownText);
  const wanted: readonly LineSpan[] = changed ?? [{ from: 1, to: lines.count }];
  return wanted.flatMap(({ from, to }) => {
    const cut: NotReviewed[] = [];
    for (let line = from; line <= Math.min(to, lines.count); line++) {
      if (lines.textOf(line).length <= longestLine) continue;
      const reason = `AI review: only the first ${longestLine} characters of the line were shown.`;
      const all = lines.count === 1;
      cut.push({ file, reason: `${all ? '' : `lines ${line}-${line}, `}${reason}` });
    }
    return cut;
  });
}
