import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Host } from '../../src/agent/host.ts';

/** What every host is asked about. The folder stands in a repository whose last commit is `committed`. */
export const hostProject = {
  committed: {
    'src/changed.ts': 'const one = 1;\nconst two = 2;\nconst three = 3;\n',
    'src/gone.ts': 'export {};\n',
    'src/still.ts': 'export const still = true;\n',
  },
  /** On disk now; `src/gone.ts` was deleted. */
  present: {
    'src/changed.ts': 'const one = 1;\nconst two = 22;\nconst three = 3;\n',
    'src/still.ts': 'export const still = true;\n',
    'src/new file é.ts': 'export const fresh = 1;\n',
  },
} as const;

export interface OpenedHost {
  readonly host: Host;
  /** Absolute path of the one folder. */
  readonly folder: string;
  /** The origin a key is stored for, and the key; absent when the host has none. */
  readonly key?: { readonly origin: string; readonly value: string };
  close(): Promise<void>;
}

/** `test` of node:test, or `it` of Mocha. */
export type Runner = (name: string, body: () => Promise<void>) => unknown;

/**
 * What the agent relies on, whoever implements the host. `openProject` opens one folder with `hostProject` in it;
 * `openPlain` opens one that belongs to no repository.
 */
export function hostContract(
  test: Runner,
  name: string,
  openProject: () => Promise<OpenedHost>,
  openPlain: () => Promise<OpenedHost>,
): void {
  const check = (what: string, open: () => Promise<OpenedHost>, body: (opened: OpenedHost) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close();
      }
    });
  const never = () => new AbortController().signal;

  check('its folders have a name and an absolute path that exists', openProject, async ({ host, folder }) => {
    const folders = host.folders();
    assert.deepEqual(
      folders.map(({ path }) => path),
      [folder],
    );
    for (const one of folders) {
      assert.notEqual(one.name, '');
      assert.ok(isAbsolute(one.path));
      assert.ok((await stat(one.path)).isDirectory());
    }
  });

  check('its storage exists, can be written and is not in the workspace', openProject, async ({ host, folder }) => {
    assert.ok(isAbsolute(host.storage));
    await writeFile(join(host.storage, 'contract.txt'), 'written');
    assert.ok(!host.storage.startsWith(folder));
  });

  check('it describes itself in one line', openProject, async ({ host }) => {
    assert.match(host.description, /^[^\p{Cc}]{3,200}$/u);
    assert.ok(host.name === 'vscode' || host.name === 'headless');
  });

  check('a workspace that was opened for the test is trusted', openProject, async ({ host }) => {
    assert.equal(host.trusted(), true);
  });

  check('a file that nobody edits has no unsaved text', openProject, async ({ host, folder }) => {
    assert.equal(host.unsavedText(join(folder, 'src', 'still.ts')), undefined);
    assert.equal(host.unsavedText(join(folder, 'src', 'absent.ts')), undefined);
  });

  check('changed, new and deleted files are listed, with the lines that changed', openProject, async (opened) => {
    const changes = await opened.host.changes({ kind: 'uncommitted' }, never());
    assert.ok(changes.ok, 'the changes could not be listed');
    const listed = changes.value.map(({ absolutePath, kind, lines }) => ({ absolutePath, kind, lines }));
    listed.sort((a, b) => (a.absolutePath < b.absolutePath ? -1 : 1));
    assert.deepEqual(listed, [
      { absolutePath: join(opened.folder, 'src', 'changed.ts'), kind: 'modified', lines: [{ from: 2, to: 2 }] },
      { absolutePath: join(opened.folder, 'src', 'gone.ts'), kind: 'deleted', lines: [] },
      { absolutePath: join(opened.folder, 'src', 'new file é.ts'), kind: 'untracked', lines: 'whole' },
    ]);
  });

  check('a folder without a repository is a failure that says so', openPlain, async ({ host }) => {
    const changes = await host.changes({ kind: 'uncommitted' }, never());
    assert.equal(changes.ok, false);
    assert.equal(!changes.ok && changes.failure.code, 'no-repository');
  });

  check('listing changes stops when it is aborted, with the reason', openProject, async ({ host }) => {
    const reason = new Error('enough');
    await assert.rejects(host.changes({ kind: 'uncommitted' }, AbortSignal.abort(reason)), (error) => error === reason);
  });

  check(
    'symbols and diagnostics are lists with 1-based ranges, empty for a missing file',
    openProject,
    async (opened) => {
      const { host, folder } = opened;
      const file = join(folder, 'src', 'changed.ts');
      for (const { range } of [...(await host.symbols(file, never())), ...(await host.diagnostics(file, never()))]) {
        assert.ok(range.line >= 1 && range.column >= 1 && range.endLine >= range.line);
      }
      assert.deepEqual(await host.symbols(join(folder, 'absent.ts'), never()), []);
      assert.deepEqual(await host.diagnostics(join(folder, 'absent.ts'), never()), []);
    },
  );

  check('a key is given to the origin it was entered for and to no other', openProject, async ({ host, key }) => {
    if (key) assert.equal(await host.secrets.key(key.origin), key.value);
    const own = key?.origin ?? 'wss://mesh.example.com:443';
    const { protocol, hostname, port } = new URL(own);
    const portNow = port === '' ? '443' : port;
    for (const other of [
      `${protocol}//${hostname}.evil.example:${portNow}`,
      `${protocol}//evil.example:${portNow}`,
      `${protocol}//${hostname}@evil.example:${portNow}`,
      `${protocol === 'wss:' ? 'ws:' : 'wss:'}//${hostname}:${portNow}`,
      `${protocol}//${hostname}:${Number(portNow) + 1}`,
      'not an origin',
      '',
    ]) {
      assert.equal(await host.secrets.key(other), undefined, other);
    }
  });

  check('the log takes any fields and never throws', openProject, async ({ host }) => {
    const circle: Record<string, unknown> = { name: 'circle' };
    circle['self'] = circle;
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      assert.doesNotThrow(() =>
        host.log(level, 'a record of the contract suite', { circle, big: 1n, none: undefined }),
      );
    }
  });
}
