import type { Finding } from '../findings/finding.ts';
import { placeOld, withLineEnds } from '../findings/placeFix.ts';
import type { Snapshot } from '../workspace/snapshot.ts';
import { linesOf } from './lines.ts';
import { grammarFor } from './static/engineFolder.ts';
import type { Slices } from './static/slices.ts';
import { openSyntax } from './static/syntaxTree.ts';

/** Whether the fix of a finding can be offered: see `createFixCheck`. */
export type FixCheck = (snapshot: Snapshot, finding: Finding, slices: Slices) => Promise<boolean>;

/**
 * A fix is good when the text that it replaces stands at the finding, and the file has no more syntax errors with it
 * than without. For a language without a grammar only the first can be told.
 */
export function createFixCheck(engineFolder: string): FixCheck {
  return async ({ text, language }, { fix, range }, slices) => {
    if (!fix || fix.old === fix.new) return false;
    const lines = linesOf(text);
    const near = {
      start: lines.startOf(range.line) + range.column - 1,
      end: lines.startOf(range.endLine) + range.endColumn - 1,
    };
    const place = placeOld(text, withLineEnds(fix.old, text), near);
    if (!place) return false;
    const grammar = grammarFor(language);
    if (!grammar) return true;
    const changed = text.slice(0, place.start) + withLineEnds(fix.new, text) + text.slice(place.end);
    const syntax = await openSyntax(engineFolder);
    const errorsIn = async (source: string) => {
      const tree = await syntax.parse(grammar, source, slices);
      try {
        if (!tree.node.hasError) return 0;
        return tree.node.descendantsOfType('ERROR').length + missing(tree.node);
      } finally {
        tree.dispose();
      }
    };
    const after = await errorsIn(changed);
    return after === 0 || after <= (await errorsIn(text));
  };
}

type SyntaxNode = Awaited<ReturnType<Awaited<ReturnType<typeof openSyntax>>['parse']>>['node'];

/** Nodes that the parser put in where the text should have had something. */
function missing(root: SyntaxNode): number {
  let count = 0;
  const waiting = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.isMissing) count += 1;
    if (node.hasError) for (const child of node.children) if (child) waiting.push(child);
  }
  return count;
}
