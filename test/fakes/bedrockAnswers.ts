import { eventFrame, exceptionFrame } from './eventStream.ts';

/** What the fake service does with one accepted request. */
export type BedrockAnswer =
  | { readonly kind: 'stream'; readonly steps: readonly Step[]; readonly chunkBytes?: number }
  | {
      readonly kind: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** Takes the request and never says a word. */
  | { readonly kind: 'silence' }
  /** Resets the connection instead of answering. */
  | { readonly kind: 'reset' };

export type Step =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'wait'; readonly ms: number }
  /** Keeps the connection open and says nothing more. */
  | { readonly do: 'stall' }
  /** Closes without the end of the HTTP body. */
  | { readonly do: 'reset' };

export interface StreamOptions {
  readonly stopReason?: string;
  /** Characters of the answer in one event; default 40. */
  readonly pieceLength?: number;
  /** Milliseconds between two pieces; default 0. */
  readonly delay?: number;
  /** Bytes in one network write; default: one frame. */
  readonly chunkBytes?: number;
  readonly usage?: Readonly<Record<string, number>>;
}

export const plainUsage = { inputTokens: 1200, outputTokens: 80, totalTokens: 1280 };

/** Fills in the form: `input` is what the model writes into the tool's input. A string is sent as it is. */
export function answerTool(name: string, input: unknown, options: StreamOptions = {}): BedrockAnswer {
  const json = typeof input === 'string' ? input : JSON.stringify(input);
  const deltas = pieces(json, options.pieceLength).map((piece) => ({ toolUse: { input: piece } }));
  const start = { toolUse: { toolUseId: 'tooluse_kZJMlvQmRJ6eAyJE5GIl7Q', name } };
  return streamOf(
    [
      eventFrame('messageStart', { role: 'assistant' }),
      eventFrame('contentBlockStart', { start, contentBlockIndex: 0 }),
      ...deltas.map((delta) => eventFrame('contentBlockDelta', { delta, contentBlockIndex: 0 })),
      eventFrame('contentBlockStop', { contentBlockIndex: 0 }),
      ...endFrames(options.stopReason ?? 'tool_use', options.usage),
    ],
    options,
  );
}

export function answerText(text: string, options: StreamOptions = {}): BedrockAnswer {
  return streamOf(
    [
      eventFrame('messageStart', { role: 'assistant' }),
      // Text blocks come without a start event.
      ...pieces(text, options.pieceLength).map((piece) =>
        eventFrame('contentBlockDelta', { delta: { text: piece }, contentBlockIndex: 0 }),
      ),
      eventFrame('contentBlockStop', { contentBlockIndex: 0 }),
      ...endFrames(options.stopReason ?? 'end_turn', options.usage),
    ],
    options,
  );
}

/** The reply of an operation that does not stream. */
export function reply(body: object): BedrockAnswer {
  return { kind: 'reply', status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Fills in the form in one piece, as Converse does. */
export function wholeTool(name: string, input: unknown, stopReason = 'tool_use'): BedrockAnswer {
  const toolUse = { toolUseId: 'tooluse_kZJMlvQmRJ6eAyJE5GIl7Q', name, input };
  const output = { message: { role: 'assistant', content: [{ text: 'Here it is.' }, { toolUse }] } };
  return reply({ output, stopReason, usage: plainUsage, metrics: { latencyMs: 900 } });
}

/** An error reply as AWS writes it. */
export function fail(
  name: string,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): BedrockAnswer {
  return {
    kind: 'reply',
    status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
      ...headers,
    },
    body: JSON.stringify({ message }),
  };
}

/** The page of a proxy between here and AWS. */
export function htmlPage(status: number): BedrockAnswer {
  const body = '<!doctype html><html><head><title>Access control</title></head><body>Please wait.</body></html>';
  return { kind: 'reply', status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

/** The first `frames` frames of `answer`, then `ending`: steps that take the place of the rest. */
export function cutAfter(answer: BedrockAnswer, frames: number, ending: readonly Step[] = []): BedrockAnswer {
  if (answer.kind !== 'stream') throw new TypeError('Only a stream can be cut.');
  const sends = answer.steps.filter((step) => step.do === 'send');
  return { ...answer, steps: [...sends.slice(0, frames), ...ending] };
}

export function midStreamException(type: string, message: string): Step {
  return { do: 'send', bytes: exceptionFrame(type, message) };
}

/** Half of a frame. */
export function halfFrame(): Step {
  const bytes = eventFrame('contentBlockDelta', { delta: { text: 'never whole' }, contentBlockIndex: 0 });
  return { do: 'send', bytes: bytes.subarray(0, bytes.length / 2) };
}

/** A frame whose last checksum does not fit. */
export function damagedFrame(): Step {
  const bytes = eventFrame('contentBlockDelta', { delta: { text: 'damaged' }, contentBlockIndex: 0 });
  bytes.writeUInt32BE((bytes.readUInt32BE(bytes.length - 4) ^ 1) >>> 0, bytes.length - 4);
  return { do: 'send', bytes };
}

/** A frame that claims to be 2 GiB long. */
export function hugeFrame(): Step {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(2 ** 31, 0);
  return { do: 'send', bytes };
}

export function unknownEvent(): Step {
  return { do: 'send', bytes: eventFrame('somethingNew', { of: 'tomorrow' }) };
}

function streamOf(frames: readonly Buffer[], { delay = 0, chunkBytes }: StreamOptions): BedrockAnswer {
  const steps = frames.flatMap<Step>((bytes) =>
    delay > 0
      ? [
          { do: 'send', bytes },
          { do: 'wait', ms: delay },
        ]
      : [{ do: 'send', bytes }],
  );
  return { kind: 'stream', steps, ...(chunkBytes !== undefined && { chunkBytes }) };
}

function endFrames(stopReason: string, usage: StreamOptions['usage'] = plainUsage): Buffer[] {
  return [eventFrame('messageStop', { stopReason }), eventFrame('metadata', { usage, metrics: { latencyMs: 900 } })];
}

function pieces(text: string, length = 40): string[] {
  return text.match(new RegExp(`[^]{1,${length}}`, 'gu')) ?? [];
}
