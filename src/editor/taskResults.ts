import * as z from 'zod/mini';
import { countFindings } from './findingText.ts';

/** What the surfaces read out of a task's result. It was made by a worker of ours, but partly of a model's words. */

const proposalSchema = z.object({
  file: z.string(),
  symbol: z.optional(z.string()),
  old: z.string(),
  new: z.string(),
});
export type Proposal = z.output<typeof proposalSchema>;

const documentationSchema = z.object({ proposals: z.array(proposalSchema), documented_code: z.optional(z.string()) });
const reviewSchema = z.object({ findings: z.array(z.unknown()), not_reviewed: z.array(z.unknown()) });

/** None for code that came inside the task: its name is the requester's, and no file of ours. */
export function proposalsOf(result: unknown): readonly Proposal[] {
  const parsed = documentationSchema.safeParse(result);
  return parsed.success && parsed.data.documented_code === undefined
    ? parsed.data.proposals.filter((proposal) => proposal.old !== proposal.new)
    : [];
}

/** e.g. `3 findings; 2 files were not reviewed`. */
export function reviewSentence(result: unknown): string {
  const parsed = reviewSchema.safeParse(result);
  if (!parsed.success) return 'done';
  const { findings, not_reviewed: left } = parsed.data;
  const found = countFindings(findings.length);
  if (left.length === 0) return found;
  return `${found}; ${left.length === 1 ? '1 part was' : `${left.length} parts were`} not reviewed`;
}
