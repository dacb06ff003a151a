import type * as vscode from 'vscode';
import type { EditorChat, EditorWords } from '../../src/editor/languageModel.ts';

/** What one request is answered with: parts as the editor hands them on, and how it ends. */
export interface ChatAnswer {
  readonly parts?: readonly object[];
  /** `silence`: never by itself. */
  readonly end?: 'end' | 'silence' | Error;
  /** Instead of any answer. */
  readonly refuse?: Error;
}

/** `vscode.LanguageModelError` by its fields. */
export class ChatError extends Error {
  readonly code: string;

  constructor(code: string, message = code) {
    super(message);
    this.code = code;
  }
}

class FakeToken implements vscode.CancellationToken {
  isCancellationRequested = false;
  readonly listeners = new Set<() => void>();
  readonly onCancellationRequested: vscode.Event<unknown> = (listener) => {
    const call = () => listener(undefined);
    this.listeners.add(call);
    return { dispose: () => this.listeners.delete(call) };
  };
}

class FakeCancellation implements vscode.CancellationTokenSource {
  readonly token = new FakeToken();
  disposed = false;

  cancel(): void {
    this.token.isCancellationRequested = true;
    for (const call of this.token.listeners) call();
  }

  dispose(): void {
    this.disposed = true;
  }
}

export const words: EditorWords = {
  user: (text) => ({ role: 1, content: [{ value: text }], name: undefined }),
  cancellation: () => new FakeCancellation(),
  toolRequired: 2,
};

/** The surface of `vscode.lm`'s chat models that the extension uses, answered by a script. */
export class FakeChat implements EditorChat {
  readonly id = 'fake-model';
  readonly vendor = 'fake';
  readonly requests: {
    readonly texts: readonly string[];
    readonly options: vscode.LanguageModelChatRequestOptions | undefined;
    readonly token: vscode.CancellationToken | undefined;
    finished: boolean;
  }[] = [];
  readonly #queue: ChatAnswer[] = [];

  queue(...answers: readonly ChatAnswer[]): void {
    this.#queue.push(...answers);
  }

  async sendRequest(
    messages: vscode.LanguageModelChatMessage[],
    options?: vscode.LanguageModelChatRequestOptions,
    token?: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelChatResponse> {
    const texts = messages.map(({ content }) =>
      content.map((part) => ('value' in part ? String(part.value) : '')).join(''),
    );
    const request = { texts, options, token, finished: false };
    this.requests.push(request);
    const answer = this.#queue.shift();
    if (!answer) throw new Error('No answer is scripted.');
    if (answer.refuse) throw answer.refuse;
    const stream = partsOf(answer, request);
    return { stream, text: textOf(stream) };
  }

  async countTokens(text: string | vscode.LanguageModelChatMessage): Promise<number> {
    return typeof text === 'string' ? text.length : 0;
  }
}

async function* partsOf({ parts = [], end = 'end' }: ChatAnswer, request: { finished: boolean }) {
  for (const part of parts) {
    await new Promise((resolve) => setImmediate(resolve));
    yield part;
  }
  if (end instanceof Error) throw end;
  if (end === 'silence') await new Promise(() => undefined);
  request.finished = true;
}

async function* textOf(stream: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const part of stream) if ('value' in part) yield String(part.value);
}

export const formPart = (name: string, input: object): object => ({ callId: 'call-1', name, input });
export const textPart = (value: string): object => ({ value });
