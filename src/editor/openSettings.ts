import * as vscode from 'vscode';

/**
 * Opens the settings page with a search such as `@id:developerMesh.bedrock.model`. In a window on another machine most of
 * ours exist on that machine's page alone.
 */
export async function openSettings(query: string): Promise<void> {
  const isElsewhere = vscode.env.remoteName !== undefined && /developer-?mesh/i.test(query);
  const command = isElsewhere ? 'openRemoteSettings' : 'openSettings';
  await vscode.commands.executeCommand(`workbench.action.${command}`, { query });
}
