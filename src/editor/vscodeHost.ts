import { mkdirSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Host, Log, Secrets } from '../agent/host.ts';
import { changesInFolders } from './changes.ts';
import { createLanguageTools } from './languageTools.ts';
import { readNetwork } from './network.ts';
import { notebookJson } from './notebookJson.ts';
import type { Environment } from './settings.ts';
import { openFolders } from './workspacePaths.ts';

export type StorageFolders = Pick<vscode.ExtensionContext, 'storageUri' | 'globalStorageUri'> &
  Partial<Pick<vscode.ExtensionContext, 'languageModelAccessInformation'>>;

/** What the agent gets from VS Code. */
export function createVscodeHost(context: StorageFolders, environment: Environment, secrets: Secrets, log: Log): Host {
  const storage = storageFolder(context);
  try {
    mkdirSync(storage, { recursive: true });
  } catch (error) {
    // The journal says so to the person, once there is something that it cannot keep.
    log('error', 'the storage folder cannot be made', { storage, error: String(error) });
  }
  return {
    name: 'vscode',
    description: `${vscode.env.appName} ${vscode.version}`,
    storage,
    sharedStorage: context.globalStorageUri.fsPath,
    folders: openFolders,
    trusted: () => vscode.workspace.isTrusted,
    unsavedText(absolutePath) {
      const uri = vscode.Uri.file(absolutePath).toString();
      const notebook = vscode.workspace.notebookDocuments.find((open) => open.isDirty && open.uri.toString() === uri);
      if (notebook) return notebookJson(notebook);
      return vscode.workspace.textDocuments
        .find((document) => document.isDirty && document.uri.toString() === uri)
        ?.getText();
    },
    changes: (scope, signal) => changesInFolders(scope, environment, signal),
    ...createLanguageTools(log),
    models: async (choice) =>
      (await import('./languageModels.ts')).languageModels(context.languageModelAccessInformation, choice),
    network: () => readNetwork(environment),
    secrets,
    log,
  };
}

/** The workspace's own; windows without one share a folder, in which each claims its own place. */
function storageFolder(context: StorageFolders): string {
  return (context.storageUri ?? vscode.Uri.joinPath(context.globalStorageUri, 'no-workspace')).fsPath;
}
