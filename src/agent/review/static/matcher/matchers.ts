import type { Parser } from 'web-tree-sitter';
import type { Grammar } from '../engineFolder.ts';
import type { Rule } from '../rule.ts';
import { compileRule, type Matcher } from './compileRule.ts';

/** A rule is compiled when it is first wanted, once for each grammar. */
const compiled = new WeakMap<Rule, Map<Grammar, Matcher>>();

/** Throws RuleProblem. */
export function matcherOf(rule: Rule, grammar: Grammar, parser: Parser): Matcher {
  const known = compiled.get(rule) ?? new Map<Grammar, Matcher>();
  compiled.set(rule, known);
  const kept = known.get(grammar);
  if (kept) return kept;
  const made = compileRule(
    { rule: rule.rule, ...(rule.constraints && { constraints: rule.constraints }) },
    grammar,
    parser,
  );
  known.set(grammar, made);
  return made;
}
