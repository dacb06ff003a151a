import type { Node } from 'web-tree-sitter';
import type { Origins } from './origins.ts';
import { isFunction, scopeAround } from './scope.ts';

/** How large a function may be that is searched for a check of the key. */
const longestGuarded = 2_500;

/** An element under a name that runs: not a literal, not a counter. `rows[0]` and `rows[i]` are none, `rows[names[i]]` is. */
const element =
  /([\w$]+(?:\.[\w$]+)*)\s*\[\s*(?!(?:\d|['"`]|[ijkn]\]|[A-Z_]+\]|idx|index|start|end|len|count|offset|pos|[\w.]+\.length))[^\]\s]/g;

/**
 * Whether an assignment `object[key] = ...` can write to Object.prototype in JavaScript: the key comes from a parameter,
 * and so does the way to the object, step by step under names from outside, in a loop or by recursion.
 */
export function pollutes(object: Node, key: Node, origins: (value: Node) => Origins): boolean {
  if (!comesFromOutside(object, key, origins) || guarded(object)) return false;
  if (steps(origins(object))) return true;
  for (let current = object.parent; current; current = current.parent) {
    if (isFunction(current) && descends(current, object, origins)) return true;
  }
  return false;
}

/** Whether a function near by asks if the object has the key itself, or makes the object without a prototype. */
function guarded(object: Node): boolean {
  const name = object.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const asked = new RegExp(
    `hasOwn(?:Property)?(?:\\.call)?\\(\\s*${name}\\s*,|(?<![\\w$.])${name}\\.hasOwnProperty\\(`,
  );
  const around = scopeAround(object, longestGuarded).text;
  return asked.test(around) || around.includes('Object.create(null)');
}

/** The variables whose elements a text reads and hands on; what is only asked about them does not count. */
function walked(text: string): string[] {
  const handedOn = text.replace(/\b\w*(?:hasOwn|is[A-Z])\w*(?:\.call)?\([^()]*\)/g, '');
  return Array.from(handedOn.matchAll(element), (found) => found[1] ?? '');
}

/** Whether a variable is given an element of itself, round after round, or of one that is an element too, or by reduce. */
function steps({ texts, names }: Origins): boolean {
  const given = texts.slice(1).map((text, index) => ({ name: names[index] ?? '', text, bases: walked(text) }));
  const elements = new Set(given.filter(({ bases }) => bases.length > 0).map(({ name }) => name));
  return given.some(
    ({ text, bases }) => bases.some((base) => elements.has(base)) || (bases.length > 0 && /\breduce\s*\(/.test(text)),
  );
}

function comesFromOutside(object: Node, key: Node, origins: (value: Node) => Origins): boolean {
  if (!/^(?:identifier|member_expression|subscript_expression|call_expression)$/.test(key.type)) return false;
  if (/^(?:[ijkn]|idx|index|[A-Z_]+|.*\.length)$/.test(key.text)) return false;
  const { texts, names, parameter } = origins(key);
  if (texts.some((text, index) => names[index - 1] === key.text && /^\d+$/.test(text))) return false;
  // A prefix keeps a key away from __proto__, and so does a counter; an object's own keys lead nowhere else.
  const prefixed = /^\s*(?:['"`][\w$ -]+['"]\s*\+|`[\w$ -]+\$\{|[A-Z_]{3,}\s*\+)/;
  const own = new Set([object.text, `Object.keys(${object.text})`, `Object.entries(${object.text})`]);
  return parameter && !texts.some((text) => prefixed.test(text) || own.has(text));
}

/** Whether a function calls itself with an element of what it was given as the object that is written to. */
function descends(definition: Node, object: Node, origins: (value: Node) => Origins): boolean {
  const names = namesOf(definition);
  if (names.length === 0) return false;
  const parameters = definition.childForFieldName('parameters')?.namedChildren ?? [];
  const position = parameters.findIndex((parameter) => parameter?.text.split(/[\s=:?]/)[0] === object.text);
  const variadic = origins(object).texts.some((text) => /\barguments\b/.test(text));
  if (position < 0 && !variadic) return false;
  return definition.descendantsOfType('call_expression').some((call) => {
    const callee = call.childForFieldName('function')?.text ?? '';
    if (!names.includes(callee.split('.').at(-1) ?? '')) return false;
    const given = call.childForFieldName('arguments')?.namedChildren ?? [];
    return given.some(
      (argument, index) =>
        argument && (variadic || index === position) && origins(argument).texts.some((text) => walked(text).length > 0),
    );
  });
}

/** By which names a function can call itself, also when it is an expression that several variables are given. */
function namesOf(definition: Node): string[] {
  const own = definition.childForFieldName('name')?.text;
  const names = [...(own === undefined ? [] : [own]), 'callee'];
  for (let holder = definition.parent; holder; holder = holder.parent) {
    if (!/^(?:variable_declarator|assignment_expression|pair)$/.test(holder.type)) break;
    const target =
      holder.childForFieldName('name') ?? holder.childForFieldName('left') ?? holder.childForFieldName('key');
    if (target) names.push(target.text.split('.').at(-1) ?? '');
  }
  return names;
}
