import type { Finding } from '../findings/finding.ts';
import type { Snapshot } from '../workspace/snapshot.ts';
import { anchorIn } from './anchor.ts';

/**
 * Findings of an earlier state of a file, such as that of a commit, at the place where their code stands in the file
 * now. What stands nowhere any more keeps its place in the earlier text, and is marked as not in the workspace.
 */
export function ontoToday({ today }: Snapshot): (finding: Finding) => Finding {
  if (today === undefined) return (finding) => finding;
  const anchor = today === null ? undefined : anchorIn(today);
  return (finding) => {
    const place = anchor?.(finding.quote, finding.range.line, finding.symbol);
    return place?.kind === 'at' && place.quote === finding.quote
      ? { ...finding, range: place.range }
      : { ...finding, inTask: true };
  };
}
