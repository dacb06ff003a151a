import type { ConverseStreamOutput, TokenUsage } from '@aws-sdk/client-bedrock-runtime';
import { type Failure, failures } from '../../failures.ts';
import type { TokenUse } from '../../tasks/task.ts';
import { type ModelEvent, noTokens } from '../model.ts';

/**
 * The events of Converse in our words; the last one is `done` or `failed`. Throws what the stream throws.
 * `tool`: the name of the form that was asked for; undefined: free text. `textWillDo`: the model could not be made to
 * fill in the form, so that words in its place are an answer too, for the asker to judge.
 */
export async function* fromConverse(
  stream: AsyncIterable<ConverseStreamOutput>,
  tool: string | undefined,
  textWillDo = false,
): AsyncGenerator<ModelEvent> {
  const answer = new Answer(tool, textWillDo);
  for await (const event of stream) {
    const piece = answer.take(event);
    if (piece) yield piece;
    const end = answer.end();
    if (end) return yield end;
  }
  // A connection cut between two events looks to the SDK like an orderly end.
  yield { kind: 'failed', failure: failures.streamCut(), tokens: noTokens };
}

/** What has been seen of one answer. It ends when the service has named both the stop reason and the use. */
class Answer {
  readonly #tool: string | undefined;
  readonly #textWillDo: boolean;
  #wroteText = false;
  #calls = 0;
  /** The content block whose input is the form's, and whether any of it came. */
  #formBlock: { readonly index: number | undefined; empty: boolean } | undefined;
  #stopReason: string | undefined;
  #tokens: TokenUse | undefined;

  constructor(tool: string | undefined, textWillDo: boolean) {
    this.#tool = tool;
    this.#textWillDo = textWillDo;
  }

  /** Unknown events and reasoning are not ours. */
  take(event: ConverseStreamOutput): ModelEvent | undefined {
    if (event.contentBlockStart) {
      const { start, contentBlockIndex } = event.contentBlockStart;
      if (!start?.toolUse) return undefined;
      this.#calls += 1;
      const wanted = this.#calls === 1 && start.toolUse.name === this.#tool;
      if (wanted) this.#formBlock = { index: contentBlockIndex, empty: true };
    } else if (event.contentBlockDelta) {
      const { delta, contentBlockIndex } = event.contentBlockDelta;
      if (delta?.text) {
        this.#wroteText = true;
        return { kind: 'text', text: delta.text };
      }
      if (delta?.toolUse?.input && this.#formBlock?.index === contentBlockIndex && this.#formBlock) {
        this.#formBlock.empty = false;
        return { kind: 'input', json: delta.toolUse.input };
      }
    } else if (event.contentBlockStop) {
      const block = this.#formBlock;
      if (block?.empty && block.index === event.contentBlockStop.contentBlockIndex) {
        block.empty = false;
        // A form without any field filled in is sent as no text at all.
        return { kind: 'input', json: '{}' };
      }
    } else if (event.messageStop) {
      this.#stopReason = event.messageStop.stopReason ?? '';
    } else if (event.metadata) {
      this.#tokens = fromUsage(event.metadata.usage);
    }
    return undefined;
  }

  end(): ModelEvent | undefined {
    if (this.#stopReason === undefined || !this.#tokens) return undefined;
    const failure = this.#failure(this.#stopReason);
    return failure ? { kind: 'failed', failure, tokens: this.#tokens } : { kind: 'done', tokens: this.#tokens };
  }

  #failure(stopReason: string): Failure | undefined {
    switch (stopReason) {
      case 'tool_use':
      case 'end_turn':
      case 'stop_sequence':
        return this.#formFailure();
      case 'max_tokens':
        return failures.answerTooLong();
      case 'content_filtered':
      case 'guardrail_intervened':
      case 'refusal':
        return failures.answerBlocked();
      case 'model_context_window_exceeded':
        return failures.inputTooLong();
      case 'malformed_model_output':
      case 'malformed_tool_use':
        return failures.answerMalformed(`Bedrock says ${stopReason}`);
      default:
        return failures.answerMalformed(`unknown stop reason ${JSON.stringify(stopReason.slice(0, 60))}`);
    }
  }

  #formFailure(): Failure | undefined {
    if (this.#tool === undefined) {
      if (this.#calls > 0) return failures.answerMalformed('the model called a tool that it was not given');
      return this.#wroteText ? undefined : failures.answerMalformed('the answer is empty');
    }
    if (this.#calls === 0) {
      if (this.#textWillDo && this.#wroteText) return undefined;
      return failures.answerMalformed('the model did not fill in the form');
    }
    if (!this.#formBlock) return failures.answerMalformed('the model called another tool than the form');
    return this.#calls === 1 ? undefined : failures.answerMalformed('the model filled in the form more than once');
  }
}

function fromUsage(usage: TokenUsage | undefined): TokenUse {
  return {
    input: count(usage?.inputTokens),
    output: count(usage?.outputTokens),
    cache_read: count(usage?.cacheReadInputTokens),
    cache_write: count(usage?.cacheWriteInputTokens),
  };
}

function count(value: number | undefined): number {
  return Number.isSafeInteger(value) && value !== undefined && value > 0 ? value : 0;
}
