import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Session } from 'node:inspector';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';
import { loadedWith } from '../../setup/bundle.ts';
import { activationMarks } from '../activationMarks.ts';
import { suiteLine } from '../suiteResult.ts';

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension('developer-mesh.developer-mesh-agent');
  assert.ok(found, 'the editor does not know the extension');
  return found;
}

/** The scripts below a folder that this process has loaded, relative to it. The debugger knows ES modules as well. */
function loadedScripts(folder: string): string[] {
  const loaded = new Set<string>();
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (!params.url.startsWith('file:')) return;
    const path = relative(folder, fileURLToPath(params.url));
    if (!path.startsWith('..')) loaded.add(path.split(sep).join('/'));
  });
  session.post('Debugger.enable');
  session.disconnect();
  return [...loaded].sort();
}

suite('activation', () => {
  test('the extension is there and activates', async () => {
    await extension().activate();
    assert.equal(extension().isActive, true);
  });

  test('activation loads no chunk that is meant to load on first use', async () => {
    await extension().activate();
    const { extensionPath } = extension();
    const meta: Metafile = JSON.parse(await readFile(join(extensionPath, '.vscode-test', 'meta.json'), 'utf8'));
    const expected = loadedWith('dist/extension.js', meta);
    assert.deepEqual(
      loadedScripts(extensionPath).filter((path) => path.startsWith('dist/')),
      expected.sort(),
    );
  });

  test('the editor has timed the activation', async () => {
    await extension().activate();
    await vscode.extensions.getExtension('vscode.merge-conflict')?.activate();
    const ours = activationMarks('developer-mesh.developer-mesh-agent');
    const builtIn = activationMarks('vscode.merge-conflict');
    assert.ok(ours, 'no marks of ours');
    for (const [name, marks] of Object.entries({ 'developer-mesh-agent': ours, 'merge-conflict': builtIn })) {
      if (marks) console.log(suiteLine(`  ${name}: load ${marks.load} ms, activate ${marks.activate} ms`));
    }
  });
});
