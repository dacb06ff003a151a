import type { Node, Parser } from 'web-tree-sitter';
import type { Grammar } from '../engineFolder.ts';

/** What the variables of a rule stand for: one node, or for `$$$NAMES` all of them. */
export type Bound = ReadonlyMap<string, readonly Node[]>;

/** A piece of code with holes, as a tree of its own that no engine keeps alive. */
export type Template =
  | { readonly kind: 'one'; readonly name: string; readonly named: boolean }
  | { readonly kind: 'many'; readonly name: string }
  | { readonly kind: 'leaf'; readonly type: string; readonly text: string; readonly named: boolean }
  | { readonly kind: 'node'; readonly type: string; readonly children: readonly Template[] };

/** `kinds` of node at which it can stand; undefined: any. */
export interface Pattern {
  readonly template: Template;
  readonly kind: string | undefined;
}

/** A rule says something that cannot be understood; the message is one sentence for the person who wrote it. */
export class RuleProblem extends Error {}

/**
 * Reads a pattern as ast-grep does: code of the language in which `$NAME` is any one node, the same text each time, and
 * `$$$NAMES` any number of them; a name that begins with `_` is not kept. `selector`: the part of the code that is meant.
 */
export function readPattern(code: string, selector: string | undefined, grammar: Grammar, parser: Parser): Pattern {
  const hole = holeOf(grammar);
  const tree = parser.parse(hole === '$' ? code : code.replace(/\$(?=\$|[A-Z_])/g, hole));
  if (!tree) throw new RuleProblem(`The pattern "${code.slice(0, 60)}" cannot be parsed.`);
  try {
    let node = selector === undefined ? tree.rootNode : firstOf(tree.rootNode, selector, code);
    if (selector === undefined) {
      for (let inner = onlyChild(node); inner; inner = onlyChild(node)) node = inner;
    }
    const template = templateOf(node, hole);
    return { template, kind: template.kind === 'leaf' || template.kind === 'node' ? template.type : undefined };
  } finally {
    tree.delete();
  }
}

/** Where `$` cannot begin a name, another letter stands for it while the pattern is parsed. */
const holeOf = (grammar: Grammar): string => (grammar === 'python' || grammar === 'go' ? 'µ' : '$');

function firstOf(root: Node, selector: string, code: string): Node {
  const found = root.descendantsOfType(selector)[0];
  if (!found) throw new RuleProblem(`No ${selector} stands in the pattern "${code.slice(0, 60)}".`);
  return found;
}

function onlyChild(node: Node): Node | null {
  if (node.childCount === 1) return node.child(0);
  return node.childCount === 2 && node.child(1)?.isMissing ? node.child(0) : null;
}

function templateOf(node: Node, hole: string): Template {
  const { text, type } = node;
  const variable = text.startsWith(hole)
    ? /^(\$\$\$|\$\$|\$)([A-Z_][A-Z0-9_]*)?$/.exec(text.replaceAll(hole, '$'))
    : null;
  if (variable) {
    const name = variable[2] ?? '_';
    if (variable[1] === '$$$') return { kind: 'many', name };
    if (variable[2] !== undefined) return { kind: 'one', name, named: variable[1] === '$' };
  }
  if (node.childCount === 0) return { kind: 'leaf', type, text, named: node.isNamed };
  const children = node.children.flatMap((child) => (child && !child.isMissing ? [templateOf(child, hole)] : []));
  return { kind: 'node', type, children };
}

/** What is bound when the template fits the node, or undefined. */
export function fits(template: Template, node: Node, bound: Bound): Bound | undefined {
  switch (template.kind) {
    case 'one':
      return template.named && !node.isNamed ? undefined : bind(template.name, [node], bound);
    case 'many':
      return bind(template.name, [node], bound);
    case 'leaf':
      return node.type === template.type && (!template.named || node.text === template.text) ? bound : undefined;
    case 'node':
      return node.type === template.type ? fitsAll(template.children, node.children, bound) : undefined;
  }
}

/** What the code has more of than the pattern, such as commas and key words, is passed over; names are not. */
function fitsAll(templates: readonly Template[], nodes: readonly (Node | null)[], start: Bound): Bound | undefined {
  let bound = start;
  let at = 0;
  for (let index = 0; index < templates.length; index++) {
    const template = templates[index] as Template;
    if (template.kind === 'many') {
      const next = templates.slice(index + 1).find((later) => later.kind !== 'many');
      const taken: Node[] = [];
      while (at < nodes.length) {
        const node = nodes[at];
        if (node && next && fits(next, node, bound)) break;
        if (node) taken.push(node);
        at++;
      }
      if (next === undefined) {
        const all = bind(template.name, taken, bound);
        if (all === undefined || templates.length > index + 1) return all;
        return all;
      }
      const more = bind(template.name, taken, bound);
      if (!more) return undefined;
      bound = more;
      continue;
    }
    for (;;) {
      const node = nodes[at++];
      if (at > nodes.length || !node) return undefined;
      const more = fits(template, node, bound);
      if (more) {
        bound = more;
        break;
      }
      if (node.isNamed) return undefined;
    }
  }
  return bound;
}

function bind(name: string, nodes: readonly Node[], bound: Bound): Bound | undefined {
  if (name.startsWith('_')) return bound;
  const before = bound.get(name);
  if (before) return textOf(before) === textOf(nodes) ? bound : undefined;
  return new Map(bound).set(name, nodes);
}

const textOf = (nodes: readonly Node[]): string => nodes.map((node) => node.text).join(' ');
