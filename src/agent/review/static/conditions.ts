import type { Node } from 'web-tree-sitter';
import { constantText } from './constantText.ts';
import { toExpression } from './expression.ts';
import type { Bound } from './matcher/pattern.ts';
import { type Origins, originsIn } from './origins.ts';
import { pollutes } from './pollution.ts';
import type { Growth, GrowthOptions } from './regex/backtracking.ts';
import type { Conditions, Rule } from './rule.ts';
import { scopeAround } from './scope.ts';
import type { Slices } from './slices.ts';

/** How much code around a match may hold the check that makes it safe. */
const longestAround = 8_000;

/** What the text of a file alone decides, before it is parsed. */
export function mayHold({ where }: Rule, text: string): boolean {
  if (!where) return true;
  if (where.file !== undefined && !toExpression(where.file).test(text)) return false;
  return where.notInFile === undefined || !toExpression(where.notInFile).test(text);
}

/** Whether what a pattern cannot say holds too. A variable that the match does not have makes what is said of it false. */
export type Holds = (rule: Rule, match: Node, bound: Bound) => Promise<boolean>;

/** Of one file. */
export function conditionsIn(text: string, slices: Slices): Holds {
  const origins = originsIn();
  const polluted = new Set<number>();

  return async ({ where }, match, bound) => {
    if (!where) return true;
    const variable = (name: string) => bound.get(name)?.[0];
    if (where.notAround !== undefined) {
      if (toExpression(filledIn(where.notAround, bound)).test(scopeAround(match, longestAround).text)) return false;
    }
    if (where.somewhere !== undefined && !toExpression(filledIn(where.somewhere, bound)).test(text)) return false;
    if (where.value && !comesFrom(where.value, variable(where.value.of))) return false;
    if (where.pollutes) {
      const object = variable(where.pollutes.object);
      const key = variable(where.pollutes.key);
      const scope = scopeAround(match, longestAround).id;
      // Each function once: its other assignments have the same cause and the same cure.
      if (!object || !key || polluted.has(scope) || !pollutes(object, key, origins)) return false;
      polluted.add(scope);
    }
    if (where.backtracks) {
      const literal = variable(where.backtracks.of);
      const growth =
        literal && (await growthIn(literal, origins, { whole: where.backtracks.whole ?? false, pause: slices.pause }));
      return growth !== undefined && where.backtracks.grows.includes(growth);
    }
    return true;
  };

  function comesFrom(wanted: NonNullable<Conditions['value']>, value: Node | undefined): boolean {
    if (!value) return false;
    const { texts, parameter } = origins(value);
    if (wanted.parameter && !parameter) return false;
    const { from, notFrom } = wanted;
    if (notFrom !== undefined && texts.some((source) => toExpression(notFrom).test(source))) return false;
    return from === undefined || texts.some((source) => toExpression(from).test(source));
  }
}

/** A name is put in as it stands in the code; one that the match does not have makes its part match nothing. */
function filledIn(source: string, bound: Bound): string {
  return source.replace(/<([A-Z][A-Z0-9_]*)>/g, (_whole, name: string) => {
    const node = bound.get(name)?.[0];
    return node ? node.text.slice(0, 300).replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : '(?!)';
  });
}

/** The growth of a regular expression that is written as a literal of its own or as a text, perhaps in parts. */
async function growthIn(
  node: Node,
  origins: (value: Node) => Origins,
  options: GrowthOptions,
): Promise<Growth | undefined> {
  const { growthOf } = await import('./regex/backtracking.ts');
  const literal = /^\/([\s\S]+)\/([a-z]*)$/.exec(node.text);
  if (literal) return growthOf(literal[1] ?? '', literal[2] ?? '', options);
  const source = constantText(node, origins, 0);
  return source === undefined ? undefined : growthOf(source, '', options);
}
