import * as vscode from 'vscode';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';

/** Read-only pages that exist in memory alone, and as long as something shows them. */
export interface VirtualDocuments extends Disposable {
  /** `name` ends in the extension that decides the language. */
  add(name: string, text: string): vscode.Uri;
}

export function createVirtualDocuments(scheme: string): VirtualDocuments {
  const disposables = new Disposables();
  const texts = new Map<string, string>();
  let count = 0;
  disposables.add(
    vscode.workspace.registerTextDocumentContentProvider(scheme, {
      provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? '',
    }),
  );
  disposables.add(vscode.workspace.onDidCloseTextDocument((document) => texts.delete(document.uri.toString())));
  return {
    add(name, text) {
      count += 1;
      const uri = vscode.Uri.from({ scheme, path: `/${name}`, query: String(count) });
      texts.set(uri.toString(), text);
      return uri;
    },
    dispose() {
      disposables.dispose();
      texts.clear();
    },
  };
}
