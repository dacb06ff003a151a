import type { Node } from 'web-tree-sitter';
import type { Origins } from './origins.ts';

const deepest = 12;

/**
 * The text an expression always has: a literal, several of them added or joined, or a variable that is given one such
 * value. Undefined when it depends on something else.
 */
export function constantText(node: Node, origins: (value: Node) => Origins, depth: number): string | undefined {
  if (depth > deepest) return undefined;
  const inner = (part: Node | null) => (part ? constantText(part, origins, depth + 1) : undefined);
  switch (node.type) {
    case 'binary_expression':
    case 'binary_operator': {
      if (node.childForFieldName('operator')?.text !== '+') return undefined;
      const left = inner(node.childForFieldName('left'));
      const right = inner(node.childForFieldName('right'));
      return left === undefined || right === undefined ? undefined : left + right;
    }
    case 'parenthesized_expression':
      return inner(node.firstNamedChild);
    case 'concatenated_string':
      return all(node.namedChildren.map(inner))?.join('');
    case 'call_expression': {
      const callee = node.childForFieldName('function');
      const list = callee?.childForFieldName('object');
      if (callee?.childForFieldName('property')?.text !== 'join' || list?.type !== 'array') return undefined;
      const separator = inner(node.childForFieldName('arguments')?.firstNamedChild ?? null);
      const parts = all(list.namedChildren.map(inner));
      return separator === undefined ? undefined : parts?.join(separator);
    }
    case 'identifier': {
      const { values } = origins(node);
      const [only, ...others] = values;
      return only && others.length === 0 ? inner(only) : undefined;
    }
    default:
      return literalText(node.text);
  }
}

function all(parts: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? known : undefined;
}

/** Only the escapes that matter in expressions are undone; the others mean the same there. */
function literalText(source: string): string | undefined {
  const quoted = /^([rRuUbB]*)("""|'''|["'])([\s\S]*)\2$/.exec(source);
  const template = quoted ? undefined : /^`([^`$]*)`$/.exec(source)?.[1];
  const [, prefix = '', , body = template] = quoted ?? [];
  return body === undefined || /r/i.test(prefix) ? body : body.replace(/\\(["'`\\])/g, '$1');
}
