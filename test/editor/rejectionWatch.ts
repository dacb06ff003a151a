import { setTimeout as pause } from 'node:timers/promises';
import type { SuiteFailure } from './suiteResult.ts';

/**
 * Collects the promises that nobody handled. The extension host serves all extensions and only logs them; here each one
 * is a failure, unless its stack shows that another extension caused it.
 */
export class RejectionWatch {
  readonly #open = new Map<Promise<unknown>, unknown>();

  constructor() {
    // Not chained: the extension host replaces `process.on` by one that returns nothing.
    process.on('unhandledRejection', this.#rejected);
    process.on('rejectionHandled', this.#handled);
  }

  /** What is left unhandled a moment after the last test. */
  async finish(): Promise<SuiteFailure[]> {
    await pause(100);
    process.off('unhandledRejection', this.#rejected);
    process.off('rejectionHandled', this.#handled);
    return [...this.#open.values()]
      .filter((reason) => !isForeign(reason))
      .map((reason) => ({ name: 'a promise was rejected and nobody handled it', message: describe(reason) }));
  }

  readonly #rejected = (reason: unknown, promise: Promise<unknown>): void => {
    this.#open.set(promise, reason);
  };

  readonly #handled = (promise: Promise<unknown>): void => {
    this.#open.delete(promise);
  };
}

/**
 * True when the stack runs through an extension that comes with VS Code and through no file of ours. A reason without
 * a stack counts as ours: better one question too many than a lost failure.
 */
export function isForeign(reason: unknown): boolean {
  // The file search's program is fetched by an install script of its own, which does not run here. Nobody of us searches.
  if (reason instanceof Error && /^spawn \S+[\\/]ripgrep[\\/]bin[\\/]rg(\.exe)? ENOENT$/.test(reason.message))
    return true;
  const stack = reason instanceof Error ? (reason.stack ?? '') : '';
  const builtIn = /[\\/](?:lib[\\/]vscode|resources[\\/]app)[\\/]extensions[\\/]/.test(stack);
  const ours = /[\\/](?:dist|\.vscode-test[\\/]suite)[\\/][^\n]*\.c?js/.test(
    stack
      .split('\n')
      .filter((line) => !/[\\/](?:lib[\\/]vscode|resources[\\/]app)[\\/]/.test(line))
      .join('\n'),
  );
  return builtIn && !ours;
}

function describe(reason: unknown): string {
  return reason instanceof Error ? `${reason.stack}` : String(reason);
}
