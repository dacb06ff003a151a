import type { Failure } from '../failures.ts';
import type { Finding, FoundIssue } from '../findings/finding.ts';
import { type Model, noTokens } from '../models/model.ts';
import { sumTokens } from '../models/tokenUse.ts';
import type { Settings } from '../settings.ts';
import { abreast } from '../shared/abreast.ts';
import type { Clock } from '../shared/clock.ts';
import type { TokenUse } from '../tasks/task.ts';
import { cleanText } from '../workspace/clean.ts';
import { redact } from '../workspace/redact.ts';
import type { LineSpan, NotReviewed } from '../workspace/snapshot.ts';
import { type AnswerMemory, memoryKey } from './ai/answerMemory.ts';
import type { ModelFinding } from './ai/answerSchema.ts';
import { type AnswerEnd, askModel } from './ai/askModel.ts';
import { chunksOf, halvesOf, longestLine } from './ai/chunks.ts';
import { unusedBoundary, withoutHidden } from './ai/injectionGuard.ts';
import { placerFor } from './ai/placeFinding.ts';
import { type ReviewQuestion, reviewRequest } from './ai/prompt.ts';
import { passes } from './filter.ts';
import { linesOf } from './lines.ts';
import { isCounterpart } from './merge.ts';
import type { ReviewedFile } from './reviewedFile.ts';

/** Characters of code in one request, the gutter included; about 12,000 tokens. */
const chunkBudget = 40_000;

export interface ModelPhase {
  readonly tokens: TokenUse;
  readonly calls: number;
  /** Requests that were answered from memory. */
  readonly recalled: number;
  readonly unanchored: number;
  readonly invalid: number;
  readonly dropped: number;
  readonly notReviewed: readonly NotReviewed[];
  /** The first that kept something from being reviewed. */
  readonly failure?: Failure;
}

export interface ModelParts {
  readonly clock: Clock;
  readonly model: Model;
  readonly memory: AnswerMemory;
  readonly rules: Settings['review'];
  readonly instructions?: string;
  readonly focusAreas: readonly string[];
  /** As the requester may know the file. */
  nameOf(file: string): string;
  toFinding(file: ReviewedFile, issue: FoundIssue): Finding;
  /** A finding of the model, the moment it is complete and placed. */
  found(finding: Finding): void;
  /** The model is through with a file, or has given it up. */
  done(): void;
}

/** These speak of one request; any other failure that is not passing would meet every further request as well. */
const ofOneRequest = ['answer-too-long', 'input-too-long', 'answer-blocked', 'answer-malformed', 'request-rejected'];
const tooLong = ['answer-too-long', 'input-too-long'];

/** Asks the model about every file, three at once, part by part. What one file fails on does not stop the others. */
export async function modelPhase(
  files: readonly ReviewedFile[],
  parts: ModelParts,
  signal: AbortSignal,
): Promise<ModelPhase> {
  const phase = { tokens: noTokens, calls: 0, recalled: 0, unanchored: 0, invalid: 0, dropped: 0 };
  const notReviewed: NotReviewed[] = [];
  let failure: Failure | undefined;
  /** Set when asking on is pointless. */
  let hopeless: Failure | undefined;

  // The first call goes out alone until it is answered: then the service has the manual in its cache for the others.
  let warm: Promise<void> | undefined;
  const ask = async (question: ReviewQuestion, hear: (finding: ModelFinding) => void): Promise<AnswerEnd> => {
    const boundary = unusedBoundary(parts.clock, JSON.stringify(question));
    const request = reviewRequest(question, boundary);
    const key = memoryKey(parts.model.id, request, boundary);
    const known = parts.memory.recall(key);
    if (known) {
      phase.recalled += 1;
      known.forEach(hear);
      return { tokens: noTokens, invalid: 0, began: true };
    }
    let release = () => {};
    if (warm) await warm;
    else {
      warm = new Promise((resolve) => {
        release = resolve;
      });
    }
    try {
      signal.throwIfAborted();
      if (hopeless) return { tokens: noTokens, invalid: 0, began: false, failure: hopeless };
      const heard: ModelFinding[] = [];
      phase.calls += 1;
      const finding = (one: ModelFinding) => {
        heard.push(one);
        hear(one);
      };
      const end = await askModel(parts.model, request, { began: release, finding }, signal);
      // The id may only now be known: the first model that answers is chosen by its answer.
      if (!end.failure) parts.memory.keep(memoryKey(parts.model.id, request, boundary), heard);
      if (end.failure && !end.failure.retryable && !ofOneRequest.includes(end.failure.code)) hopeless = end.failure;
      return end;
    } finally {
      release();
    }
  };

  await abreast(files, 3, async (file) => {
    const { snapshot, shownText } = file;
    const lines = linesOf(shownText);
    const place = placerFor(snapshot, shownText);
    const hear = (found: ModelFinding) => {
      const issue = place(found);
      if (!issue) phase.unanchored += 1;
      else if (!passes(issue, parts.rules, snapshot.changed)) phase.dropped += 1;
      else {
        const finding = parts.toFinding(file, issue);
        file.models = [...file.models, finding];
        if (!file.statics.some((other) => isCounterpart(finding, other))) parts.found(finding);
      }
    };
    const leaveOut = (span: LineSpan, reason: string) => {
      const all = span.from === 1 && span.to === lines.count;
      notReviewed.push({ file: snapshot.file, reason: `${all ? '' : `lines ${span.from}-${span.to}, `}${reason}` });
    };

    const waiting = chunksOf(lines, chunkBudget, snapshot.changed);
    for (let span = waiting.shift(); span; span = waiting.shift()) {
      const question: ReviewQuestion = {
        name: parts.nameOf(snapshot.file),
        language: snapshot.language,
        shownText,
        span,
        known: file.statics,
        focusAreas: parts.focusAreas.map(dataText),
        ...(snapshot.changed && { changed: snapshot.changed }),
        ...(parts.instructions && { instructions: dataText(parts.instructions) }),
      };
      let end = await ask(question, hear);
      phase.tokens = sumTokens(phase.tokens, end.tokens);
      // The model's own retries end when an answer has begun; a repeated finding is merged away.
      if (end.failure?.retryable && end.began) {
        end = await ask(question, hear);
        phase.tokens = sumTokens(phase.tokens, end.tokens);
      }
      phase.invalid += end.invalid;
      if (!end.failure) continue;
      const halves = tooLong.includes(end.failure.code) ? halvesOf(span) : [];
      if (halves.length > 0) waiting.unshift(...halves);
      else {
        failure ??= end.failure;
        const given = hopeless ? { from: span.from, to: waiting.at(-1)?.to ?? span.to } : span;
        leaveOut(given, `AI review: ${end.failure.message}`);
        if (hopeless) break;
      }
    }
    const shown = (line: number) =>
      !snapshot.changed || snapshot.changed.some(({ from, to }) => line >= from && line <= to);
    for (let line = 1; line <= lines.count; line++) {
      if (!shown(line)) continue;
      if (lines.textOf(line).length > longestLine) {
        leaveOut(
          { from: line, to: line },
          `AI review: only the first ${longestLine} characters of the line were shown.`,
        );
      }
    }
    parts.done();
  });
  return { ...phase, notReviewed, ...(failure && { failure }) };
}

/** The requester's words, as data for the model. */
function dataText(text: string): string {
  return cleanText(redact(withoutHidden(text)).text, 8000);
}
