import { type Failure, failures } from '../../failures.ts';
import { type Model, type ModelRequest, noTokens } from '../../models/model.ts';
import type { TokenUse } from '../../tasks/task.ts';
import type { ModelFinding } from './answerSchema.ts';
import { createAnswerParser } from './parseAnswer.ts';

export interface AnswerEnd {
  readonly tokens: TokenUse;
  /** Findings that could not be understood. */
  readonly invalid: number;
  /** Findings that the model itself took back. */
  readonly withdrawn: number;
  /** Whether anything of the answer arrived. */
  readonly began: boolean;
  /** Why the answer is not whole; the findings that were given stand. */
  readonly failure?: Failure;
}

export interface AnswerListener {
  /** The first sign of an answer: from now on the service has the manual in its cache. */
  began(): void;
  /** A finding, the moment it is complete. */
  finding(finding: ModelFinding): void;
}

/** One request, heard to its end. Rejects only with the signal's reason. */
export async function askModel(
  model: Model,
  request: ModelRequest,
  listener: AnswerListener,
  signal: AbortSignal,
): Promise<AnswerEnd> {
  const parser = createAnswerParser();
  const give = (findings: readonly ModelFinding[]) => findings.forEach(listener.finding);
  // A model may talk before it fills in the form, or write the form out as text.
  let text = '';
  let filling = false;
  let began = false;
  for await (const event of model.stream(request, signal)) {
    signal.throwIfAborted();
    if (event.kind !== 'failed' && !began) {
      began = true;
      listener.began();
    }
    if (event.kind === 'text') {
      if (text.length < longestText) text += event.text;
    } else if (event.kind === 'input') {
      filling = true;
      give(parser.add(event.json));
    } else {
      if (!filling) give(parser.add(text.slice(Math.max(0, text.search(/[[{]/)))));
      give(parser.end(event.kind === 'done'));
      const { tokens } = event;
      const failure = event.kind === 'failed' ? event.failure : missing(parser.readable);
      return { tokens, began, invalid: parser.invalid, withdrawn: parser.withdrawn, ...(failure && { failure }) };
    }
  }
  signal.throwIfAborted();
  return {
    tokens: noTokens,
    began,
    invalid: parser.invalid,
    withdrawn: parser.withdrawn,
    failure: failures.streamCut(),
  };
}

const longestText = 400_000;

/** Silence is not "nothing found": only a list, be it empty, is an answer. */
function missing(readable: boolean): Failure | undefined {
  return readable ? undefined : failures.answerMalformed('There is no list of findings in the answer.');
}
