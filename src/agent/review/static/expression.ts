const compiled = new Map<string, RegExp>();
/** Rules are few; only what conditions put in is new each time. */
const mostKept = 2000;

/**
 * A regular expression of a rule. Flags stand in front, as in `(?i)password` or `(?is)^select`. Throws a SyntaxError.
 * The same object for the same text, so it must not have state: never global.
 */
export function toExpression(source: string): RegExp {
  const known = compiled.get(source);
  if (known) return known;
  if (compiled.size >= mostKept) compiled.clear();
  const flagged = /^\(\?([ims]+)\)/.exec(source);
  const made = flagged ? new RegExp(source.slice(flagged[0].length), flagged[1]) : new RegExp(source);
  compiled.set(source, made);
  return made;
}
