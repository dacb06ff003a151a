import { createHash } from 'node:crypto';
import type { ModelRequest } from '../../models/model.ts';
import type { ModelFinding } from './answerSchema.ts';

/** Whole answers, so that unchanged code asked about in the same way is neither paid for nor judged anew by chance. */
export interface AnswerMemory {
  recall(key: string): readonly ModelFinding[] | undefined;
  keep(key: string, findings: readonly ModelFinding[]): void;
}

/** What makes two requests the same: all of both but the random boundary. */
export function memoryKey(modelId: string, request: ModelRequest, boundary: string): string {
  const parts = [modelId, request.system, request.prompt.replaceAll(boundary, ''), request.tool?.schema];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Keeps the `most` answers used last. */
export function createAnswerMemory(most = 500): AnswerMemory {
  const answers = new Map<string, readonly ModelFinding[]>();
  const keep = (key: string, findings: readonly ModelFinding[]) => {
    answers.delete(key);
    answers.set(key, findings);
    const [oldest] = answers.keys();
    if (answers.size > most && oldest !== undefined) answers.delete(oldest);
  };
  return {
    keep,
    recall: (key) => {
      const findings = answers.get(key);
      if (findings) keep(key, findings);
      return findings;
    },
  };
}
