import type { Log } from '../../host.ts';
import type { Clock } from '../../shared/clock.ts';
import type { NotReviewed } from '../../workspace/snapshot.ts';
import { type Grammar, grammarFor } from './engineFolder.ts';
import type { Rule, RuleLanguage } from './rule.ts';
import { createSlices, type Slices } from './slices.ts';
import type { StaticCheck } from './staticCheck.ts';
import type { UserRules } from './userRules.ts';

export interface RulesCheckOptions {
  /** Absolute path of the folder that the build filled, `dist/engine`. Read at the first file that needs it. */
  readonly engineFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The workspace's own rules, asked for once in a run; `taken` are the ids of ours. */
  readonly userRules?: (taken: ReadonlySet<string>, signal: AbortSignal) => Promise<UserRules>;
}

/** What one run has of the workspace's own. */
interface Own extends UserRules {
  /** Of rules that turned out not to work, by rule. */
  readonly broken: Map<Rule, NotReviewed>;
}

/** One step more can follow, of some milliseconds: half of what an editor lets an extension have without a hitch. */
const sliceMilliseconds = 4;

const familyOf: Readonly<Record<Grammar, RuleLanguage>> = {
  typescript: 'javascript',
  tsx: 'javascript',
  javascript: 'javascript',
  python: 'python',
  go: 'go',
  java: 'java',
};

/** Syntax rules, ours and the workspace's own. A run is what goes by one signal. */
export function createRulesCheck(options: RulesCheckOptions): StaticCheck {
  const { engineFolder, clock, log } = options;
  let loading: Promise<readonly Rule[]> | undefined;
  let unavailable: string | undefined;
  /** A first failure is kept: a damaged installation does not mend itself, and is reported once. */
  const ours = () => {
    loading ??= import('./gatheredRules.ts').then(({ gatheredRules }) => gatheredRules(engineFolder));
    return loading;
  };
  const readings = new WeakMap<AbortSignal, Promise<Own>>();
  const runs = new WeakMap<AbortSignal, Own>();
  /** One for all files of a run: many small files in a row hold the event loop as long as a large one does. */
  const slicesOf = new WeakMap<AbortSignal, Slices>();
  const readOwn = async (rules: readonly Rule[], signal: AbortSignal): Promise<Own> => {
    const read = await options.userRules?.(new Set(rules.map(({ id }) => id)), signal);
    const own: Own = { rules: read?.rules ?? [], problems: read?.problems ?? [], broken: new Map() };
    runs.set(signal, own);
    return own;
  };
  const ownOf = (rules: readonly Rule[], signal: AbortSignal): Promise<Own> => {
    const reading = readings.get(signal) ?? readOwn(rules, signal);
    readings.set(signal, reading);
    return reading;
  };

  return {
    name: 'rules',
    unavailable: () => unavailable,
    problems: (signal) => {
      const own = runs.get(signal);
      return own ? [...own.problems, ...own.broken.values()] : [];
    },
    check: async (snapshot, signal) => {
      signal.throwIfAborted();
      const grammar = grammarFor(snapshot.language);
      if (!grammar || unavailable !== undefined) return [];
      try {
        const all = await ours();
        const own = await ownOf(all, signal);
        const mine = own.rules.filter(({ rule, root }) => snapshot.file.startsWith(root) && !own.broken.has(rule));
        const wanted = [...all, ...mine.map(({ rule }) => rule)].filter((rule) => rule.language === familyOf[grammar]);
        const { runRules } = await import('./runRules.ts');
        const slices = slicesOf.get(signal) ?? createSlices(clock, signal, sliceMilliseconds);
        slicesOf.set(signal, slices);
        const broken = (rule: Rule, reason: string) => {
          const file = mine.find((each) => each.rule === rule)?.file;
          if (file !== undefined) own.broken.set(rule, { file, reason: `${rule.id} not used: ${reason}` });
          else log('error', 'A rule cannot be used', { rule: rule.id, reason });
        };
        const found = await runRules(wanted, snapshot, { grammar, engineFolder, clock, slices, broken });
        signal.throwIfAborted();
        return found;
      } catch (error) {
        signal.throwIfAborted();
        unavailable = `The rules cannot run: ${error instanceof Error ? error.message : String(error)}`;
        log('error', unavailable, { file: snapshot.file });
        return [];
      }
    },
  };
}
