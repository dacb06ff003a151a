import * as vscode from 'vscode';
import type { CodePlace, CodeSymbol, ExistingDiagnostic, Host, Log } from '../agent/host.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { toCodeSymbol, toExistingDiagnostic } from './convert.ts';
import { diagnosticSource } from './diagnostics.ts';
import { isInTab } from './openTabs.ts';
import { isTypescripts, typescriptDiagnostics } from './typescriptDiagnostics.ts';

const symbolLimit = 5000;
/** A review does without what takes longer. */
const referenceLimit = 3000;
/** How long a language server gets to look at a file that was not open. The first of its language may start it. */
const firstWait = 2000;
const laterWait = 400;
/** TypeScript may have to start and to load the project. */
const typescriptLimit = 15_000;

/** What the editor's language extensions know about a file. Files are opened without being shown. */
export function createLanguageTools(log: Log): Pick<Host, 'symbols' | 'references' | 'diagnostics'> {
  /** An extension that throws, or a file that is no text, is nobody who can tell. */
  const orNothing =
    <T>(what: string, signal: AbortSignal) =>
    (error: unknown): readonly T[] => {
      signal.throwIfAborted();
      log('warn', `${what} are not available`, { error: String(error) });
      return [];
    };
  /** By language: whether anybody said something about its first file. Nobody is waited for twice in vain. */
  const answered = new Map<string, boolean>();

  /** What is published for a file, once whoever may say something about it had the time to. */
  const published = async (uri: vscode.Uri, signal: AbortSignal): Promise<readonly ExistingDiagnostic[]> => {
    const isOpen = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
    const said = nextDiagnostics(uri);
    try {
      const document = await vscode.workspace.openTextDocument(uri);
      const { languageId } = document;
      if (isTypescripts(document) && !isInTab(uri)) {
        const typescripts = await within(typescriptLimit, signal, typescriptDiagnostics(document));
        return [...(typescripts ?? []), ...current(uri)];
      }
      if (!isOpen && answered.get(languageId) !== false) {
        const wait = answered.has(languageId) ? laterWait : firstWait;
        const spoke = await within(wait, signal, said.promise);
        answered.set(languageId, spoke ?? answered.get(languageId) ?? false);
      }
      return current(uri);
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
    async references(absolutePath, { line, column }, signal) {
      const asked = vscode.commands.executeCommand<vscode.Location[] | undefined>(
        'vscode.executeReferenceProvider',
        vscode.Uri.file(absolutePath),
        new vscode.Position(line - 1, column - 1),
      );
      const found = await within(referenceLimit, signal, asked).catch(orNothing<vscode.Location>('references', signal));
      // Nobody who can tell says the same as nobody who uses it; where it stands itself is a reference too.
      if (!found || found.length === 0) return undefined;
      return found.flatMap(({ uri, range }): CodePlace[] =>
        uri.scheme === 'file' ? [{ absolutePath: uri.fsPath, line: range.start.line + 1 }] : [],
      );
    },
    diagnostics(absolutePath, signal) {
      const uri = vscode.Uri.file(absolutePath);
      return published(uri, signal).catch(orNothing<ExistingDiagnostic>('diagnostics', signal));
    },
  };
}

function current(uri: vscode.Uri): readonly ExistingDiagnostic[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((diagnostic) => diagnostic.source !== diagnosticSource)
    .map(toExistingDiagnostic);
}

/** Settles when anybody publishes diagnostics for the file. */
function nextDiagnostics(uri: vscode.Uri): Disposable & { readonly promise: Promise<true> } {
  let listening: Disposable = { dispose: () => undefined };
  const promise = new Promise<true>((resolve) => {
    listening = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      if (uris.some((changed) => changed.toString() === uri.toString())) resolve(true);
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
