import type { Node } from 'web-tree-sitter';
import type { Origins } from './origins.ts';
import { isFunction } from './scope.ts';

/** An element under a name that runs: not a literal, not a counter. `rows[0]` and `rows[i]` are none, `rows[names[i]]` is. */
const element = /[\w$\])]\s*\[\s*(?!(?:\d|['"`]|[ijkn]\]|idx|index|start|end|len|count|offset|pos|\w+\.length))[^\]\s]/;

/**
 * Whether an assignment `object[key] = ...` can write to Object.prototype in JavaScript: the key comes from a parameter,
 * and so does the way to the object, step by step under names from outside, in a loop or by recursion.
 */
export function pollutes(object: Node, key: Node, origins: (value: Node) => Origins): boolean {
  if (!comesFromOutside(key, origins)) return false;
  if (origins(object).texts.slice(1).some(walks)) return true;
  for (let current = object.parent; current; current = current.parent) {
    if (isFunction(current) && descends(current, object, origins)) return true;
  }
  return false;
}

/** A text that reads an element and hands it on; a comparison or a call about it does not. */
const walks = (text: string): boolean =>
  element.test(text.replace(/\b\w*(?:hasOwn|is[A-Z])\w*(?:\.call)?\([^()]*\)/g, ''));

function comesFromOutside(key: Node, origins: (value: Node) => Origins): boolean {
  if (/^(?:[ijkn]|idx|index|\d+|['"`].*['"`]|\w+\.length(?:\s*-\s*1)?)$/.test(key.text)) return false;
  const { texts, parameter } = origins(key);
  // Counters are numbers wherever they are used, and a prefix keeps a key away from __proto__.
  return parameter && !/^\s*(?:['"`][\w$ -]+['"]\s*\+|`[\w$ -]+\$\{|\d+$)/.test(texts[0] ?? '');
}

/** Whether a function calls itself with an element of what it was given as the object that is written to. */
function descends(definition: Node, object: Node, origins: (value: Node) => Origins): boolean {
  const name = nameOf(definition);
  if (name === undefined) return false;
  const parameters = definition.childForFieldName('parameters')?.namedChildren ?? [];
  const position = parameters.findIndex((parameter) => parameter?.text.split(/[\s=:?]/)[0] === object.text);
  const variadic = origins(object).texts.some((text) => /\barguments\b/.test(text));
  if (position < 0 && !variadic) return false;
  return definition.descendantsOfType('call_expression').some((call) => {
    const callee = call.childForFieldName('function')?.text ?? '';
    if (callee !== name && !callee.endsWith(`.${name}`) && callee !== 'arguments.callee') return false;
    const given = call.childForFieldName('arguments')?.namedChildren ?? [];
    return given.some(
      (argument, index) => argument && (variadic || index === position) && origins(argument).texts.some(walks),
    );
  });
}

/** By which name a function can be called, also when it is an expression that something is given. */
function nameOf(definition: Node): string | undefined {
  const own = definition.childForFieldName('name')?.text;
  if (own !== undefined) return own;
  const { parent } = definition;
  const holder =
    parent?.childForFieldName('name') ?? parent?.childForFieldName('left') ?? parent?.childForFieldName('key');
  return holder?.text.split('.').at(-1);
}
