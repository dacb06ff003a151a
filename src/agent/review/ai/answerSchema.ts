import * as z from 'zod/mini';
import { categories, severities } from '../../findings/finding.ts';
import type { ToolForm } from '../../models/model.ts';

/** One finding as a model words it: nothing in it is trusted, and its line is only a hint. */
export interface ModelFinding {
  /** Which of the request's files it speaks of, from 1. */
  readonly file?: number;
  readonly quote: string;
  readonly lineHint?: number;
  readonly symbol?: string;
  readonly category: (typeof categories)[number];
  /** e.g. `CWE-89` */
  readonly cwe?: string;
  readonly severity: (typeof severities)[number];
  /** 0..1 */
  readonly confidence: number;
  readonly title: string;
  readonly failureScenario: string;
  readonly suggestion?: string;
  readonly fix?: { readonly old: string; readonly new: string };
}

const filled = (longest: number) => z.string().check(z.trim(), z.minLength(1), z.maxLength(longest));
const code = z.string().check(z.maxLength(8000));
const whole = z.catch(z.optional(z.coerce.number().check(z.int(), z.minimum(1))), undefined);
const item = z.object({
  file: whole,
  quote: code.check(z.refine((quote) => quote.trim() !== '')),
  line_hint: whole,
  symbol: z.catch(z.optional(z.string().check(z.maxLength(256))), undefined),
  category: z.enum(categories),
  cwe: z.catch(z.optional(z.string().check(z.regex(/^cwe-[1-9]\d{0,3}$/i))), undefined),
  severity: z.enum(severities),
  confidence: z.coerce.number().check(z.minimum(0), z.maximum(100)),
  title: filled(1000),
  failure_scenario: filled(8000),
  suggestion: z.catch(z.optional(filled(8000)), undefined),
  fix: z.catch(z.optional(z.object({ old: code.check(z.minLength(1)), new: code })), undefined),
});

/** Undefined when what must be there is missing or makes no sense; what may be missing is left out when it makes none. */
export function readModelFinding(value: unknown): ModelFinding | undefined {
  const read = item.safeParse(withPlainWords(value));
  if (!read.success) return undefined;
  const { file, quote, line_hint, symbol, category, cwe, severity, title, failure_scenario, suggestion, fix } =
    read.data;
  const confidence = read.data.confidence > 1 ? read.data.confidence / 100 : read.data.confidence;
  return {
    quote,
    category,
    severity,
    confidence,
    title,
    failureScenario: failure_scenario,
    ...(file !== undefined && { file }),
    ...(line_hint !== undefined && { lineHint: line_hint }),
    ...(symbol?.trim() && { symbol: symbol.trim() }),
    ...(cwe && { cwe: cwe.toUpperCase() }),
    ...(suggestion && { suggestion }),
    ...(fix && { fix }),
  };
}

/** Whether the model found out while it wrote this item that it is no defect. Whatever else stands in it does not count. */
export function isWithdrawn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('verdict' in value)) return false;
  return typeof value.verdict === 'string' && value.verdict.trim().toLowerCase() === 'withdrawn';
}

/** The finding as the form has it, so that it can be kept as JSON and be read again by `readModelFinding`. */
export function asItem(finding: ModelFinding): Readonly<Record<string, unknown>> {
  const { lineHint, failureScenario, ...same } = finding;
  return {
    ...same,
    failure_scenario: failureScenario,
    ...(lineHint !== undefined && { line_hint: lineHint }),
  };
}

/** `High` is `high`, and `"0.9"` is a number to `coerce`; but an empty confidence is not 0. */
function withPlainWords(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const plain: Record<string, unknown> = { ...value };
  for (const key of ['category', 'severity']) {
    const word = plain[key];
    if (typeof word === 'string')
      plain[key] = word
        .trim()
        .toLowerCase()
        .replace(/[\s_]+/g, '-');
  }
  const { confidence } = plain;
  if (typeof confidence !== 'number' && !(typeof confidence === 'string' && confidence.trim() !== '')) {
    delete plain['confidence'];
  }
  return plain;
}

const string = (description: string) => ({ type: 'string', description });

/**
 * The form a model fills in. In the order of writing: it looks at the places before it reports, and follows the harm
 * through the code before it decides and rates. Only keywords that every strict mode takes: no bounds, lengths, counts.
 */
export const reportForm: ToolForm = {
  name: 'report_findings',
  description: 'Reports the defects found in the code under review. An empty list says that none was found.',
  strict: true,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['notes', 'findings'],
    properties: {
      notes: string(
        'Working notes, discarded: for each suspicious place its line, what could go wrong, the shown code that prevents it or "nothing prevents it", and the verdict. At most 25 words a place and 8 places a file.',
      ),
      findings: {
        type: 'array',
        description: 'What the notes left standing. Empty when the code is correct as it is.',
        items: {
          type: 'object',
          additionalProperties: false,
          required: [
            'file',
            'quote',
            'line_hint',
            'symbol',
            'trace',
            'failure_scenario',
            'verdict',
            'category',
            'severity',
            'confidence',
            'title',
          ],
          properties: {
            file: {
              type: 'integer',
              description: 'Number of the file that the quote is from, as the request counts them.',
            },
            quote: string(
              '1 to 6 whole consecutive lines of the code, copied verbatim without the line-number gutter.',
            ),
            line_hint: { type: 'integer', description: 'Number in the gutter of the first quoted line.' },
            symbol: string(
              'Name of the innermost function, method or class around the quote; empty where there is none.',
            ),
            trace: string(
              'From where the value or state enters to where it does harm, line by line, and the guard that was looked for and where. At most 80 words.',
            ),
            failure_scenario: string(
              'The concrete input, state or interleaving, the path it takes through this code, and the wrong outcome. At most 80 words.',
            ),
            verdict: {
              type: 'string',
              enum: ['defect', 'withdrawn'],
              description: 'withdrawn when the trace shows that a guard prevents it or that it cannot happen.',
            },
            category: { type: 'string', enum: [...categories] },
            cwe: string('The weakness in the Common Weakness Enumeration, such as CWE-89, where it is one.'),
            severity: { type: 'string', enum: [...severities] },
            confidence: { type: 'number', description: 'Probability, 0 to 1, that the scenario really happens.' },
            title: string('The defect in one line of at most 80 characters, naming the cause; no Markdown.'),
            suggestion: string('What to do instead, in one or two sentences.'),
            fix: {
              type: 'object',
              additionalProperties: false,
              required: ['old', 'new'],
              description: 'Only when a small local edit fully cures it.',
              properties: {
                old: string('Code copied verbatim from the file, without the gutter, to be replaced.'),
                new: string('What stands there instead, with the same indentation.'),
              },
            },
          },
        },
      },
    },
  },
};
