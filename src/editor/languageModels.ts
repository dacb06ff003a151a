import * as vscode from 'vscode';
import type { Model } from '../agent/models/model.ts';
import { createLanguageModel, type EditorWords } from './languageModel.ts';

const words: EditorWords = {
  user: (text) => vscode.LanguageModelChatMessage.User(text),
  cancellation: () => new vscode.CancellationTokenSource(),
  toolRequired: vscode.LanguageModelChatToolMode.Required,
};

/**
 * The editor's own chat models that this extension may use, those that take the longest input first. `wanted`: an id, a
 * family, or `vendor/id`; empty: any. `mayAsk`: also those whose use the person has not consented to yet, for which the
 * editor asks at the first request.
 */
export async function languageModels(
  access: vscode.LanguageModelAccessInformation | undefined,
  { wanted, mayAsk }: { readonly wanted: string; readonly mayAsk: boolean },
): Promise<readonly Model[]> {
  const chats = await vscode.lm.selectChatModels();
  return chats
    .filter(({ id, family, vendor }) => wanted === '' || [id, family, `${vendor}/${id}`].includes(wanted))
    .filter((chat) => {
      const allowed = access?.canSendRequest(chat);
      return allowed === true || (mayAsk && allowed === undefined);
    })
    .sort((a, b) => b.maxInputTokens - a.maxInputTokens)
    .map((chat) => createLanguageModel(chat, words));
}
