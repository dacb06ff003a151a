import type { SgNode } from '@ast-grep/wasm/wasm_bg.js';
import type { FoundIssue } from '../../findings/finding.ts';
import type { Log } from '../../host.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Snapshot } from '../../workspace/snapshot.ts';
import { type Lines, linesOf } from '../lines.ts';
import { conditionsIn, mayHold } from './conditions.ts';
import { type Grammar, grammarFor } from './engineFolder.ts';
import type { Place } from './places.ts';
import { byPlace, quoteAt } from './quote.ts';
import type { Rule, RuleLanguage } from './rule.ts';
import { createSlices, type Slices } from './slices.ts';
import type { StaticCheck } from './staticCheck.ts';
import { suppressionsIn } from './suppressions.ts';

export interface RulesCheckOptions {
  /** Absolute path of the folder that the build filled, `dist/engine`. Read at the first file that needs it. */
  readonly engineFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Beyond so many matches of one rule, a file is generated or hostile, and more of the same helps nobody. */
const mostMatches = 100;
/** Places of one file that one rule is tried at; each takes up to a few milliseconds. What lies beyond is not searched. */
const mostPlaces = 2000;

const familyOf: Readonly<Record<Grammar, RuleLanguage>> = {
  typescript: 'javascript',
  tsx: 'javascript',
  javascript: 'javascript',
  python: 'python',
  go: 'go',
  java: 'java',
};

/** Syntax rules of our own. A file in which no rule's trigger stands is not even parsed. */
export function createRulesCheck(options: RulesCheckOptions): StaticCheck {
  let loading: Promise<readonly Rule[]> | undefined;
  let unavailable: string | undefined;
  /** A first failure is kept: a damaged installation does not mend itself, and is reported once. */
  const rules = () => {
    loading ??= import('./gatheredRules.ts').then(({ gatheredRules }) => gatheredRules());
    return loading;
  };

  return {
    name: 'rules',
    unavailable: () => unavailable,
    check: async (snapshot, signal) => {
      signal.throwIfAborted();
      const grammar = grammarFor(snapshot.language);
      if (!grammar || unavailable !== undefined) return [];
      try {
        const own = (await rules()).filter((rule) => rule.language === familyOf[grammar]);
        const found = await run(own, grammar, snapshot, options.engineFolder, createSlices(options.clock, signal));
        signal.throwIfAborted();
        return found;
      } catch (error) {
        signal.throwIfAborted();
        unavailable = `The rules cannot run: ${error instanceof Error ? error.message : String(error)}`;
        options.log('error', unavailable, { file: snapshot.file });
        return [];
      }
    },
  };
}

async function run(
  rules: readonly Rule[],
  grammar: Grammar,
  snapshot: Snapshot,
  engineFolder: string,
  slices: Slices,
): Promise<FoundIssue[]> {
  const { text } = snapshot;
  const triggered: { rule: Rule; offsets: number[] }[] = [];
  for (const rule of rules) {
    await slices.pause();
    if (!mayHold(rule, text)) continue;
    const offsets = Array.from(text.matchAll(new RegExp(rule.trigger, 'g')), (hit) => hit.index);
    if (offsets.length > 0) triggered.push({ rule, offsets });
  }
  if (triggered.length === 0) return [];

  const [{ openAstGrep }, { placesOf }] = await Promise.all([import('./astGrep.ts'), import('./places.ts')]);
  const tree = await (await openAstGrep(engineFolder)).parse(grammar, text, slices);
  const places = placesOf(tree);
  try {
    const lines = linesOf(text);
    const suppressed = suppressionsIn(lines, text);
    const holds = conditionsIn(tree, extentOf);
    const found: FoundIssue[] = [];
    for (const { rule, offsets } of triggered) {
      const matcher = { rule: rule.rule, ...(rule.constraints && { constraints: rule.constraints }) };
      const tried = new Set<Place>();
      let searchedTo = 0;
      let matches = 0;
      for (const offset of offsets) {
        if (offset < searchedTo) continue;
        if (matches >= mostMatches || tried.size >= mostPlaces) break;
        for (const place of places.at(offset)) {
          if (place.whole) searchedTo = place.end;
          if (tried.has(place)) continue;
          tried.add(place);
          await slices.pause();
          const nodes = place.whole ? place.node.findAll(matcher) : place.node.matches(matcher) ? [place.node] : [];
          for (const node of nodes) {
            if (matches < mostMatches && (await holds(rule, node))) {
              matches++;
              const issue = issueOf(rule, node, place.whole, snapshot, lines);
              if (!suppressed(issue.range.line, rule.id)) found.push(issue);
            }
            if (place.whole) node.free();
          }
        }
      }
    }
    return found.sort(byPlace);
  } finally {
    places.dispose();
    tree.dispose();
  }
}

/** `bound`: the node came from a search, so the variables of the rule can be asked for. */
function issueOf(rule: Rule, node: SgNode, bound: boolean, snapshot: Snapshot, lines: Lines): FoundIssue {
  const [start, end] = extentOf(node);
  const at = quoteAt(snapshot.text, lines, start, end);
  const complete = at.quote.length === end - start;
  const fix = rule.fix !== undefined && bound && complete ? filled(rule.fix, node, snapshot.text) : undefined;
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
    ruleUrl: rule.url,
    quote: at.quote,
  };
}

/** The template with `$NAME` and `$$$NAMES` replaced by the source text they matched. */
function filled(template: string, node: SgNode, text: string): string {
  return template.replace(/(\$\$\$|\$)([A-Z_][A-Z0-9_]*)/g, (_whole, dollars: string, name: string) => {
    const parts = dollars === '$' ? [node.getMatch(name) ?? []].flat() : node.getMultipleMatches(name);
    const extents = parts.map(extentOf);
    for (const part of parts) part.free();
    const first = extents[0];
    const last = extents[extents.length - 1];
    return first && last ? text.slice(first[0], last[1]) : '';
  });
}

/** Offsets in UTF-16 units; the end is exclusive. */
function extentOf(node: SgNode): [number, number] {
  const range = node.range();
  const { start, end } = range;
  const extent: [number, number] = [start.index, end.index];
  for (const used of [start, end, range]) used.free();
  return extent;
}
