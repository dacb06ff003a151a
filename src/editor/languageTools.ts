import * as vscode from 'vscode';
import type { CodeSymbol, ExistingDiagnostic, Host, Log } from '../agent/host.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { toCodeSymbol, toExistingDiagnostic } from './convert.ts';
import { diagnosticSource } from './diagnostics.ts';

const symbolLimit = 5000;
/** How long a language server gets to look at a file that was not open: it may have to start, then it is warm. */
const firstWait = 2000;
const laterWait = 400;

/** What the editor's language extensions know about a file. Files are opened without being shown. */
export function createLanguageTools(log: Log): Pick<Host, 'symbols' | 'diagnostics'> {
  /** An extension that throws, or a file that is no text, is nobody who can tell. */
  const orNothing =
    <T>(what: string, signal: AbortSignal) =>
    (error: unknown): readonly T[] => {
      signal.throwIfAborted();
      log('warn', `${what} are not available`, { error: String(error) });
      return [];
    };
  const warm = new Set<string>();

  const settle = async (uri: vscode.Uri, signal: AbortSignal) => {
    if (vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString())) return;
    const said = nextDiagnostics(uri);
    try {
      const { languageId } = await vscode.workspace.openTextDocument(uri);
      const wait = warm.has(languageId) ? laterWait : firstWait;
      warm.add(languageId);
      await within(wait, signal, said.promise);
    } finally {
      said.dispose();
    }
  };

  return {
    symbols(absolutePath, signal) {
      const asked = vscode.commands.executeCommand<(vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>(
        'vscode.executeDocumentSymbolProvider',
        vscode.Uri.file(absolutePath),
      );
      return within(symbolLimit, signal, asked)
        .then((found): readonly CodeSymbol[] => (found ?? []).map(toCodeSymbol))
        .catch(orNothing<CodeSymbol>('symbols', signal));
    },
    diagnostics(absolutePath, signal) {
      const uri = vscode.Uri.file(absolutePath);
      return settle(uri, signal)
        .then((): readonly ExistingDiagnostic[] =>
          vscode.languages
            .getDiagnostics(uri)
            .filter((diagnostic) => diagnostic.source !== diagnosticSource)
            .map(toExistingDiagnostic),
        )
        .catch(orNothing<ExistingDiagnostic>('diagnostics', signal));
    },
  };
}

/** Settles when anybody publishes diagnostics for the file. */
function nextDiagnostics(uri: vscode.Uri): Disposable & { readonly promise: Promise<void> } {
  let listening: Disposable = { dispose: () => undefined };
  const promise = new Promise<void>((resolve) => {
    listening = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      if (uris.some((changed) => changed.toString() === uri.toString())) resolve();
    });
  });
  return { promise, dispose: () => listening.dispose() };
}

/** The value, or undefined after `ms`. Rejects with the signal's reason. */
async function within<T>(ms: number, signal: AbortSignal, value: Thenable<T>): Promise<T | undefined> {
  signal.throwIfAborted();
  const disposables = new Disposables();
  const end = new Promise<undefined>((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    disposables.add({
      dispose: () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      },
    });
  });
  try {
    return await Promise.race([value, end]);
  } finally {
    disposables.dispose();
  }
}
