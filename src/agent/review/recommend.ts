import type { FoundIssue } from '../findings/finding.ts';
import { byWeight } from './filter.ts';

const most = 10;

/** What to do, the most urgent first: one plain sentence a cause, with its first place and how many more there are. */
export function recommend(findings: readonly FoundIssue[]): string[] {
  const causes = new Map<string, { advice: string; places: string[] }>();
  for (const finding of [...findings].sort(byWeight)) {
    const advice = adviceOf(finding);
    const key = finding.ruleId ?? advice.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ');
    const cause = causes.get(key) ?? { advice, places: [] };
    cause.places.push(`${finding.file}:${finding.range.line}`);
    causes.set(key, cause);
  }
  return [...causes.values()].slice(0, most).map(({ advice, places }) => {
    const [first, ...others] = places;
    return `${advice} (${first}${others.length > 0 ? ` and ${others.length} more` : ''})`;
  });
}

/** The first sentence of the suggestion; without one, what is to be put right. */
function adviceOf({ suggestion, title }: FoundIssue): string {
  const sentence = /^.+?[.!?](?=\s|$)/s.exec(suggestion?.trim() ?? '')?.[0] ?? suggestion?.trim();
  return (sentence || `Put right: ${title}`).replace(/\s+/g, ' ').replace(/[.\s]+$/, '');
}
