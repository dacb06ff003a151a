import type { Failure } from '../failures.ts';
import type { TokenUse } from '../tasks/task.ts';

/** A language model that answers by filling in one tool's input. Implementations: `bedrock/`. */
export interface Model {
  /** What was chosen, e.g. an inference profile id; goes into the result's metadata. */
  readonly id: string;
  /**
   * One answer, streamed. Never throws, and ends in exactly one terminal event, `done` or `failed`.
   * An abort ends it with `failed` of code `cancelled` and closes the connection to the service at once.
   * Leaving the loop early does the same.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /** Tokens of the input, at no cost; undefined when the service does not tell. Rejects with the signal's reason alone. */
  countTokens?(request: ModelRequest, signal: AbortSignal): Promise<number | undefined>;
}

export interface ModelRequest {
  readonly system: string;
  readonly prompt: string;
  /**
   * The form of the answer: the model is made to call this tool once. One that cannot be writes the input out as text.
   * Absent: free text.
   */
  readonly tool?: ToolForm;
  /**
   * More requests follow with the same `system`, the same `tool` and the same first `promptPrefix` characters of `prompt`
   * (0: none): a service that can keep them for the next request is asked to. Absent: it is not worth it.
   */
  readonly reuse?: { readonly promptPrefix: number };
  /** Always set: an unset limit reserves the model's whole quota. */
  readonly maxTokens: number;
}

export interface ToolForm {
  readonly name: string;
  readonly description: string;
  /** The schema keeps to what strict modes take, so a model may be held to it word by word. */
  readonly strict?: true;
  /** JSON Schema of an object. */
  readonly schema: Readonly<Record<string, unknown>>;
}

export type ModelEvent =
  /** A piece of free text. */
  | { readonly kind: 'text'; readonly text: string }
  /** A piece of the tool's input, as JSON text; all pieces joined are the whole input. */
  | { readonly kind: 'input'; readonly json: string }
  /** The answer is complete: the service said so. */
  | { readonly kind: 'done'; readonly tokens: TokenUse }
  /** Anything else. What arrived before stands and may be salvaged. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly tokens: TokenUse };

export const noTokens: TokenUse = { input: 0, output: 0, cache_read: 0, cache_write: 0 };
