import * as z from 'zod/mini';
import { severities } from '../agent/findings/finding.ts';

/** What the surfaces read out of a task's result. It was made by a worker of ours, but partly of a model's words. */

const proposalSchema = z.object({
  file: z.string(),
  symbol: z.optional(z.string()),
  old: z.string(),
  new: z.string(),
});
export type Proposal = z.output<typeof proposalSchema>;

const documentationSchema = z.object({ proposals: z.array(proposalSchema), documented_code: z.optional(z.string()) });

const leftOut = z.array(z.object({ file: z.string(), reason: z.string() }));
const reviewSchema = z.object({
  findings: z.array(
    z.object({
      file: z.string(),
      cell: z.optional(z.number()),
      line: z.number(),
      severity: z.enum(severities),
      title: z.string(),
    }),
  ),
  recommendations: z._default(z.array(z.string()), []),
  not_reviewed: z._default(leftOut, []),
  instructions_applied: z._default(z.array(z.string()), []),
  metrics: z.record(z.string(), z.unknown()),
});

/** None for code that came inside the task: its name is the requester's, and no file of ours. */
export function proposalsOf(result: unknown): readonly Proposal[] {
  const parsed = documentationSchema.safeParse(result);
  return parsed.success && parsed.data.documented_code === undefined
    ? parsed.data.proposals.filter((proposal) => proposal.old !== proposal.new)
    : [];
}

export interface Review extends Omit<z.output<typeof reviewSchema>, 'metrics'> {
  readonly counts: Readonly<Record<'files' | 'reviewed' | 'hidden' | 'suppressed' | 'unanchored' | 'refuted', number>>;
}

/** Undefined for what is no result of a review. */
export function readReview(result: unknown): Review | undefined {
  const parsed = reviewSchema.safeParse(result);
  if (!parsed.success) return undefined;
  const { metrics, ...review } = parsed.data;
  const count = (name: string) => {
    const value = metrics[name];
    return typeof value === 'number' ? value : 0;
  };
  return {
    ...review,
    counts: {
      files: count('files'),
      reviewed: count('files_reviewed'),
      hidden: count('hidden'),
      suppressed: count('suppressed'),
      unanchored: count('dropped_unanchored'),
      refuted: count('dropped_refuted'),
    },
  };
}

/** e.g. `nothing found in 3 of 5 files; 2 not reviewed in full, 4 hidden`. Never that something is clean. */
export function reviewSentence(result: unknown): string {
  const review = readReview(result);
  if (!review) return 'done';
  const { files, reviewed, hidden, suppressed } = review.counts;
  if (files === 0) return 'there was nothing to review';
  const found = review.findings.length;
  const head = found === 0 ? 'nothing found' : plural(found, 'finding');
  const rest = [
    ...(reviewed > 0 && reviewed < files ? [`${files - reviewed} not reviewed in full`] : []),
    ...(hidden > 0 ? [`${hidden} hidden`] : []),
    ...(suppressed > 0 ? [`${suppressed} dismissed for everybody`] : []),
  ];
  const where =
    reviewed === files
      ? ` in ${plural(files, 'file')}`
      : reviewed > 0
        ? ` in ${reviewed} of ${plural(files, 'file')}`
        : `; ${files === 1 ? 'the file was not' : `none of ${files} files was`} reviewed in full`;
  return `${head}${where}${rest.length === 0 ? '' : `${reviewed > 0 ? ';' : ','} ${rest.join(', ')}`}`;
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
