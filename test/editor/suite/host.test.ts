import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';
import { createKeys } from '../../../src/editor/keys.ts';
import { createLanguageTools } from '../../../src/editor/languageTools.ts';
import { logInto } from '../../../src/editor/logChannel.ts';
import { createVscodeHost } from '../../../src/editor/vscodeHost.ts';
import { hostContract, hostProject, type OpenedHost } from '../../contract/host.ts';
import { MemorySecrets } from '../../fakes/memorySecrets.ts';
import { until, workspaceFolder } from '../inside.ts';
import { openFile } from './editorWorld.ts';

const key = { origin: 'wss://mesh.example.com:8443', value: 'a-key-of-the-contract-suite' };
const raise = (error: unknown) => {
  throw error;
};

function git(...args: string[]): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgSign=false'];
  execFileSync('git', [...identity, ...args], { cwd: workspaceFolder(), stdio: 'ignore' });
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspaceFolder(), path)), { recursive: true });
    writeFileSync(join(workspaceFolder(), path), text);
  }
}

async function opened(close: () => void): Promise<OpenedHost> {
  const storage = realpathSync(mkdtempSync(join(tmpdir(), 'vscode-host-')));
  const keys = createKeys(new MemorySecrets(), undefined, raise);
  await keys.store(key.origin, key.value);
  const folders = {
    storageUri: vscode.Uri.file(join(storage, 'made', 'when absent')),
    globalStorageUri: vscode.Uri.file(storage),
  };
  return {
    host: createVscodeHost(folders, process.env, keys, () => {}),
    folder: workspaceFolder(),
    key,
    async close() {
      close();
      keys.dispose();
      rmSync(storage, { recursive: true, force: true });
    },
  };
}

// The built-in Git extension would work in a repository that goes away beneath it.
const detectRepositories = (value: false | undefined) =>
  vscode.workspace.getConfiguration('git').update('autoRepositoryDetection', value, vscode.ConfigurationTarget.Global);

suite('the host', () => {
  suiteSetup(() => detectRepositories(false));
  suiteTeardown(() => detectRepositories(undefined));

  hostContract(
    (name, body) => test(name, body),
    'VS Code',
    () => {
      write(hostProject.committed);
      git('init', '--quiet');
      git('add', '--all');
      git('commit', '--quiet', '--message', 'as it was');
      rmSync(join(workspaceFolder(), 'src', 'gone.ts'));
      write(hostProject.present);
      return opened(() => {
        rmSync(join(workspaceFolder(), '.git'), { recursive: true, force: true });
        for (const path of Object.keys({ ...hostProject.committed, ...hostProject.present })) {
          rmSync(join(workspaceFolder(), path), { force: true });
        }
      });
    },
    () => opened(() => {}),
  );

  test('the text of an edited document is told, that of a saved one is not', async () => {
    const file = await openFile('edited.txt', 'on disk\n');
    const { host, close } = await opened(() => {});
    try {
      assert.equal(host.unsavedText(file.uri.fsPath), undefined);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(file.uri, new vscode.Position(0, 0), 'not ');
      await vscode.workspace.applyEdit(edit);
      assert.equal(host.unsavedText(file.uri.fsPath), 'not on disk\n');
    } finally {
      await close();
      await file.dispose();
    }
  });

  test('diagnostics of other tools are told, ours are not', async () => {
    const file = await openFile('wrong.txt', 'words words\n');
    const ours = vscode.languages.createDiagnosticCollection('test-ours');
    const theirs = vscode.languages.createDiagnosticCollection('test-theirs');
    const make = (source: string) => {
      const diagnostic = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 5), source, vscode.DiagnosticSeverity.Warning);
      return Object.assign(diagnostic, { source, code: 7 });
    };
    try {
      ours.set(file.uri, [make('Developer Mesh')]);
      theirs.set(file.uri, [make('spelling')]);
      const told = await createLanguageTools(() => {}).diagnostics(file.uri.fsPath, new AbortController().signal);
      assert.deepEqual(told, [
        {
          range: { line: 1, column: 1, endLine: 1, endColumn: 6 },
          severity: 'warning',
          message: 'spelling',
          source: 'spelling',
          code: '7',
        },
      ]);
    } finally {
      ours.dispose();
      theirs.dispose();
      await file.dispose();
    }
  });

  test('a language server looks at a file that nobody opened', async () => {
    write({ 'wrongType.ts': "export const size: number = 'large';\n" });
    const path = join(workspaceFolder(), 'wrongType.ts');
    try {
      const told = await createLanguageTools(() => {}).diagnostics(path, new AbortController().signal);
      assert.deepEqual(
        told.map(({ source, code, severity, range }) => [source, code, severity, range.line]),
        [['ts', '2322', 'error', 1]],
      );
    } finally {
      rmSync(path);
    }
  }).timeout(20_000);

  test('who uses what a file declares is known from its language', async () => {
    const declared = await openFile('declared.ts', 'export function shared() {\n  return 1;\n}\n');
    const using = await openFile('using.ts', "import { shared } from './declared';\n\nshared();\n");
    try {
      await vscode.window.showTextDocument(using.document);
      const tools = createLanguageTools(() => undefined);
      await until('the language server knows it', async () => {
        const at = { line: 1, column: 17 };
        const places = await tools.references?.(declared.uri.fsPath, at, new AbortController().signal);
        return places?.some(({ absolutePath, line }) => absolutePath === using.uri.fsPath && line === 3) ?? false;
      });
    } finally {
      await using.dispose();
      await declared.dispose();
    }
  });

  test('symbols of a file that nobody opened come from its language', async () => {
    const tools = createLanguageTools(() => {});
    write({ 'unopened.json': '{"first": {"second": 1}}' });
    const path = join(workspaceFolder(), 'unopened.json');
    try {
      await until('the language answers', async () => {
        const symbols = await tools.symbols(path, new AbortController().signal);
        return symbols[0]?.name === 'first' && symbols[0].children[0]?.name === 'second';
      });
    } finally {
      rmSync(path);
    }
  });
});

suite('the log', () => {
  test('a record is one clean line, and a closed channel is no failure', () => {
    const lines: string[] = [];
    const write = (line: string) => lines.push(line);
    logInto({ debug: write, info: write, warn: write, error: write })('info', 'from\u001b[31m outside\nnext', {
      a: 'b',
    });
    assert.deepEqual(lines, ['from outside next {"a":"b"}']);
    const closed = () => {
      throw new Error('Channel has been closed');
    };
    const log = logInto({ debug: closed, info: closed, warn: closed, error: closed });
    assert.doesNotThrow(() => log('error', 'too late'));
  });
});

suite('keys', () => {
  test('a key that is stored can be read back, and is told to be kept', async () => {
    const secrets = new MemorySecrets();
    const keys = createKeys(secrets, undefined, raise);
    const changed: string[] = [];
    keys.onChange((origin) => changed.push(origin));
    assert.equal(await keys.store(key.origin, key.value), 'kept');
    assert.equal(await keys.key(key.origin), key.value);
    await keys.remove(key.origin);
    assert.equal(await keys.key(key.origin), undefined);
    assert.deepEqual(changed, [key.origin, key.origin]);
    keys.dispose();
    assert.equal(secrets.listeners, 0);
  });

  for (const [what, broken] of [
    ['forgets in silence', 'forgets'],
    ['throws', 'throws'],
  ] as const) {
    test(`a keyring that ${what} is noticed, and the key lives as long as the window`, async () => {
      const keys = createKeys(new MemorySecrets(broken), undefined, raise);
      assert.equal(await keys.store(key.origin, key.value), 'session');
      assert.equal(await keys.key(key.origin), key.value);
    });
  }

  test('the environment’s key is for its own server alone, and comes after the person’s', async () => {
    const keys = createKeys(new MemorySecrets(), { origin: key.origin, key: 'from the environment' }, raise);
    assert.equal(await keys.key(key.origin), 'from the environment');
    assert.equal(await keys.key('wss://other.example:443'), undefined);
    await keys.store(key.origin, key.value);
    assert.equal(await keys.key(key.origin), key.value);
  });
});
