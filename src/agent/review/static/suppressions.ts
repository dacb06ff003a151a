import type { Lines } from '../lines.ts';

const comment = /(?:\/\/|#|\/\*)[ \t]*mesh-ignore(-next-line)?(?![\w-])([^\r\n]*)/g;

/**
 * Comments by which a person accepts what a rule finds: `mesh-ignore` at the line itself, `mesh-ignore-next-line` above
 * it, each for all rules or for the ids that follow (`mesh-ignore js-eval, js-innerhtml: why it is fine`).
 */
export function suppressionsIn(lines: Lines, text: string): (line: number, ruleId: string) => boolean {
  const accepted = new Map<number, { all: boolean; ids: Set<string> }>();
  for (const found of text.matchAll(comment)) {
    const line = lines.lineAt(found.index) + (found[1] ? 1 : 0);
    const ids = (found[2] ?? '').split(':')[0]?.match(/\b[a-z][a-z0-9]*(?:-[a-z0-9]+)+/g) ?? [];
    const entry = accepted.get(line) ?? { all: false, ids: new Set() };
    if (ids.length === 0) entry.all = true;
    for (const id of ids) entry.ids.add(id);
    accepted.set(line, entry);
  }
  return (line, ruleId) => {
    const entry = accepted.get(line);
    return entry !== undefined && (entry.all || entry.ids.has(ruleId));
  };
}
