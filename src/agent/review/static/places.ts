import type { SgNode } from '@ast-grep/wasm/wasm_bg.js';
import type { Node } from 'web-tree-sitter';
import type { Disposable } from '../../shared/disposables.ts';
import type { SyntaxTree } from './astGrep.ts';

/** A part of a syntax tree. `whole`: to be searched with all below it; else only the node itself. */
export interface Place {
  readonly node: SgNode;
  readonly whole: boolean;
  /** Offset behind its last character. */
  readonly end: number;
}

interface Branch extends Place {
  readonly twin: Node;
  readonly inner: Map<number, Branch>;
}

/** A subtree of at most so many UTF-16 units is searched in one go, which takes a few milliseconds. */
const longestWhole = 6_000;
/** Code nested deeper than this was not written by people; what is below is not searched. */
const deepest = 150;

/** Of one tree; dispose them before the tree. */
export interface Places extends Disposable {
  /**
   * The parts that contain an offset, the outermost first: every node too long to be searched in one go, and the largest
   * subtree that is not. What lies elsewhere is never touched, and a part is made only once.
   */
  at(offset: number): readonly Place[];
}

export function placesOf(tree: SyntaxTree): Places {
  const root = branchOf(tree.root, tree.node);
  const free = (branch: Branch) => {
    for (const inner of branch.inner.values()) {
      free(inner);
      inner.node.free();
    }
  };
  return {
    at: (offset) => {
      const path: Branch[] = [];
      let current: Branch | undefined = root;
      while (current && path.length < deepest) {
        path.push(current);
        current = current.whole ? undefined : innerAt(current, offset);
      }
      return path;
    },
    dispose: () => free(root),
  };
}

function branchOf(node: SgNode, twin: Node): Branch {
  const whole = twin.endIndex - twin.startIndex <= longestWhole || twin.childCount === 0;
  return { node, twin, whole, end: twin.endIndex, inner: new Map() };
}

function innerAt(branch: Branch, offset: number): Branch | undefined {
  const index = indexOfChildAt(branch.twin, offset);
  if (index === undefined) return undefined;
  const known = branch.inner.get(index);
  if (known) return known;
  const node = branch.node.child(index);
  const twin = branch.twin.child(index);
  if (!node || !twin) return undefined;
  const made = branchOf(node, twin);
  branch.inner.set(index, made);
  return made;
}

/** By halving, for a node can have a hundred thousand children, and making them all takes seconds. */
function indexOfChildAt(parent: Node, offset: number): number | undefined {
  let low = 0;
  let high = parent.childCount - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((parent.child(middle)?.startIndex ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const child = parent.child(low);
  return child && child.startIndex <= offset && offset < child.endIndex ? low : undefined;
}
