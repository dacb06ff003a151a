import type { FoundIssue } from '../findings/finding.ts';

/** Words that say nothing about what is wrong. */
const empty = new Set(
  'the and for that this with not can may will are was were has have from into its when which then than but you your use used using should could would does did any all one here there code line value function method call'.split(
    ' ',
  ),
);

/** Whether two issues about the same lines speak of the same thing: half of the shorter one's words are in the other's. */
export function meansTheSame(a: FoundIssue, b: FoundIssue): boolean {
  const one = wordsOf(a);
  const other = wordsOf(b);
  const common = [...one].filter((word) => other.has(word)).length;
  return common >= 2 && common >= Math.min(one.size, other.size) / 2;
}

export function sameLines(a: FoundIssue, b: FoundIssue): boolean {
  return a.range.line <= b.range.endLine && b.range.line <= a.range.endLine;
}

/** `isUserAdmin` counts as three words, and `closing` as `clos`. */
function wordsOf(issue: FoundIssue): Set<string> {
  const words = `${issue.title} ${issue.description}`.replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2').toLowerCase();
  const stems = (words.match(/\p{L}{3,}/gu) ?? []).filter((word) => !empty.has(word));
  return new Set(stems.map((word) => (word.length > 4 ? word.replace(/(?:ing|ed|es|s|e)$/, '') : word)));
}
