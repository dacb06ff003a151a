import * as z from 'zod/mini';
import { categories, severities } from '../../findings/finding.ts';

/** A rule speaks of a family: `javascript` stands for JavaScript and TypeScript, with and without JSX. */
export const ruleLanguages = ['javascript', 'python', 'go', 'java'] as const;
export type RuleLanguage = (typeof ruleLanguages)[number];

const oneLine = z.string().check(z.minLength(10), z.maxLength(100), z.regex(/^[^\r\n]+$/));
/** A rule object in ast-grep's own form; the engine itself checks its inside when the tests load it. */
const matcher = z.record(z.string(), z.unknown());

const expression = z.string().check(z.minLength(2), z.maxLength(1000), z.refine(compiles));
const variable = z.string().check(z.regex(/^[A-Z][A-Z0-9_]*$/));

/**
 * What a pattern cannot say. Regular expressions are JavaScript's, `(?i)` in front ignores case; in `notAround`, `<NAME>`
 * stands for the text of a variable of the rule.
 */
export const conditionsSchema = z.strictObject({
  /** Must stand somewhere in the file, such as the import that gives a name its meaning. */
  file: z.optional(expression),
  /** Makes the whole file safe, such as a guard that a helper of it holds. */
  notInFile: z.optional(expression),
  /** A check in the function around the match that makes it safe. */
  notAround: z.optional(expression),
  /** Must stand somewhere in the file, with variables put in as in `notAround`. */
  somewhere: z.optional(expression),
  /** From what the value of a variable is made; see `origins.ts`. */
  value: z.optional(
    z.strictObject({
      of: variable,
      from: z.optional(expression),
      notFrom: z.optional(expression),
      parameter: z.optional(z.literal(true)),
    }),
  ),
  /** JavaScript: `object[key] = ...` that can write to Object.prototype; see `pollution.ts`. */
  pollutes: z.optional(z.strictObject({ object: variable, key: variable })),
  /** The variable is a regular expression that takes too long; `whole`: it must match to the end of the text. */
  backtracks: z.optional(
    z.strictObject({
      of: variable,
      grows: z.array(z.enum(['exponential', 'cubic', 'quadratic'])).check(z.minLength(1)),
      whole: z.optional(z.literal(true)),
    }),
  ),
});
export type Conditions = z.output<typeof conditionsSchema>;

export const ruleSchema = z.strictObject({
  /** `<family>-<what is wrong>`; also the file's name. Stands in reports and in suppression comments. */
  id: z.string().check(z.regex(/^(js|py|go|java)-[a-z0-9]+(-[a-z0-9]+)*$/), z.maxLength(60)),
  language: z.enum(ruleLanguages),
  severity: z.enum(severities),
  type: z.enum(categories),
  confidence: z.number().check(z.minimum(0.5), z.maximum(1)),
  title: oneLine,
  /** Plain text: the concrete scenario in which the code fails. */
  message: z.string().check(z.minLength(40), z.maxLength(800)),
  /** Plain text: what to write instead. */
  suggestion: z.optional(z.string().check(z.minLength(10), z.maxLength(400))),
  cwe: z.optional(z.string().check(z.regex(/^CWE-\d{1,4}$/))),
  /** The page that explains it. */
  url: z.string().check(z.regex(/^https:\/\/[^\s]+$/)),
  /**
   * A regular expression that must match inside the text of every match, starting inside it. Cheap to look for, it says
   * which parts of a file are worth parsing and matching at all.
   */
  trigger: z.string().check(z.minLength(2), z.refine(compiles)),
  rule: matcher,
  constraints: z.optional(matcher),
  where: z.optional(conditionsSchema),
  /** What replaces the match; `$NAME` and `$$$NAMES` stand for what the rule's own variables matched. */
  fix: z.optional(z.string().check(z.minLength(1), z.maxLength(400))),
});
/** Our own have a page and a trigger; those of a workspace need neither. */
export type Rule = Omit<z.output<typeof ruleSchema>, 'url' | 'trigger'> & {
  readonly url?: string | undefined;
  readonly trigger?: string | undefined;
};

const examples = z.array(z.string().check(z.minLength(5))).check(z.minLength(2));

/** One YAML file under `rules/<language>/`. */
export const ruleFileSchema = z.extend(ruleSchema, {
  /** `bad` must be found, `good` must not. */
  examples: z.strictObject({ bad: examples, good: examples }),
});
export type RuleFile = z.output<typeof ruleFileSchema>;

function compiles(source: string): boolean {
  try {
    const plain = source.startsWith('(?i)') ? source.slice(4) : source;
    return new RegExp(plain, 'g').source !== '';
  } catch {
    return false; // Only a SyntaxError can come from here, and it is the answer.
  }
}
