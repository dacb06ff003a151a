import type * as vscode from 'vscode';
import { plainText } from './plainText.ts';

/**
 * Adds other people's text as text. `appendText` alone leaves web addresses to come to life as links, so every
 * punctuation mark is escaped, which Markdown allows for all of ASCII.
 */
export function appendPlain(markdown: vscode.MarkdownString, text: string, limit: number): void {
  markdown.appendMarkdown(escapeMarkdown(plainText(text, limit)));
}

export function escapeMarkdown(text: string): string {
  return text
    .replace(/[!-/:-@[-`{-~]/g, '\\$&')
    .replace(/^ +/gm, '')
    .replace(/\n/g, '  \n');
}
