import type { Node, Parser } from 'web-tree-sitter';
import type { Grammar } from '../engineFolder.ts';
import { toExpression } from '../expression.ts';
import { type Bound, fits, RuleProblem, readPattern } from './pattern.ts';

/** What is bound when a rule holds for a node, given what is bound already; undefined when it does not. */
export type Test = (node: Node, bound: Bound) => Bound | undefined;

export interface Matcher {
  readonly test: Test;
  /** The types of node it can hold for; undefined: any. */
  readonly kinds: ReadonlySet<string> | undefined;
}

export interface RuleSource {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly constraints?: Readonly<Record<string, unknown>>;
}

/** Below this a search for what a node has is given up: it would hold the event loop too long. */
const longestSearched = 400_000;
const deepestRule = 30;

/**
 * Compiles a rule as ast-grep writes it: first `pattern`, `kind`, `regex` and `nthChild`, then `all`, `any` and `not`, then
 * `inside`, `has`, `precedes` and `follows`, each an addition to what was said before; `constraints` for its variables.
 * Regular expressions are JavaScript's with flags in front, such as `(?is)`. Throws RuleProblem.
 */
export function compileRule(source: RuleSource, grammar: Grammar, parser: Parser): Matcher {
  const compile = (rule: unknown, depth: number): Matcher => {
    if (depth > deepestRule) throw new RuleProblem('The rule is nested too deep.');
    if (!isRecord(rule)) throw new RuleProblem('A rule must be an object.');
    const parts = order.flatMap((key) => (rule[key] === undefined ? [] : [compilePart(key, rule[key], depth + 1)]));
    const unknown = Object.keys(rule).find((key) => !order.some((known) => known === key));
    if (unknown !== undefined) throw new RuleProblem(`"${unknown}" is not known.`);
    if (parts.length === 0) throw new RuleProblem('A rule must say something.');
    const known = parts.map(({ kinds }) => kinds).find((kinds) => kinds !== undefined);
    return { test: inTurn(parts.map(({ test }) => test)), kinds: known };
  };

  const compilePart = (key: (typeof order)[number], value: unknown, depth: number): Matcher => {
    const inner = () => compile(value, depth);
    switch (key) {
      case 'kind':
        return ofKind(value, parser);
      case 'regex':
        return { test: ofText(value), kinds: undefined };
      case 'pattern':
        return ofPattern(value, grammar, parser);
      case 'nthChild':
        return { test: ofPosition(value, (rule) => compile(rule, depth)), kinds: undefined };
      case 'all':
        return compileAll(listOf(value).map((each) => compile(each, depth)));
      case 'any':
        return compileAny(listOf(value).map((each) => compile(each, depth)));
      case 'not': {
        const { test } = inner();
        return { test: (node, bound) => (test(node, bound) ? undefined : bound), kinds: undefined };
      }
      default: {
        if (!isRecord(value)) throw new RuleProblem(`"${key}" must be a rule.`);
        const { stopBy, field, ...rule } = value;
        const until = stopOf(stopBy, (each) => compile(each, depth));
        if (field !== undefined && typeof field !== 'string') throw new RuleProblem('"field" must be a name.');
        // Only where in the tree: `inside: { field: body }` alone would hold for anything.
        return { test: relations[key](compile(rule, depth), until, field), kinds: undefined };
      }
    }
  };

  const matcher = compile(source.rule, 0);
  const constraints = Object.entries(source.constraints ?? {}).map(
    ([name, rule]) => [name, compile(rule, 0).test] as const,
  );
  if (constraints.length === 0) return matcher;
  return {
    kinds: matcher.kinds,
    test: (node, before) => {
      let bound = matcher.test(node, before);
      for (const [name, test] of constraints) {
        const value = bound?.get(name)?.[0];
        if (bound && value) bound = test(value, bound);
      }
      return bound;
    },
  };
}

const order = [
  ...(['pattern', 'kind', 'regex', 'nthChild'] as const),
  ...(['all', 'any', 'not'] as const),
  ...(['inside', 'has', 'precedes', 'follows'] as const),
];

function inTurn(tests: readonly Test[]): Test {
  return (node, before) => {
    let bound: Bound | undefined = before;
    for (const test of tests) {
      bound = test(node, bound);
      if (!bound) return undefined;
    }
    return bound;
  };
}

function compileAll(parts: readonly Matcher[]): Matcher {
  return { test: inTurn(parts.map(({ test }) => test)), kinds: parts.find(({ kinds }) => kinds)?.kinds };
}

function compileAny(parts: readonly Matcher[]): Matcher {
  const kinds = parts.every((part) => part.kinds)
    ? new Set(parts.flatMap((part) => [...(part.kinds ?? [])]))
    : undefined;
  return {
    kinds,
    test: (node, bound) => {
      for (const { test, kinds: own } of parts) {
        const found = own && !own.has(node.type) ? undefined : test(node, bound);
        if (found) return found;
      }
      return undefined;
    },
  };
}

function ofKind(value: unknown, parser: Parser): Matcher {
  if (typeof value !== 'string') throw new RuleProblem('"kind" must be a name.');
  const { language } = parser;
  if (language && language.idForNodeType(value, true) === null && language.idForNodeType(value, false) === null) {
    throw new RuleProblem(`There is no kind "${value.slice(0, 60)}" in this language.`);
  }
  return { test: (node, bound) => (node.type === value ? bound : undefined), kinds: new Set([value]) };
}

function ofText(value: unknown): Test {
  if (typeof value !== 'string') throw new RuleProblem('"regex" must be text.');
  let expression: RegExp;
  try {
    expression = toExpression(value);
  } catch {
    throw new RuleProblem(`The regular expression "${value.slice(0, 60)}" is malformed.`);
  }
  return (node, bound) => (expression.test(node.text) ? bound : undefined);
}

function ofPattern(value: unknown, grammar: Grammar, parser: Parser): Matcher {
  const { code, selector } = isRecord(value)
    ? { code: value['context'], selector: value['selector'] }
    : { code: value, selector: undefined };
  if (typeof code !== 'string' || (selector !== undefined && typeof selector !== 'string')) {
    throw new RuleProblem('"pattern" must be text, or an object with "context" and "selector".');
  }
  const { template, kind } = readPattern(code, selector, grammar, parser);
  return {
    test: (node, bound) => fits(template, node, bound),
    kinds: kind === undefined ? undefined : new Set([kind]),
  };
}

function ofPosition(value: unknown, compile: (rule: unknown) => Matcher): Test {
  const { position, reverse, ofRule } = isRecord(value) ? value : { position: value };
  if (typeof position !== 'number') throw new RuleProblem('"nthChild" must be a number, or have one as "position".');
  const counts = ofRule === undefined ? undefined : compile(ofRule).test;
  return (node, bound) => {
    if (!node.isNamed) return undefined;
    const step = reverse === true ? 'nextNamedSibling' : 'previousNamedSibling';
    let count = 1;
    for (let other = node[step]; other && count <= position; other = other[step]) {
      if (!counts || counts(other, bound)) count++;
    }
    return count === position ? bound : undefined;
  };
}

type Until = 'neighbor' | 'end' | Test;

function stopOf(value: unknown, compile: (rule: unknown) => Matcher): Until {
  if (value === undefined || value === 'neighbor') return 'neighbor';
  return value === 'end' ? 'end' : compile(value).test;
}

const nothing: Bound = new Map();
const stops = (until: Until, node: Node): boolean =>
  until === 'neighbor' || (until !== 'end' && until(node, nothing) !== undefined);

type Relation = (inner: Matcher, until: Until, field: string | undefined) => Test;

const along =
  (step: 'nextSibling' | 'previousSibling'): Relation =>
  ({ test }, until) =>
  (node, bound) => {
    for (let other = node[step]; other; other = other[step]) {
      const found = test(other, bound);
      if (found || stops(until, other)) return found;
    }
    return undefined;
  };

const relations: Readonly<Record<'inside' | 'has' | 'precedes' | 'follows', Relation>> = {
  inside:
    ({ test }, until, field) =>
    (node, bound) => {
      let child = node;
      for (let outer = node.parent; outer; outer = outer.parent) {
        const placed = field === undefined || outer.childForFieldName(field)?.id === child.id;
        const found = placed ? test(outer, bound) : undefined;
        if (found || stops(until, outer)) return found;
        child = outer;
      }
      return undefined;
    },
  has: (inner, until, field) => (node, bound) => {
    if (field !== undefined) {
      const child = node.childForFieldName(field);
      return child
        ? (inner.test(child, bound) ?? (until === 'neighbor' ? undefined : below(child, inner, until, bound)))
        : undefined;
    }
    return below(node, inner, until, bound);
  },
  precedes: along('nextSibling'),
  follows: along('previousSibling'),
};

function below(node: Node, { test, kinds }: Matcher, until: Until, bound: Bound): Bound | undefined {
  if (until === 'end' && kinds) {
    if (node.endIndex - node.startIndex > longestSearched) return undefined;
    for (const inner of node.descendantsOfType([...kinds])) {
      const found = inner.id === node.id ? undefined : test(inner, bound);
      if (found) return found;
    }
    return undefined;
  }
  for (const child of node.children) {
    if (!child) continue;
    const possible = !kinds || kinds.has(child.type);
    const found =
      (possible ? test(child, bound) : undefined) ??
      (stops(until, child) ? undefined : below(child, { test, kinds }, until, bound));
    if (found) return found;
  }
  return undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new RuleProblem('"all" and "any" must be lists of rules.');
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
