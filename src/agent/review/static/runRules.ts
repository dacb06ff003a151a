import type { Node } from 'web-tree-sitter';
import type { FoundIssue } from '../../findings/finding.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import { type Lines, linesOf } from '../lines.ts';
import { conditionsIn, mayHold } from './conditions.ts';
import type { Grammar } from './engineFolder.ts';
import { nodesAt, nodesOf } from './matcher/candidates.ts';
import { matcherOf } from './matcher/matchers.ts';
import { type Bound, RuleProblem } from './matcher/pattern.ts';
import { byPlace, quoteAt } from './quote.ts';
import type { Rule } from './rule.ts';
import type { Slices } from './slices.ts';
import { suppressionsIn } from './suppressions.ts';
import { openSyntax } from './syntaxTree.ts';

export interface RulesRun {
  readonly grammar: Grammar;
  readonly engineFolder: string;
  readonly clock: Clock;
  readonly slices: Slices;
  /** A rule that cannot be used, or not on this file; it is left out, and the others go on. */
  broken(rule: Rule, reason: string): void;
}

/** Beyond so many matches of one rule, a file is generated or hostile, and more of the same helps nobody. */
const mostMatches = 100;
/** Places of one file that one rule is tried at. What lies beyond is not searched. */
const mostPlaces = 2000;
/** Of one rule in one file. Ours take a hundredth; one of the workspace's own may be written so that it never ends. */
const longestMilliseconds = 400;

/** The issues of one file, by place. A file in which no rule's trigger stands is not even parsed. */
export async function runRules(rules: readonly Rule[], snapshot: Snapshot, run: RulesRun): Promise<FoundIssue[]> {
  const { text } = snapshot;
  const { slices, grammar, clock } = run;
  const triggered: { rule: Rule; offsets: number[] | undefined }[] = [];
  for (const rule of rules) {
    await slices.pause();
    if (!mayHold(rule, text)) continue;
    const { trigger } = rule;
    const offsets =
      trigger === undefined ? undefined : Array.from(text.matchAll(triggerOf(trigger)), (hit) => hit.index);
    if (offsets?.length !== 0) triggered.push({ rule, offsets });
  }
  if (triggered.length === 0) return [];

  const syntax = await openSyntax(run.engineFolder);
  const parser = await syntax.parser(grammar);
  const tree = await syntax.parse(grammar, text, slices);
  try {
    const lines = linesOf(text);
    const suppressed = suppressionsIn(lines, text);
    const holds = conditionsIn(text, slices);
    const found: FoundIssue[] = [];
    for (const { rule, offsets } of triggered) {
      let spent = 0;
      try {
        const { test, kinds } = matcherOf(rule, grammar, parser);
        if (!offsets && !kinds) throw new RuleProblem('Without "trigger" it must say "kind" or "pattern".');
        const tried = new Set<number>();
        let matches = 0;
        let places = 0;
        let searchedTo = 0;
        for (const offset of offsets ?? [undefined]) {
          if (offset !== undefined && offset < searchedTo) continue;
          if (matches >= mostMatches || places++ >= mostPlaces) break;
          const at = offset === undefined ? undefined : nodesAt(tree.node, offset, kinds);
          const nodes = at?.nodes ?? nodesOf(tree.node, kinds ?? new Set(), mostPlaces);
          searchedTo = at?.until ?? 0;
          for (const node of nodes) {
            if (tried.has(node.id)) continue;
            tried.add(node.id);
            await slices.pause();
            const began = clock.monotonic();
            const bound = test(node, new Map());
            const fits = bound !== undefined && matches < mostMatches && (await holds(rule, node, bound));
            spent += clock.monotonic() - began;
            if (spent > longestMilliseconds) throw new RuleProblem(`It takes too long on ${snapshot.file}.`);
            if (!fits) continue;
            matches++;
            const issue = issueOf(rule, node, bound, snapshot, lines);
            if (!suppressed(issue.range.line, rule.id)) found.push(issue);
          }
        }
      } catch (error) {
        if (!(error instanceof RuleProblem)) throw error;
        run.broken(rule, error.message);
      }
    }
    return found.sort(byPlace);
  } finally {
    tree.dispose();
  }
}

const triggers = new Map<string, RegExp>();

function triggerOf(source: string): RegExp {
  const known = triggers.get(source);
  if (known) return known;
  const made = new RegExp(source, 'g');
  triggers.set(source, made);
  return made;
}

function issueOf(rule: Rule, node: Node, bound: Bound, snapshot: Snapshot, lines: Lines): FoundIssue {
  const at = quoteAt(snapshot.text, lines, node.startIndex, node.endIndex);
  const complete = at.quote.length === node.endIndex - node.startIndex;
  const fix = rule.fix !== undefined && complete ? filled(rule.fix, bound, snapshot.text) : undefined;
  return {
    source: 'rule',
    type: rule.type,
    severity: rule.severity,
    confidence: rule.confidence,
    file: snapshot.file,
    range: at.range,
    title: rule.title,
    description: rule.message.trim(),
    ...(rule.suggestion !== undefined && { suggestion: rule.suggestion.trim() }),
    ...(fix !== undefined && { fix: { old: at.quote, new: fix } }),
    ruleId: rule.id,
    ...(rule.url !== undefined && { ruleUrl: rule.url }),
    ...(rule.cwe !== undefined && { cwe: rule.cwe }),
    quote: at.quote,
  };
}

/** The template with `$NAME` and `$$$NAMES` replaced by the source text they matched. */
function filled(template: string, bound: Bound, text: string): string {
  return template.replace(/(?:\$\$\$|\$)([A-Z_][A-Z0-9_]*)/g, (_whole, name: string) => {
    const nodes = bound.get(name);
    const first = nodes?.[0];
    const last = nodes?.at(-1);
    return first && last ? text.slice(first.startIndex, last.endIndex) : '';
  });
}
