import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import * as z from 'zod/mini';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { followSettings } from '../../../src/editor/settings.ts';
import { ourDiagnostics, until, workspaceFolder } from '../inside.ts';
import { findingAt, openFile, openSurfaces } from './editorWorld.ts';

const raise = (error: unknown) => {
  throw error;
};

async function ourExtension() {
  const extension = vscode.extensions.getExtension('developer-mesh.developer-mesh-agent');
  assert.ok(extension);
  await extension.activate();
  const manifest = z
    .object({ contributes: z.object({ commands: z.array(z.object({ command: z.string() })) }) })
    .parse(extension.packageJSON);
  return { extension, contributed: manifest.contributes.commands.map(({ command }) => command) };
}

suite('the window', () => {
  test('every command of package.json is there, and no other of ours', async () => {
    const { contributed } = await ourExtension();
    const registered = (await vscode.commands.getCommands(true)).filter((id) => /^developerMesh\.[a-zA-Z]+$/.test(id));
    assert.deepEqual(registered.sort(), contributed.sort());
  });

  test('nothing is exported to other extensions', async () => {
    assert.equal((await ourExtension()).extension.exports, undefined);
  });

  test('a workspace cannot name the server, the model or the limits, whatever its settings say', async () => {
    const file = join(workspaceFolder(), '.vscode', 'settings.json');
    const settings = followSettings({}, raise);
    try {
      await mkdir(join(workspaceFolder(), '.vscode'), { recursive: true });
      const hostile = {
        'developerMesh.server.url': 'wss://evil.example/ws',
        'developerMesh.bedrock.endpoint': 'https://evil.example/',
        'developerMesh.bedrock.profile': 'evil',
        'developerMesh.review.useModel': false,
        'developerMesh.limits.concurrentTasks': 9,
        'developerMesh.review.findingsPerFile': 7,
      };
      await writeFile(file, JSON.stringify(hostile));
      await until('the settings of the workspace are read', () => settings.current.review.findingsPerFile === 7);
      assert.deepEqual(settings.current, {
        ...defaultSettings,
        review: { ...defaultSettings.review, findingsPerFile: 7 },
      });
    } finally {
      await rm(file);
      await until('they are gone', () => settings.current.review.findingsPerFile === 50);
      settings.dispose();
    }
  });

  test('the person’s own settings count, and a value that does not fit is reported and replaced', async () => {
    const settings = followSettings({}, raise);
    const configuration = () => vscode.workspace.getConfiguration('developerMesh');
    const set = (name: string, value: unknown) =>
      configuration().update(name, value, vscode.ConfigurationTarget.Global);
    try {
      await set('bedrock.region', 'eu-central-1');
      await set('limits.modelCalls', 99);
      await until('they are read', () => settings.problems.length > 0);
      assert.equal(settings.current.bedrock.region, 'eu-central-1');
      assert.equal(settings.current.limits.modelCalls, defaultSettings.limits.modelCalls);
      assert.deepEqual(
        settings.problems.map(({ path }) => path),
        ['limits.modelCalls'],
      );
    } finally {
      await set('bedrock.region', undefined);
      await set('limits.modelCalls', undefined);
      settings.dispose();
    }
  });

  test('the environment signs in where nothing else does, and only with server and key together', () => {
    const url = (environment: Record<string, string>) => {
      const settings = followSettings(environment, raise);
      settings.dispose();
      return settings.current.server.url;
    };
    assert.equal(url({ MCP_SERVER_URL: 'wss://mesh.example.com/ws', MCP_API_KEY: 'k' }), 'wss://mesh.example.com/ws');
    assert.equal(url({ MCP_SERVER_URL: 'wss://mesh.example.com/ws' }), '');
    assert.equal(url({ MCP_SERVER_URL: 'ws://mesh.example.com/ws', MCP_API_KEY: 'k' }), '');
  });

  test('a file is reviewed by command, with no server and no model, and its findings can be cleared', async () => {
    await ourExtension();
    const uri = vscode.Uri.file(join(workspaceFolder(), 'src', 'orders.ts'));
    const useModel = (value: false | undefined) =>
      vscode.workspace
        .getConfiguration('developerMesh')
        .update('review.useModel', value, vscode.ConfigurationTarget.Global);
    await useModel(false);
    try {
      await vscode.commands.executeCommand('developerMesh.reviewFile', uri);
      await until('the call of eval is marked', () => ourDiagnostics(uri).length > 0);
      const [diagnostic] = ourDiagnostics(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      assert.match(document.getText(diagnostic?.range), /^eval\(/);
    } finally {
      await vscode.commands.executeCommand('developerMesh.clearFindings');
      await until('nothing is marked', () => ourDiagnostics(uri).length === 0);
      await useModel(undefined);
    }
  });

  test('three restarts leave no listener and no squiggle behind', async () => {
    const file = await openFile('restarted.js', 'const a = 1;\n');
    try {
      for (let round = 0; round < 3; round++) {
        const { agent, dispose } = openSurfaces();
        assert.ok(agent.listeners > 0);
        agent.find(findingAt(file.document, 'a = 1'));
        await until('the squiggle is there', () => ourDiagnostics(file.uri).length === 1);
        dispose();
        assert.equal(agent.listeners, 0);
        await until('the squiggle is gone', () => ourDiagnostics(file.uri).length === 0);
        agent.find(findingAt(file.document, 'a = 1', { id: 'late' }));
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal(ourDiagnostics(file.uri).length, 0);
      }
    } finally {
      await file.dispose();
    }
  });

  test('a renamed file takes its findings along, a deleted one takes them away', async () => {
    const file = await openFile('before.js', 'const a = 1;\n');
    const { agent, findings, dispose } = openSurfaces();
    const to = vscode.Uri.file(join(workspaceFolder(), 'after.js'));
    try {
      agent.find(findingAt(file.document, 'a = 1'));
      const rename = new vscode.WorkspaceEdit();
      rename.renameFile(file.uri, to);
      assert.equal(await vscode.workspace.applyEdit(rename), true);
      await until('the finding moved', () => findings.of('after.js').length === 1);
      await until('and so did the squiggle', () => ourDiagnostics(to).length === 1);
      const gone = new vscode.WorkspaceEdit();
      gone.deleteFile(to);
      assert.equal(await vscode.workspace.applyEdit(gone), true);
      await until('the finding is gone', () => findings.all().length === 0);
    } finally {
      dispose();
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    }
  });
});
