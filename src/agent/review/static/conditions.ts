import type { SgNode } from '@ast-grep/wasm/wasm_bg.js';
import type { Node } from 'web-tree-sitter';
import type { SyntaxTree } from './astGrep.ts';
import { originsIn } from './origins.ts';
import { pollutes } from './pollution.ts';
import type { Growth } from './regex/backtracking.ts';
import type { Conditions, Rule } from './rule.ts';
import { scopeAround } from './scope.ts';

/** How much code around a match may hold the check that makes it safe. */
const longestAround = 8_000;

/** What the text of a file alone decides, before it is parsed. */
export function mayHold({ where }: Rule, text: string): boolean {
  if (!where) return true;
  if (where.file !== undefined && !expression(where.file).test(text)) return false;
  return where.notInFile === undefined || !expression(where.notInFile).test(text);
}

/** Whether what a pattern cannot say holds too. `extent` gives offsets of a node of the matcher. */
export type Holds = (rule: Rule, match: SgNode) => Promise<boolean>;

/** Of one tree. A match whose variables cannot be asked for fails every condition about them. */
export function conditionsIn(tree: SyntaxTree, extentOf: (node: SgNode) => readonly [number, number]): Holds {
  const origins = originsIn();
  const twinOf = (match: SgNode): Node | null => {
    const [start, end] = extentOf(match);
    return tree.node.descendantForIndex(start, Math.max(start, end - 1));
  };
  const variable = (match: SgNode, name: string): Node | undefined => {
    const found = match.getMatch(name);
    if (!found) return undefined;
    const twin = twinOf(found);
    found.free();
    // Both ends of a longer expression lie in it, and so does what it is a part of.
    return twin ?? undefined;
  };

  return async ({ where }, match) => {
    if (!where) return true;
    if (where.notAround !== undefined && standsAround(where.notAround, match)) return false;
    if (where.value && !comesFrom(where.value, match)) return false;
    if (where.somewhere !== undefined && !expression(filledIn(where.somewhere, match)).test(tree.node.text))
      return false;
    if (where.pollutes) {
      const object = variable(match, where.pollutes.object);
      const key = variable(match, where.pollutes.key);
      if (!object || !key || !pollutes(object, key, origins)) return false;
    }
    if (where.backtracks) {
      const node = variable(match, where.backtracks.of);
      const growth = node && (await growthIn(node, where.backtracks.whole ?? false));
      return growth !== undefined && where.backtracks.grows.includes(growth);
    }
    return true;
  };

  /** A name is put in as it stands; a variable the match does not have makes its part match nothing. */
  function filledIn(source: string, match: SgNode): string {
    return source.replace(/<([A-Z][A-Z0-9_]*)>/g, (_whole, name: string) => {
      const node = variable(match, name);
      return node ? node.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : '(?!)';
    });
  }

  function standsAround(source: string, match: SgNode): boolean {
    const node = twinOf(match);
    return node !== null && expression(filledIn(source, match)).test(scopeAround(node, longestAround).text);
  }

  function comesFrom(wanted: NonNullable<Conditions['value']>, match: SgNode): boolean {
    const node = variable(match, wanted.of);
    if (!node) return false;
    const { texts, parameter } = origins(node);
    if (wanted.parameter && !parameter) return false;
    const { from, notFrom } = wanted;
    if (notFrom !== undefined && texts.some((text) => expression(notFrom).test(text))) return false;
    return from === undefined || texts.some((text) => expression(from).test(text));
  }
}

/** The growth of a regular expression that is written as a literal of its own or as a text. */
async function growthIn(node: Node, whole: boolean): Promise<Growth | undefined> {
  const { growthOf } = await import('./regex/backtracking.ts');
  const literal = /^\/([\s\S]+)\/([a-z]*)$/.exec(node.text);
  if (literal) return growthOf(literal[1] ?? '', literal[2] ?? '', whole);
  const quoted = /^([rRuUbB]*)("""|'''|["'])([\s\S]*)\2$/.exec(node.text);
  if (!quoted) return undefined;
  const [, prefix = '', , body = ''] = quoted;
  return growthOf(/r/i.test(prefix) ? body : unescaped(body), '', whole);
}

/** The escapes that matter in expressions; the others stay as they are, which they mean the same in an expression. */
const unescaped = (body: string): string => body.replace(/\\(["'\\])/g, '$1');

const compiled = new Map<string, RegExp>();

/** Compiled once: rules are few, and what they name in a match is short-lived but seldom. */
function expression(source: string): RegExp {
  const known = compiled.get(source);
  if (known) return known;
  if (compiled.size > 2000) compiled.clear();
  const insensitive = source.startsWith('(?i)');
  const made = new RegExp(insensitive ? source.slice(4) : source, insensitive ? 'i' : '');
  compiled.set(source, made);
  return made;
}
