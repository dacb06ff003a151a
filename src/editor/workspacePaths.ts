import * as vscode from 'vscode';
import type { WorkspaceFolder } from '../agent/host.ts';
import { resolvePath, toWorkspacePath } from '../agent/workspace/paths.ts';

/** The open folders that have files on this machine's disk. */
export function openFolders(): readonly WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === 'file')
    .map((folder) => ({ name: folder.name, path: folder.uri.fsPath }));
}

/** Where a workspace path stands; undefined when no open folder holds it, or when it is no path at all. */
export function uriOf(file: string): vscode.Uri | undefined {
  const place = resolvePath(file, openFolders());
  return place.ok ? vscode.Uri.file(place.value.absolutePath) : undefined;
}

/** The workspace path; undefined for what is outside the open folders, or is no file. */
export function fileOf(uri: vscode.Uri): string | undefined {
  return uri.scheme === 'file' ? toWorkspacePath(uri.fsPath, openFolders()) : undefined;
}
