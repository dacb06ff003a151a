import { type Failure, failed, failures, type Outcome, succeeded } from '../failures.ts';
import { estimateInput } from '../models/estimate.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from '../models/model.ts';
import { costOf, priceOf } from '../models/prices.ts';
import { parseReview } from '../tasks/payload.ts';
import type { WorkReport } from '../tasks/task.ts';
import type { NotReviewed, Snapshot } from '../workspace/snapshot.ts';
import { createAnswerMemory, reading } from './ai/answerMemory.ts';
import type { ReviewResult } from './result.ts';
import { createReviewer, type ReviewParts } from './review.ts';

/** What a review would send to the model. Nothing was sent. */
export interface Preview {
  /** In the order in which they would go out; the random marks around the data are drawn anew for each run. */
  readonly requests: readonly ModelRequest[];
  /** Of the input, estimated. */
  readonly tokens: number;
  /** US dollars by list price, estimated; absent: the price is not known. */
  readonly dollars?: number;
  /** All that were asked for, whatever becomes of them. */
  readonly files: number;
  /** Parts whose answer is remembered, so that they are not sent. */
  readonly remembered: number;
  readonly notReviewed: readonly NotReviewed[];
  /** What would be asked. */
  readonly model?: string;
  /** Why no model can be asked now. */
  readonly failure?: Failure;
}

/** A review beyond any of these is shown to the person before anything is sent. */
export const largeReview = { files: 50, tokens: 200_000, dollars: 1 } as const;
/** With so few tokens of code and files within the limit, no list price comes near the limit in dollars. */
const surelySmall = 15_000;
/** What comes with the code of one file: the manual, the form, what helps to judge it. */
const besideCode = 2000;
/** Tokens that a request is usually answered with. */
const usualAnswer = 2000;

/** Exactly what would be sent. Rejects with the signal's reason. */
export async function previewReview(
  payload: unknown,
  parts: ReviewParts,
  signal: AbortSignal,
): Promise<Outcome<Preview>> {
  const { answersFolder: folder, log, model } = parts;
  const found = parts.settings().review.useModel ? await model(signal) : failed(failures.modelOff());
  const requests: ModelRequest[] = [];
  const recorder = recordingModel(found.ok ? found.value.id : '', requests);
  const memory = createAnswerMemory({ log, ...(folder !== undefined && { folder }) });
  const review = createReviewer(
    {
      ...parts,
      // It is no review, and is not to be read as one.
      log: (level, ...rest) => level === 'info' || log(level, ...rest),
      model: async () => succeeded(recorder),
    },
    reading(memory),
  );
  const task = { id: 'preview', type: 'code_review', payload, priority: 'high', origin: 'local' } as const;
  const outcome = await review(task, unheard, signal);
  if (outcome.status === 'failed') return failed(outcome.failure);
  // Made by our own reviewer a line above.
  const { metrics, not_reviewed: notReviewed } = outcome.result as ReviewResult;
  const inputs = requests.map(estimateInput);
  const price = found.ok ? priceOf(found.value.id) : undefined;
  const cost = (input: number) => (price ? costOf({ ...noTokens, input, output: usualAnswer }, price) : 0);
  return succeeded({
    requests,
    tokens: inputs.reduce((sum, input) => sum + input, 0),
    ...(price && { dollars: inputs.reduce((sum, input) => sum + cost(input), 0) }),
    files: metrics.files,
    remembered: metrics.model_calls_saved,
    notReviewed,
    ...(found.ok ? { model: found.value.id } : { failure: found.failure }),
  });
}

/**
 * What would be sent, where it is so much that a person should know first; undefined where it is not, or nothing would
 * be. Without what the static checks find, which adds little: they run once, in the review itself.
 */
export async function largePreview(
  payload: unknown,
  parts: ReviewParts,
  signal: AbortSignal,
): Promise<Outcome<Preview | undefined>> {
  if (!parts.settings().review.useModel) return succeeded(undefined);
  const parsed = parseReview(payload);
  if (!parsed.ok) return parsed;
  const { source } = parsed.value;
  if (source.kind !== 'code') {
    const read = await parts.workspace.snapshots(source, signal);
    if (!read.ok) return read;
    const { snapshots } = read.value;
    const characters = snapshots.reduce((sum, snapshot) => sum + toShow(snapshot), 0);
    const tokens = characters / 3 + snapshots.length * besideCode;
    if (snapshots.length <= largeReview.files && tokens <= surelySmall) return succeeded(undefined);
  }
  const preview = await previewReview(payload, { ...parts, checks: async () => [] }, signal);
  return preview.ok && !isLarge(preview.value) ? succeeded(undefined) : preview;
}

function isLarge({ requests, failure, files, tokens, dollars = 0 }: Preview): boolean {
  const beyond = files > largeReview.files || tokens > largeReview.tokens || dollars > largeReview.dollars;
  return requests.length > 0 && !failure && beyond;
}

/** Characters of a file that would be shown, rather too many: changes come with the function around them. */
function toShow({ text, changed }: Snapshot): number {
  if (!changed) return text.length;
  const lines = text.split('\n');
  const meant = changed.flatMap(({ from, to }) => lines.slice(from - 1, to));
  return Math.min(text.length, 5 * meant.join('\n').length + 2000);
}

/** Never sends: keeps what it is asked and finds nothing. */
function recordingModel(id: string, requests: ModelRequest[]): Model {
  async function* stream(request: ModelRequest): AsyncGenerator<ModelEvent> {
    requests.push(request);
    yield { kind: 'input', json: '{"findings":[]}' };
    yield { kind: 'done', tokens: noTokens };
  }
  return { id, stream };
}

const unheard: WorkReport = { progress: () => {}, found: () => {}, replaceFindings: () => {} };
