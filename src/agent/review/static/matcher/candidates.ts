import type { Node } from 'web-tree-sitter';

/** Code nested deeper than this was not written by people; what stands further out is left. */
const deepest = 500;

export interface NodesAt {
  /** The innermost first. */
  readonly nodes: readonly Node[];
  /** Up to here every offset gives the same nodes. */
  readonly until: number;
}

/** The nodes of the given types that contain an offset; of any type when none are given. */
export function nodesAt(root: Node, offset: number, kinds: ReadonlySet<string> | undefined): NodesAt {
  const nodes: Node[] = [];
  let node = root.descendantForIndex(offset, offset);
  const until = node && node.childCount === 0 ? node.endIndex : offset + 1;
  for (let depth = 0; node && depth < deepest; depth++) {
    if (!kinds || kinds.has(node.type)) nodes.push(node);
    node = node.parent;
  }
  return { nodes, until };
}

/** Without an offset to begin from: all nodes of the given types, up to a number of them, in the order of the text. */
export function nodesOf(root: Node, kinds: ReadonlySet<string>, most: number): Node[] {
  return root.descendantsOfType([...kinds]).slice(0, most);
}
