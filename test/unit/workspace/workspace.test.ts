import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failures } from '../../../src/agent/failures.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { createWorkspace, type Scope } from '../../../src/agent/workspace/workspace.ts';
import { FakeHost, type FakeHostOptions } from '../../fakes/fakeHost.ts';

const never = () => new AbortController().signal;

function world(context: TestContext, options: FakeHostOptions, limits = {}) {
  const host = new FakeHost(options);
  context.after(() => host.dispose());
  const workspace = createWorkspace(host, () => ({ ...defaultSettings.limits, ...limits }));
  const gather = async (scope: Scope) => {
    const outcome = await workspace.snapshots(scope, never());
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.failure.message);
    return outcome.value;
  };
  const files = async (...patterns: string[]) =>
    (await gather({ kind: 'files', patterns })).snapshots.map(({ file }) => file);
  const reasons = async (scope: Scope) =>
    Object.fromEntries((await gather(scope)).notReviewed.map(({ file, reason }) => [file, reason]));
  const failure = async (...patterns: string[]) => {
    const outcome = await workspace.snapshots({ kind: 'files', patterns }, never());
    return outcome.ok ? 'ok' : outcome.failure.code;
  };
  return { host, workspace, gather, files, reasons, failure };
}

const project = {
  'src/a.ts': 'export const a = 1;\n',
  'src/b.tsx': 'export const b = 1;\n',
  'src/deep/c.py': 'c = 1\n',
  'src/app/[id]/page.tsx': 'export {};\n',
  'README.md': '# Read me\n',
};

test('a path, a folder and a glob each give their files, once and in order', async (context) => {
  const { files } = world(context, { files: project });
  assert.deepEqual(await files('src/a.ts'), ['src/a.ts']);
  assert.deepEqual(await files('./src/../src/a.ts'), ['src/a.ts']);
  assert.deepEqual(await files('src/deep', 'src/a.ts', 'src/a.ts'), ['src/a.ts', 'src/deep/c.py']);
  assert.deepEqual(await files('**/*.{ts,tsx}'), ['src/a.ts', 'src/app/[id]/page.tsx', 'src/b.tsx']);
  assert.deepEqual(await files('src/*.ts', 'src/**/*.py'), ['src/a.ts', 'src/deep/c.py']);
  assert.deepEqual((await files('.')).length, 5);
});

test('a glob that no file matches is named beside those that found something', async (context) => {
  const { files, reasons, failure } = world(context, { files: project });
  assert.deepEqual(await files('src/*.ts', '**/*.zig'), ['src/a.ts']);
  assert.deepEqual(await reasons({ kind: 'files', patterns: ['src/*.ts', '**/*.zig'] }), {
    '**/*.zig': 'no file matches',
  });
  assert.equal(await failure('**/*.zig', 'nowhere/*.ts'), 'nothing-matches');
});

test('a path that reads like a glob is a path when there is such a file', async (context) => {
  const { files } = world(context, { files: project });
  assert.deepEqual(await files('src/app/[id]/page.tsx'), ['src/app/[id]/page.tsx']);
});

test('an absolute path inside is a path, and a snapshot knows its file, language and text', async (context) => {
  const { host, gather } = world(context, { files: project });
  const { snapshots } = await gather({ kind: 'files', patterns: [host.pathOf('src/b.tsx')] });
  assert.deepEqual(snapshots, [
    {
      file: 'src/b.tsx',
      absolutePath: host.pathOf('src/b.tsx'),
      language: 'typescriptreact',
      text: 'export const b = 1;\n',
    },
  ]);
});

test('one path outside fails all of them', async (context) => {
  const { host, failure } = world(context, { files: project });
  symlinkSync('/etc', host.pathOf('src/system'));
  for (const outside of [
    '../x.ts',
    '/etc/hostname',
    'src/../../x',
    'file:///etc/hostname',
    '../**/*.ts',
    '/etc/*',
    'src/system/hostname',
    '{src,../..}/*',
  ]) {
    assert.equal(await failure('src/a.ts', outside), 'outside-workspace', outside);
  }
});

test('a missing file is told; when nothing is found at all, that is a failure', async (context) => {
  const { reasons, failure } = world(context, { files: project });
  assert.deepEqual(await reasons({ kind: 'files', patterns: ['src/a.ts', 'src/no.ts'] }), { 'src/no.ts': 'not found' });
  assert.equal(await failure('src/no.ts', 'src/**/*.rs'), 'nothing-matches');
  assert.equal(await failure(), 'nothing-matches');
});

test('a costly glob is refused, not tried', async (context) => {
  const { failure } = world(context, { files: { [`${'a'.repeat(200)}.ts`]: 'x' } });
  for (const glob of [
    `${'*a'.repeat(20)}b`,
    `${'**/a/'.repeat(20)}b`,
    '{'.repeat(20),
    '{a,{b,{c,{d,{e,{f,{g,{h,{i,*}}}}}}}}}',
  ]) {
    assert.match(await failure(glob), /nothing-matches|outside-workspace/, glob);
  }
});

const leftOut: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
  '.env': ['A=1', /kept back: may hold secrets/],
  'keys/server.pem': ['x', /kept back: may hold secrets/],
  'google.json': ['{"type": "service_account", "private_key": "x"}', /kept back: may hold secrets/],
  'package-lock.json': ['{}', /lock file/],
  'yarn.lock': ['x', /lock file/],
  'lib/jquery.min.js': ['x', /minified file/],
  'lib/wide.js': [`${'x'.repeat(9000)}\n`, /minified file/],
  'api/user_pb2.py': ['x', /generated file/],
  'api/user.pb.go': ['x', /generated file/],
  'api/marked.go': ['// Code generated by tool. DO NOT EDIT.\npackage api\n', /generated file/],
  'logo.png': ['x', /binary file/],
  'data.ts': [new Uint8Array([65, 0, 66]), /binary file/],
  'latin.ts': [new Uint8Array([0x63, 0xe9, 0x0a]), /not UTF-8 text/],
  'utf16.ts': [new Uint8Array([0xff, 0xfe, 0x61, 0]), /not UTF-8 text/],
  'big.ts': ['x\n'.repeat(600), /larger than 1 kB/],
  'empty.ts': ['', /empty file/],
  'out.log': ['x', /ignored by \.gitignore/],
  'mine.draft.ts': ['x', /ignored by \.developer-meshignore/],
};

test('what is not worth reading or not ours to read is left out, each with its reason', async (context) => {
  const files: Record<string, string | Uint8Array> = {
    'a.ts': 'x',
    '.gitignore': '*.log\n/ignored/\n',
    '.developer-meshignore': '*.draft.ts\n',
    'node_modules/x/index.js': 'x',
    'ignored/b.ts': 'x',
    '.git/config': '[core]',
  };
  for (const [path, [content]] of Object.entries(leftOut)) files[path] = content;
  const { host, reasons, gather } = world(context, { files }, { fileKilobytes: 1 });
  symlinkSync('a.ts', host.pathOf('link.ts'));
  mkdirSync(host.pathOf('linked-to'));
  symlinkSync('.', host.pathOf('loop'));
  const scope = { kind: 'files', patterns: ['.'] } as const;
  const { snapshots } = await gather(scope);
  assert.deepEqual(
    snapshots.map(({ file }) => file),
    ['.developer-meshignore', '.gitignore', 'a.ts'],
  );
  const told = await reasons(scope);
  // A wide file is larger than the limit before anything looks at its lines.
  for (const [path, [, reason]] of Object.entries(leftOut)) {
    if (path !== 'lib/wide.js') assert.match(told[path] ?? 'nothing', reason, path);
  }
  assert.equal(told['node_modules/'], 'third-party or built files');
  assert.equal(told['ignored/'], 'ignored by .gitignore');
  assert.equal(told['link.ts'], 'symbolic link');
  assert.equal(told['loop'], 'symbolic link');
  for (const reason of Object.values(told)) assert.match(reason, /^[^.]{3,60}(\.[a-z-]+)?$/);
});

test('a file that is named overrides .gitignore and what a machine wrote, never a secret or our own ignore file', async (context) => {
  const files = Object.fromEntries(Object.entries(leftOut).map(([path, [content]]) => [path, content]));
  const { files: reviewed, reasons } = world(context, {
    files: {
      ...files,
      '.gitignore': '*.log\n',
      '.developer-meshignore': '*.draft.ts\n',
      'node_modules/x/index.js': 'x',
    },
  });
  const named = [...Object.keys(leftOut), 'node_modules/x/index.js'];
  assert.deepEqual(await reviewed(...named), [
    'api/marked.go',
    'api/user.pb.go',
    'api/user_pb2.py',
    'big.ts',
    'lib/jquery.min.js',
    'lib/wide.js',
    'node_modules/x/index.js',
    'out.log',
    'package-lock.json',
    'yarn.lock',
  ]);
  const told = await reasons({ kind: 'files', patterns: named });
  for (const path of ['.env', 'keys/server.pem', 'google.json', 'mine.draft.ts', 'logo.png', 'latin.ts']) {
    assert.match(told[path] ?? 'nothing', leftOut[path]?.[1] ?? /never/, path);
  }
});

test('another name for an ignored file, by a link, does not bring it in', async (context) => {
  const { host, files, workspace } = world(context, {
    files: { '.developer-meshignore': 'private/\n', 'private/a.ts': 'secret', 'b.ts': 'x' },
  });
  symlinkSync('private', host.pathOf('public'));
  symlinkSync('private/a.ts', host.pathOf('c.ts'));
  assert.deepEqual(await files('public/a.ts', 'c.ts', 'public', 'b.ts'), ['b.ts']);
  for (const path of ['public/a.ts', 'c.ts', 'private/a.ts']) {
    const read = await workspace.read(path, never());
    assert.equal(!read.ok && read.failure.code, 'unreadable', path);
  }
});

test('no more files than the limit are read; the rest is told, a long list cut and counted', async (context) => {
  const many = Object.fromEntries(
    Array.from({ length: 70 }, (_, index) => [`f${String(index).padStart(2, '0')}.ts`, 'x']),
  );
  const { gather } = world(context, { files: many }, { filesPerTask: 10 });
  const { snapshots, notReviewed } = await gather({ kind: 'files', patterns: ['*.ts'] });
  assert.deepEqual([snapshots.length, snapshots.at(-1)?.file], [10, 'f09.ts']);
  assert.equal(notReviewed.length, 51);
  assert.deepEqual(notReviewed.at(-1), { file: '(10 more)', reason: 'over the limit of 10 files in one task' });
});

test('the text that is open and unsaved wins over the disk, with the same limits', async (context) => {
  const { host, gather, workspace, reasons } = world(context, { files: project }, { fileKilobytes: 1 });
  host.setUnsaved('src/a.ts', 'export const a = 2;\n');
  host.setUnsaved('src/new.ts', 'export {};\n');
  host.setUnsaved('.env', 'KEY=1');
  const { snapshots } = await gather({ kind: 'files', patterns: ['src/a.ts', 'src/new.ts', '.env'] });
  assert.deepEqual(
    snapshots.map(({ text }) => text),
    ['export const a = 2;\n', 'export {};\n'],
  );
  const env = await workspace.read('.env', never());
  assert.equal(!env.ok && env.failure.code, 'unreadable');
  host.setUnsaved('src/a.ts', 'x'.repeat(1025));
  assert.deepEqual(await reasons({ kind: 'files', patterns: ['src/a.ts'] }), { 'src/a.ts': 'larger than 1 kB' });
});

test('line breaks stay as they are and a byte order mark goes', async (context) => {
  const { gather } = world(context, { files: { 'crlf.ts': '\ufeffone\r\ntwo\r\n' } });
  const { snapshots } = await gather({ kind: 'files', patterns: ['crlf.ts'] });
  assert.equal(snapshots[0]?.text, 'one\r\ntwo\r\n');
});

test('changes give their files with the changed lines, and say what was left out', async (context) => {
  const { host, gather, reasons } = world(context, {
    files: {
      ...project,
      '.gitignore': 'README.md\n',
      '.developer-meshignore': 'private.ts\n',
      'private.ts': 'x',
      'go.sum': 'x',
    },
  });
  host.setChanges([
    {
      path: 'src/a.ts',
      kind: 'modified',
      lines: [
        { from: 1, to: 1 },
        { from: 2, to: 9 },
      ],
    },
    { path: 'src/b.tsx', kind: 'untracked', lines: 'whole' },
    { path: 'README.md', kind: 'modified', lines: [{ from: 1, to: 1 }] },
    { path: 'src/gone.ts', kind: 'deleted', lines: [] },
    { path: 'src/deep/c.py', kind: 'renamed', lines: [] },
    { path: 'private.ts', kind: 'modified', lines: 'whole' },
    { path: 'go.sum', kind: 'modified', lines: 'whole' },
    { path: '.env', kind: 'untracked', lines: 'whole' },
    { path: '../elsewhere.ts', kind: 'modified', lines: 'whole' },
  ]);
  const { snapshots } = await gather({ kind: 'changes', changes: { kind: 'uncommitted' } });
  assert.deepEqual(
    snapshots.map(({ file, changed }) => [file, changed]),
    [
      ['README.md', [{ from: 1, to: 1 }]],
      ['src/a.ts', [{ from: 1, to: 2 }]],
      ['src/b.tsx', undefined],
    ],
  );
  assert.deepEqual(await reasons({ kind: 'changes', changes: { kind: 'uncommitted' } }), {
    '.env': 'kept back: may hold secrets',
    'go.sum': 'lock file',
    'private.ts': 'ignored by .developer-meshignore',
    'src/deep/c.py': 'renamed, not changed',
    'src/gone.ts': 'deleted',
  });
});

test('changed lines follow what was typed since the last save', async (context) => {
  const saved = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`);
  const { host, gather } = world(context, { files: { 'a.ts': saved.join('\n') } });
  host.setChanges([
    {
      path: 'a.ts',
      kind: 'modified',
      lines: [
        { from: 2, to: 2 },
        { from: 9, to: 10 },
      ],
    },
  ]);
  host.setUnsaved('a.ts', [...saved.slice(0, 5), 'typed', 'typed', ...saved.slice(5)].join('\n'));
  const { snapshots } = await gather({ kind: 'changes', changes: { kind: 'uncommitted' } });
  assert.deepEqual(snapshots[0]?.changed, [
    { from: 2, to: 2 },
    { from: 6, to: 7 },
    { from: 11, to: 12 },
  ]);
});

test('no changes are nothing to review, and no repository is a failure', async (context) => {
  const { host, gather, workspace } = world(context, { files: project });
  host.setChanges([]);
  assert.deepEqual(await gather({ kind: 'changes', changes: { kind: 'uncommitted' } }), {
    snapshots: [],
    notReviewed: [],
  });
  host.setChanges(failures.noRepository());
  const outcome = await workspace.snapshots({ kind: 'changes', changes: { kind: 'uncommitted' } }, never());
  assert.equal(!outcome.ok && outcome.failure.code, 'no-repository');
});

test('several folders are told apart by name, and a path without one is looked for in each', async (context) => {
  const { host, files, failure } = world(context, {
    folders: ['web', 'api'],
    files: { 'web/src/a.ts': 'x', 'api/src/a.ts': 'x', 'api/main.go': 'x' },
  });
  assert.deepEqual(await files('web/src/a.ts'), ['web/src/a.ts']);
  assert.deepEqual(await files('main.go'), ['api/main.go']);
  assert.deepEqual(await files('src/*.ts'), ['api/src/a.ts', 'web/src/a.ts']);
  assert.deepEqual(await files('api/**'), ['api/main.go', 'api/src/a.ts']);
  assert.deepEqual(await files('web', '**/*.go'), ['api/main.go', 'web/src/a.ts']);
  assert.equal(await failure('web/../api/main.go'), 'outside-workspace');
  host.setFolders([host.pathOf('api'), join(host.pathOf('api'), 'src')]);
  assert.deepEqual(await files('.'), ['api/main.go', 'src/a.ts']);
});

test('one file is read by its path', async (context) => {
  const { workspace } = world(context, { files: { ...project, 'dist/a.js': 'x' } });
  const codeOf = async (path: string) => {
    const outcome = await workspace.read(path, never());
    return outcome.ok ? outcome.value.language : outcome.failure.code;
  };
  assert.equal(await codeOf('src/deep/c.py'), 'python');
  assert.equal(await codeOf('dist/a.js'), 'javascript');
  assert.equal(await codeOf('../a.ts'), 'outside-workspace');
  assert.equal(await codeOf('src'), 'unreadable');
  assert.equal(await codeOf('src/none.ts'), 'unreadable');
});

test('nothing is read without trust or without a folder', async (context) => {
  const { host, failure, workspace } = world(context, { files: project });
  host.setTrusted(false);
  assert.equal(await failure('src/a.ts'), 'untrusted');
  const read = await workspace.read('src/a.ts', never());
  assert.equal(!read.ok && read.failure.code, 'untrusted');
  host.setTrusted(true);
  host.setFolders([]);
  assert.equal(await failure('src/a.ts'), 'no-folder');
});

test('gathering stops when it is aborted, with the reason', async (context) => {
  const { workspace } = world(context, { files: project });
  const reason = new Error('enough');
  await assert.rejects(
    workspace.snapshots({ kind: 'files', patterns: ['.'] }, AbortSignal.abort(reason)),
    (error) => error === reason,
  );
  await assert.rejects(workspace.read('src/a.ts', AbortSignal.abort(reason)), (error) => error === reason);
});

test('the event loop turns while a large tree is walked', async (context) => {
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`d${index % 300}/e/f${index}.ts`, 'x']));
  const { workspace } = world(context, { files: many });
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await workspace.snapshots({ kind: 'files', patterns: ['**/*.ts'] }, never());
  running = false;
  assert.ok(turns > 20, `only ${turns} turns`);
});

test('a selection grows to the smallest unit that holds it, and keeps the whole text', async (context) => {
  const text = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`).join('\n');
  const { host, gather } = world(context, { files: { 'a.ts': text } });
  const range = (line: number, endLine: number) => ({ line, column: 1, endLine, endColumn: 1 });
  const method = { name: 'pay', kind: 'method', range: range(5, 9), children: [] };
  host.setSymbols('a.ts', [{ name: 'Cart', kind: 'class', range: range(3, 20), children: [method] }]);
  const spanOf = async (from: number, to: number) => {
    const { snapshots } = await gather({ kind: 'selection', path: 'a.ts', lines: { from, to } });
    assert.equal(snapshots[0]?.text, text);
    return snapshots[0]?.changed;
  };
  assert.deepEqual(await spanOf(6, 7), [{ from: 5, to: 9 }]);
  assert.deepEqual(await spanOf(8, 12), [{ from: 3, to: 20 }]);
  assert.deepEqual(await spanOf(22, 25), [{ from: 22, to: 25 }]);
  assert.deepEqual(await spanOf(28, 999), [{ from: 28, to: 30 }]);
});

test('a text that Git keeps is read by the rules of any other, and says what stands in the file today', async (context) => {
  const { host, gather } = world(context, { files: { 'a.ts': 'today', 'same.ts': 'same' } });
  const change = (path: string, text: string | undefined) => ({
    path,
    kind: 'modified' as const,
    lines: [{ from: 1, to: 9 }],
    saved: async () => ({ ok: true as const, value: text === undefined ? undefined : Buffer.from(text) }),
  });
  host.setChanges([
    change('a.ts', 'then\nand then'),
    change('same.ts', 'same'),
    change('gone.ts', 'gone'),
    change('large.ts', undefined),
    change('binary.ts', 'a\0b'),
    change('.env', 'KEY=1'),
  ]);
  const { snapshots, notReviewed } = await gather({ kind: 'changes', changes: { kind: 'staged' } });
  assert.deepEqual(host.scopes, [{ kind: 'staged' }]);
  assert.deepEqual(
    snapshots.map(({ file, text, changed, today }) => ({ file, text, changed, today })),
    [
      { file: 'a.ts', text: 'then\nand then', changed: [{ from: 1, to: 2 }], today: 'today' },
      { file: 'gone.ts', text: 'gone', changed: [{ from: 1, to: 1 }], today: null },
      { file: 'same.ts', text: 'same', changed: [{ from: 1, to: 1 }], today: undefined },
    ],
  );
  assert.deepEqual(notReviewed.map(({ file }) => file).sort(), ['.env', 'binary.ts', 'large.ts']);
});

test('paths that are only a guess are left out when they lead nowhere, and when all do something else is meant', async (context) => {
  const { host, gather } = world(context, { files: { 'a.ts': 'a', 'b.ts': 'b' } });
  host.setChanges([{ path: 'b.ts', kind: 'modified', lines: 'whole' }]);
  const otherwise = { kind: 'changes', changes: { kind: 'uncommitted' } } as const;
  const guess = async (...patterns: string[]) => {
    const { snapshots, notReviewed } = await gather({ kind: 'files', patterns, otherwise });
    return [snapshots.map(({ file }) => file), notReviewed];
  };
  assert.deepEqual(await guess('a.ts', 'docs/design.md', '**/utils.py'), [['a.ts'], []]);
  assert.deepEqual(await guess('docs/design.md', '/etc/passwd', '../up.ts'), [['b.ts'], []]);
});

test('where no editor knows the symbols, a selection grows by what the text declares', async (context) => {
  const text = 'import os\n\ndef first():\n    return 1\n\n\ndef second(x):\n    y = x\n    return y\n\nprint(1)\n';
  const { gather } = world(context, { files: { 'a.py': text } });
  const spanOf = async (from: number, to: number) =>
    (await gather({ kind: 'selection', path: 'a.py', lines: { from, to } })).snapshots[0]?.changed;
  assert.deepEqual(await spanOf(8, 8), [{ from: 7, to: 9 }]);
  assert.deepEqual(await spanOf(11, 11), [{ from: 11, to: 11 }]);
});

test('what a change took away comes along, but where it stood is not known in an edited text or a notebook', async (context) => {
  const notebook = JSON.stringify({ nbformat: 4, cells: [{ cell_type: 'code', source: 'a = 1' }] }, undefined, 1);
  const files = { 'a.ts': 'kept\nlater', 'edited.ts': 'kept\nlater', 'n.ipynb': notebook };
  const { host, gather } = world(context, { files });
  host.setUnsaved('edited.ts', 'edited\nkept\nlater');
  const removed = [{ before: 2, text: 'if (!allowed) return;' }];
  const own = { kind: 'modified' as const, lines: [{ from: 1, to: 9 }], removed };
  const takenOf = async () => {
    const { snapshots } = await gather({ kind: 'changes', changes: { kind: 'uncommitted' } });
    return Object.fromEntries(snapshots.map((snapshot) => [snapshot.file, snapshot.removed]));
  };
  host.setChanges(Object.keys(files).map((path) => ({ path, ...own })));
  assert.deepEqual(await takenOf(), { 'a.ts': removed, 'edited.ts': undefined, 'n.ipynb': undefined });
  const saved = async () => ({ ok: true as const, value: Buffer.from('kept\nlater') });
  host.setChanges([{ path: 'edited.ts', ...own, saved }]);
  assert.deepEqual(await takenOf(), { 'edited.ts': removed });
});

test('lines that a file does not have are not taken for its last ones', async (context) => {
  const { workspace } = world(context, { files: { 'a.ts': 'one\ntwo' } });
  const outcome = await workspace.snapshots({ kind: 'selection', path: 'a.ts', lines: { from: 90, to: 95 } }, never());
  assert.equal(!outcome.ok && outcome.failure.message, 'a.ts has only 2 lines.');
});
