import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { suite, test } from 'mocha';
import * as vscode from 'vscode';

const extensionId = 'developer-mesh.developer-mesh-agent';

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(extensionId);
  assert.ok(found, 'the editor does not know the extension');
  return found;
}

suite('the installed package', () => {
  test('the editor runs the copy that it installed, not the sources', () => {
    const { extensionPath } = extension();
    assert.equal(basename(dirname(extensionPath)), 'extensions');
    assert.match(basename(extensionPath), /^developer-mesh\.developer-mesh-agent-\d+\.\d+\.\d+/);
    assert.equal(existsSync(join(extensionPath, 'src')), false);
  });

  test('it activates', async () => {
    await extension().activate();
    assert.equal(extension().isActive, true);
  });

  test('every command that it names is registered', async () => {
    await extension().activate();
    const named: { command: string }[] = extension().packageJSON.contributes?.commands ?? [];
    assert.ok(named.length > 0, 'the package names no command');
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = named.map(({ command }) => command).filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
