import type { Node } from 'web-tree-sitter';

const functions = new Set([
  ...['function_declaration', 'function_expression', 'arrow_function', 'method_definition', 'generator_function'],
  ...['generator_function_declaration', 'function_definition', 'lambda', 'method_declaration', 'func_literal'],
  ...['constructor_declaration', 'lambda_expression', 'function'],
]);

/** Whether a node makes a scope of its own for parameters and variables, in any of the languages. */
export const isFunction = (node: Node): boolean => functions.has(node.type);

/**
 * The largest function around a node that is at most `longest` units long; without one, the file where it is that short,
 * else the statement at its top that holds the node.
 */
export function scopeAround(node: Node, longest: number): Node {
  let best: Node | undefined;
  let outermost = node;
  for (let current: Node | null = node; current; current = current.parent) {
    const fits = current.endIndex - current.startIndex <= longest;
    if (!current.parent) return best ?? (fits ? current : outermost);
    if (fits && isFunction(current)) best = current;
    outermost = current;
  }
  return best ?? outermost;
}
