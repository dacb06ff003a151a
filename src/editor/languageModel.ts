import type * as vscode from 'vscode';
import { type Failure, failures } from '../agent/failures.ts';
import { charactersAToken, estimateInput } from '../agent/models/estimate.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from '../agent/models/model.ts';
import { orAborted } from '../agent/shared/orAborted.ts';

/** What is used of a chat model of the editor. */
export type EditorChat = Pick<vscode.LanguageModelChat, 'id' | 'vendor' | 'sendRequest' | 'countTokens'>;

/** What only the editor can make. */
export interface EditorWords {
  user(text: string): vscode.LanguageModelChatMessage;
  cancellation(): vscode.CancellationTokenSource;
  readonly toolRequired: vscode.LanguageModelChatToolMode;
}

/** Shown where the editor asks for consent. */
const justification = 'Developer Mesh reviews and documents the code that you, or your server, ask about.';
/** Of a form that comes in one piece, so that what is complete in it is shown on the way. */
const pieceLength = 100;
/** An answer that goes on for this many times what was allowed is cut: the editor takes no limit. */
const patience = 2;

/**
 * A chat model of the editor. It has no place for instructions but the user's own messages, says nothing about what a
 * call took, so that the tokens are estimated, and hands a form over in one piece.
 */
export function createLanguageModel(chat: EditorChat, words: EditorWords): Model {
  let tools = true;

  function ask({ system, prompt, tool }: ModelRequest, token: vscode.CancellationToken) {
    const inWords = tool && !tools ? `${system}\n\n${inWordsOf(tool)}` : system;
    const messages = [inWords, prompt].filter((text) => text.trim() !== '').map(words.user);
    const form = tool && tools && { name: tool.name, description: tool.description, inputSchema: tool.schema };
    const options = { justification, ...(form && { tools: [form], toolMode: words.toolRequired }) };
    return chat.sendRequest(messages, options, token);
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const source = words.cancellation();
    const onAbort = () => source.cancel();
    signal.addEventListener('abort', onAbort, { once: true });
    let characters = 0;
    let filledIn = false;
    let ended = false;
    const tokens = () => ({
      ...noTokens,
      input: estimateInput(request),
      output: Math.ceil(characters / charactersAToken),
    });
    try {
      signal.throwIfAborted();
      const response = await orAborted(
        Promise.resolve(ask(request, source.token)).catch((error: unknown) => {
          if (!request.tool || !tools || !isAboutTools(error)) throw error;
          tools = false;
          return ask(request, source.token);
        }),
        signal,
      );
      const parts = response.stream[Symbol.asyncIterator]();
      for (;;) {
        const { value: part, done } = await orAborted(parts.next(), signal);
        if (done) break;
        const text = textOf(part);
        const json = request.tool && !filledIn ? formOf(part, request.tool.name) : undefined;
        characters += (json ?? text ?? '').length;
        if (json === undefined && characters > request.maxTokens * charactersAToken * patience) {
          return yield { kind: 'failed', failure: failures.answerTooLong(), tokens: tokens() };
        }
        if (json !== undefined) {
          filledIn = true;
          for (let at = 0; at < json.length; at += pieceLength) {
            signal.throwIfAborted();
            yield { kind: 'input', json: json.slice(at, at + pieceLength) };
          }
        } else if (text) yield { kind: 'text', text };
      }
      ended = true;
      if (characters > 0) return yield { kind: 'done', tokens: tokens() };
      yield { kind: 'failed', failure: failures.answerMalformed('the answer is empty'), tokens: tokens() };
    } catch (error) {
      const failure = signal.aborted ? failures.cancelled() : failureOf(error, chat.id);
      yield { kind: 'failed', failure, tokens: characters > 0 ? tokens() : noTokens };
    } finally {
      signal.removeEventListener('abort', onAbort);
      // Whoever leaves early must not be answered further.
      if (!ended) source.cancel();
      source.dispose();
    }
  }

  async function countTokens({ system, prompt }: ModelRequest, signal: AbortSignal): Promise<number | undefined> {
    signal.throwIfAborted();
    const counted = Promise.resolve(chat.countTokens(`${system}\n${prompt}`));
    // A model that cannot count is estimated.
    return orAborted(
      counted.catch(() => undefined),
      signal,
    );
  }

  return { id: `${chat.vendor}/${chat.id}`, stream, countTokens };
}

function inWordsOf({ name, schema }: NonNullable<ModelRequest['tool']>): string {
  return `There is no tool ${name} here. Write what you would have called it with: one JSON object and nothing else, by this JSON Schema: ${JSON.stringify(schema)}`;
}

/** Parts are told by their fields: a newer editor may bring others, which are passed over. */
function textOf(part: unknown): string | undefined {
  const value = fieldOf(part, 'value');
  return typeof value === 'string' ? value : undefined;
}

function formOf(part: unknown, name: string): string | undefined {
  const input = fieldOf(part, 'input');
  return fieldOf(part, 'name') === name && typeof input === 'object' && input !== null
    ? JSON.stringify(input)
    : undefined;
}

function isAboutTools(error: unknown): boolean {
  return /\btools?\b.*\bsupport|\bsupport.*\btools?\b|toolMode/i.test(messageOf(error));
}

function failureOf(error: unknown, model: string): Failure {
  const message = messageOf(error);
  const detail = message.slice(0, 500);
  switch (fieldOf(error, 'code')) {
    case 'NoPermissions':
      return failures.editorModelDenied(model);
    case 'NotFound':
      return failures.noEditorModel();
    case 'Blocked':
      return failures.editorModelBlocked(model, detail);
  }
  if (/rate.?limit|too many requests|quota/i.test(message)) return failures.editorModelBusy(model, detail);
  if (/too long|context (window|length)|token limit|exceeds? .*tokens/i.test(message)) return failures.inputTooLong();
  if (/filtered|content policy|off.?topic/i.test(message)) return failures.answerBlocked();
  return failures.modelError(detail);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
