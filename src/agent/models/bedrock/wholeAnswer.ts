import type { ContentBlock, ConverseCommandOutput, ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';

/** An answer that came in one piece, as the events of one that was streamed. */
export async function* streamOf(answer: ConverseCommandOutput): AsyncGenerator<ConverseStreamOutput> {
  for (const [index, block] of (answer.output?.message?.content ?? []).entries()) yield* eventsOf(block, index);
  yield { messageStop: { stopReason: answer.stopReason } };
  yield { metadata: { usage: answer.usage, metrics: answer.metrics } };
}

function* eventsOf({ text, toolUse }: ContentBlock, contentBlockIndex: number): Generator<ConverseStreamOutput> {
  if (toolUse) {
    const { toolUseId, name, input } = toolUse;
    yield { contentBlockStart: { start: { toolUse: { toolUseId, name } }, contentBlockIndex } };
    yield { contentBlockDelta: { delta: { toolUse: { input: JSON.stringify(input) } }, contentBlockIndex } };
  } else if (text !== undefined) {
    yield { contentBlockDelta: { delta: { text }, contentBlockIndex } };
  } else return;
  yield { contentBlockStop: { contentBlockIndex } };
}
