import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import type { Host } from '../../../src/agent/host.ts';
import { noProxies } from '../../../src/agent/network/proxyFor.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { attachSurfaces } from '../../../src/editor/attach.ts';
import { toRange } from '../../../src/editor/convert.ts';
import { FakeAgent } from '../../fakes/fakeAgent.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { workspaceFolder } from '../inside.ts';

/** Surfaces of their own over an agent that the test plays. The extension's own surfaces go on beside them. */
export function openSurfaces() {
  const agent = new FakeAgent();
  const surfaces = attachSurfaces({ agent, host: quietHost, settings: () => defaultSettings });
  return { agent, findings: surfaces.findings, dispose: () => surfaces.dispose() };
}

/** A new file of the workspace, opened; gone again after `dispose`. */
export async function openFile(name: string, text: string) {
  const uri = vscode.Uri.file(join(workspaceFolder(), name));
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await vscode.workspace.openTextDocument(uri);
  return {
    uri,
    document,
    async dispose() {
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
      await vscode.workspace.fs.delete(uri);
    },
  };
}

/** A finding at the one place of the document where `quote` stands. */
export function findingAt(document: vscode.TextDocument, quote: string, own: Partial<Finding> = {}): Finding {
  const start = document.getText().indexOf(quote);
  assert.notEqual(start, -1, `${quote} is not in the document`);
  const range = new vscode.Range(document.positionAt(start), document.positionAt(start + quote.length));
  const file = vscode.workspace.asRelativePath(document.uri, false);
  return sampleFinding({ file, quote, range: toRange(range), ...own });
}

const quietHost: Host = {
  name: 'vscode',
  description: 'a test',
  storage: '',
  folders: () => [],
  trusted: () => true,
  unsavedText: () => undefined,
  changes: async () => ({ ok: true, value: [] }),
  symbols: async () => [],
  diagnostics: async () => [],
  network: () => noProxies,
  secrets: { key: async () => undefined },
  log: (level, message, fields) => assert.notEqual(level, 'error', `${message} ${JSON.stringify(fields)}`),
};
