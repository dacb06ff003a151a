import type { Model } from '../../models/model.ts';
import { type AnswerMemory, keyOf } from './answerMemory.ts';
import { asItem, type ModelFinding, readModelFinding, reportForm } from './answerSchema.ts';
import { partText, type ReviewPart, type SharedQuestion, sharedText } from './prompt.ts';
import { reviewerManual } from './reviewerManual.ts';

/** What the model said about a part of a file, whichever parts it was asked about together with. */
export interface RememberedParts {
  recall(part: ReviewPart): Promise<readonly ModelFinding[] | undefined>;
  keep(part: ReviewPart, findings: readonly ModelFinding[]): void;
}

/**
 * Two questions are the same when all that is said about the part is, but for the random boundary and the list of what
 * is known already: that grows with what the editor's tools have got round to, and the code does not change by it.
 */
export function memoryOf(
  memory: AnswerMemory,
  model: Pick<Model, 'id'>,
  shared: SharedQuestion,
  boundary: string,
): RememberedParts {
  const common = [reviewerManual, reportForm.schema, sharedText(shared, boundary).replaceAll(boundary, '')];
  // The first model that answers is chosen by its answer. After a restart the one that is asked first is known again.
  const asked = model.id;
  const key = (id: string, part: ReviewPart) =>
    keyOf([id, ...common, partText({ ...part, known: [] }, boundary).replaceAll(boundary, '')]);
  return {
    async recall(part) {
      const value = (await memory.recall(key(asked, part))) ?? (await memory.recall(key(model.id, part)));
      if (!Array.isArray(value)) return undefined;
      return value.flatMap((item) => readModelFinding(item) ?? []);
    },
    keep(part, findings) {
      const items = findings.map(({ file: _number, ...finding }) => asItem(finding));
      for (const id of new Set([asked, model.id])) memory.keep(key(id, part), items);
    },
  };
}
