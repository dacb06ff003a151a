import * as z from 'zod/mini';
import { categories, severities } from '../../findings/finding.ts';
import type { ToolForm } from '../../models/model.ts';

/** One finding as a model words it: nothing in it is trusted, and its line is only a hint. */
export interface ModelFinding {
  readonly quote: string;
  readonly lineHint?: number;
  readonly symbol?: string;
  readonly category: (typeof categories)[number];
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
const item = z.object({
  quote: code.check(z.refine((quote) => quote.trim() !== '')),
  line_hint: z.catch(z.optional(z.coerce.number().check(z.int(), z.minimum(1))), undefined),
  symbol: z.catch(z.optional(z.string().check(z.maxLength(256))), undefined),
  category: z.enum(categories),
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
  const { quote, line_hint, symbol, category, severity, title, failure_scenario, suggestion, fix } = read.data;
  const confidence = read.data.confidence > 1 ? read.data.confidence / 100 : read.data.confidence;
  return {
    quote,
    category,
    severity,
    confidence,
    title,
    failureScenario: failure_scenario,
    ...(line_hint !== undefined && { lineHint: line_hint }),
    ...(symbol?.trim() && { symbol: symbol.trim() }),
    ...(suggestion && { suggestion }),
    ...(fix && { fix }),
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
 * The form a model fills in. In the order of writing: it looks at the places before it reports, and works out what
 * fails before it rates it. Only keywords that every strict mode takes: no bounds, no lengths, no counts.
 */
export const reportForm: ToolForm = {
  name: 'report_findings',
  description: 'Reports the defects found in the code under review. An empty list says that none was found.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['notes', 'findings'],
    properties: {
      notes: string(
        'Working notes, discarded: for each suspicious place its line and, in at most 20 words, what decides whether it is a defect. At most 150 words in all.',
      ),
      findings: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['quote', 'line_hint', 'failure_scenario', 'category', 'severity', 'confidence', 'title'],
          properties: {
            quote: string(
              '1 to 6 whole consecutive lines of the code, copied verbatim without the line-number gutter.',
            ),
            line_hint: { type: 'integer', description: 'Number in the gutter of the first quoted line.' },
            symbol: string('Name of the function, method or class around it.'),
            failure_scenario: string(
              'The concrete input, state or interleaving, the path it takes through this code, and the wrong outcome. At most 80 words.',
            ),
            category: { type: 'string', enum: [...categories] },
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
