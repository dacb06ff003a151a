import * as z from 'zod/mini';
import { DemoFailed } from './steps.ts';

const shape = z.object({
  status: z.enum(['completed', 'inconclusive', 'failed', 'cancelled']),
  error: z.optional(z.string()),
  result: z.nullable(
    z.object({
      summary: z.string(),
      findings: z.array(z.object({ file: z.string(), line: z.number(), severity: z.string(), title: z.string() })),
      not_reviewed: z.array(z.object({ file: z.string(), reason: z.string() })),
    }),
  ),
});

/** Throws what is wrong with a result that should be a review, and whether the editor shows as much as was reported. */
export function checkResult(payload: Readonly<Record<string, unknown>>, problems: readonly string[]): void {
  const { status, result, error } = shape.parse(payload);
  if (status !== 'completed' && status !== 'inconclusive') throw new DemoFailed(`The review ${status}: ${error}`);
  const shown = problems.filter((problem) => problem.includes(' Developer Mesh(')).length;
  const reported = result?.findings.length ?? 0;
  if (reported > 0 && shown === 0) throw new DemoFailed(`${reported} findings were reported and none is shown.`);
  if (status === 'inconclusive' && result?.not_reviewed.length === 0) {
    throw new DemoFailed('The review is inconclusive and does not say what was not reviewed.');
  }
}

/** A few lines for a person. */
export function describeResult(payload: Readonly<Record<string, unknown>>): string {
  const parsed = shape.safeParse(payload);
  if (!parsed.success) return JSON.stringify(payload);
  const { status, result, error } = parsed.data;
  return `${status}: ${result?.summary ?? error ?? ''}`;
}
