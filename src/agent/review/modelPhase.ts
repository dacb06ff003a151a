import type { Failure } from '../failures.ts';
import type { Finding, FoundIssue } from '../findings/finding.ts';
import type { Log } from '../host.ts';
import { type Model, noTokens } from '../models/model.ts';
import { sumTokens } from '../models/tokenUse.ts';
import type { Settings } from '../settings.ts';
import { abreast } from '../shared/abreast.ts';
import type { Clock } from '../shared/clock.ts';
import type { TokenUse } from '../tasks/task.ts';
import { cleanText } from '../workspace/clean.ts';
import { redact } from '../workspace/redact.ts';
import type { NotReviewed, Snapshot } from '../workspace/snapshot.ts';
import type { AnswerMemory } from './ai/answerMemory.ts';
import type { ModelFinding } from './ai/answerSchema.ts';
import { type AnswerEnd, askModel } from './ai/askModel.ts';
import { batchesOf, type Piece, piecesOf, smaller } from './ai/batches.ts';
import type { ContextBlock } from './ai/contextBlock.ts';
import { unusedBoundary, withoutHidden } from './ai/injectionGuard.ts';
import { cutLines, joinedByReason } from './ai/notShown.ts';
import { createPlacer, type Placer } from './ai/placer.ts';
import { reviewRequest, type SharedQuestion } from './ai/prompt.ts';
import { memoryOf } from './ai/remembered.ts';
import { secondLook } from './ai/secondLook.ts';
import { keepOut } from './filter.ts';
import { linesOf } from './lines.ts';
import { isCounterpart } from './merge.ts';
import type { ReviewedFile } from './reviewedFile.ts';

export interface ModelPhase {
  readonly tokens: TokenUse;
  readonly calls: number;
  /** Pieces of code that were answered from memory. */
  readonly recalled: number;
  readonly unanchored: number;
  readonly invalid: number;
  /** Findings that the model itself took back while it wrote them. */
  readonly withdrawn: number;
  /** Findings that a second look refuted. */
  readonly refuted: number;
  /** Findings outside the changes. */
  readonly outside: number;
  readonly notReviewed: readonly NotReviewed[];
  /** The first that kept something from being reviewed. */
  readonly failure?: Failure;
}

export interface ModelParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly model: Model;
  readonly memory: AnswerMemory;
  readonly rules: Settings['review'];
  readonly instructions?: string;
  readonly focusAreas: readonly string[];
  /** What holds for every file, redacted: the project's guidelines. */
  readonly sharedContext?: readonly ContextBlock[];
  /** What helps to judge a file, redacted; the most useful first. */
  contextOf?(snapshot: Snapshot, signal: AbortSignal): Promise<readonly ContextBlock[]>;
  /** As the requester may know the file. */
  nameOf(file: string): string;
  toFinding(file: ReviewedFile, issue: FoundIssue): Finding;
  /** A finding of the model, the moment it is complete and placed. */
  found(finding: Finding): void;
  /** The model is through with a file, or has given it up. */
  done(): void;
}

/** Requests under way at once; the model's own limit may be lower. */
export const lanes = 4;
/** These speak of one request; any other failure that is not passing would meet every further request as well. */
const ofOneRequest = ['answer-too-long', 'input-too-long', 'answer-blocked', 'answer-malformed', 'request-rejected'];

interface State {
  readonly file: ReviewedFile;
  readonly place: Placer;
  /** Pieces that are not through yet. */
  left: number;
}

/**
 * Asks the model about every file: what is remembered is not asked again, short files share a request, and what one
 * request fails on does not stop the others.
 */
export async function modelPhase(
  files: readonly ReviewedFile[],
  parts: ModelParts,
  signal: AbortSignal,
): Promise<ModelPhase> {
  const { model, rules } = parts;
  const phase = {
    tokens: noTokens,
    calls: 0,
    recalled: 0,
    unanchored: 0,
    invalid: 0,
    withdrawn: 0,
    refuted: 0,
    outside: 0,
  };
  const notReviewed: NotReviewed[] = [];
  let failure: Failure | undefined;
  /** Set when asking on is pointless. */
  let hopeless: Failure | undefined;

  const shared: SharedQuestion = {
    focusAreas: parts.focusAreas.map(dataText),
    ...(parts.instructions && { instructions: dataText(parts.instructions) }),
    ...(parts.sharedContext && { context: parts.sharedContext }),
  };
  const states = new Map<ReviewedFile, State>();
  const context = new Map<ReviewedFile, readonly ContextBlock[]>();
  await abreast(files, lanes, async (file) => {
    signal.throwIfAborted();
    const blocks = await parts.contextOf?.(file.snapshot, signal);
    if (blocks) context.set(file, blocks);
  });
  const pieces: Piece[] = [];
  for (const file of files) {
    const { snapshot, shownText } = file;
    const blocks = context.get(file);
    const own = piecesOf(file, {
      name: parts.nameOf(snapshot.file),
      language: snapshot.language,
      shownText,
      known: file.statics,
      ...(snapshot.changed && { changed: snapshot.changed }),
      ...(snapshot.removed && {
        removed: snapshot.removed.map(({ before, text }) => ({ before, text: dataText(text) })),
      }),
      ...(blocks && { context: blocks }),
    });
    pieces.push(...own);
    states.set(file, { file, place: createPlacer(snapshot, shownText), left: own.length });
  }
  // Drawn after everything was read: nothing that is shown can have known it.
  const boundary = unusedBoundary(parts.clock, JSON.stringify([shared, pieces.map(({ part }) => part)]));
  const memory = memoryOf(parts.memory, model, shared, boundary);

  const take = (file: ReviewedFile, issue: FoundIssue) => {
    const reason = keepOut(issue, rules, file.snapshot.changed);
    if (reason === 'outside') {
      phase.outside += 1;
      return;
    }
    const finding = parts.toFinding(file, issue);
    // A request that is asked again says much of what it said before.
    const again = [...file.models, ...file.hidden].some(
      (other) => other.range.line === issue.range.line && other.title === finding.title && other.source === 'model',
    );
    if (again) return;
    if (reason) file.hidden = [...file.hidden, finding];
    else {
      file.models = [...file.models, finding];
      if (!file.statics.some((other) => isCounterpart(finding, other))) parts.found(finding);
    }
  };
  /** The piece that a finding speaks of, by the number it gives, or by its quote. */
  const hear = (batch: readonly Piece[], found: ModelFinding): Piece | undefined => {
    const claimed = batch[batch.length === 1 ? 0 : (found.file ?? 0) - 1];
    const order = [...(claimed ? [claimed] : []), ...batch.filter((piece) => piece !== claimed)];
    const placed = order.flatMap((piece) => {
      const state = states.get(piece.file);
      const issue = state?.place(found);
      return issue ? [{ piece, issue }] : [];
    });
    const [first, ...others] = placed;
    if (!first || (first.piece !== claimed && others.length > 0)) {
      phase.unanchored += 1;
      return claimed;
    }
    take(first.piece.file, first.issue);
    return first.piece;
  };
  const through = async (piece: Piece) => {
    const state = states.get(piece.file);
    if (!state) return;
    state.left -= 1;
    if (state.left > 0) return;
    if (rules.verify && !hopeless) await verify(state.file);
    parts.done();
  };
  const verify = async (file: ReviewedFile) => {
    const look = await secondLook(file, parts, signal);
    phase.tokens = sumTokens(phase.tokens, look.tokens);
    phase.calls += look.calls;
    phase.recalled += look.recalled;
    phase.refuted += look.refuted.size;
    file.models = file.models.filter((finding) => !look.refuted.has(finding));
  };

  const waiting: Piece[] = [];
  for (const piece of pieces) {
    const known = await memory.recall(piece.part);
    if (!known) {
      waiting.push(piece);
      continue;
    }
    phase.recalled += 1;
    for (const finding of known) hear([piece], { ...finding, file: 1 });
  }
  const batches = batchesOf(waiting);
  const reuse = batches.length > 1;

  // The first call goes out alone until it is answered: then the service has the shared beginning for the others.
  let warm: Promise<void> | undefined;
  const ask = async (batch: readonly Piece[]): Promise<AnswerEnd> => {
    let release = () => {};
    if (warm) await warm;
    else {
      warm = new Promise((resolve) => {
        release = resolve;
      });
    }
    try {
      signal.throwIfAborted();
      if (hopeless) return { tokens: noTokens, invalid: 0, withdrawn: 0, began: false, failure: hopeless };
      const request = reviewRequest(
        batch.map(({ part }) => part),
        shared,
        boundary,
        reuse,
      );
      const heard = new Map<Piece | undefined, ModelFinding[]>();
      const finding = (one: ModelFinding) => {
        const piece = hear(batch, one);
        heard.set(piece, [...(heard.get(piece) ?? []), one]);
      };
      phase.calls += 1;
      const end = await askModel(model, request, { began: release, finding }, signal);
      phase.tokens = sumTokens(phase.tokens, end.tokens);
      phase.withdrawn += end.withdrawn;
      if (!end.failure) for (const piece of batch) memory.keep(piece.part, heard.get(piece) ?? []);
      if (end.failure && !end.failure.retryable && !ofOneRequest.includes(end.failure.code)) hopeless = end.failure;
      return end;
    } finally {
      release();
    }
  };
  const leaveOut = ({ file, spans }: Piece, reason: string) => {
    const whole = spans[0]?.from === 1 && spans[0].to === linesOf(file.shownText).count;
    const place = whole ? '' : `lines ${spans.map(({ from, to }) => `${from}-${to}`).join(', ')}, `;
    notReviewed.push({ file: file.snapshot.file, reason: `${place}${reason}` });
  };

  for (const piece of pieces) if (!waiting.includes(piece)) await through(piece);
  await abreast(batches, lanes, async (first) => {
    const queue: (readonly Piece[])[] = [first];
    for (let batch = queue.shift(); batch; batch = queue.shift()) {
      let end = await ask(batch);
      // The model's own retries end when an answer has begun.
      if (end.failure?.retryable && end.began) end = await ask(batch);
      phase.invalid += end.invalid;
      if (!end.failure) {
        for (const piece of batch) await through(piece);
        continue;
      }
      const split = ofOneRequest.includes(end.failure.code) && (batch.length > 1 || isTooLong(end.failure));
      const rest = split ? smaller(batch) : [];
      if (rest.length > 0) {
        queue.unshift(...rest);
        const [only, ...others] = batch;
        const state = only && states.get(only.file);
        if (state && others.length === 0) state.left += rest.length - 1;
        continue;
      }
      failure ??= end.failure;
      const reason = `AI review: ${end.failure.message}`;
      for (const piece of batch) {
        leaveOut(piece, reason);
        await through(piece);
      }
    }
  });
  for (const { snapshot, shownText } of files) notReviewed.push(...cutLines(snapshot, shownText));
  await parts.memory.settled();
  return { ...phase, notReviewed: joinedByReason(notReviewed), ...(failure && { failure }) };
}

function isTooLong({ code }: Failure): boolean {
  return code === 'answer-too-long' || code === 'input-too-long';
}

/** The requester's words, as data for the model. */
function dataText(text: string): string {
  return cleanText(redact(withoutHidden(text)).text, 8000);
}
