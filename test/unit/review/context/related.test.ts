import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CodePlace } from '../../../../src/agent/host.ts';
import { findRelated } from '../../../../src/agent/review/context/related.ts';
import { createSlices } from '../../../../src/agent/review/static/slices.ts';
import { defaultSettings } from '../../../../src/agent/settings.ts';
import type { LineSpan } from '../../../../src/agent/workspace/snapshot.ts';
import { createWorkspace } from '../../../../src/agent/workspace/workspace.ts';
import { FakeClock } from '../../../fakes/fakeClock.ts';
import { FakeHost } from '../../../fakes/fakeHost.ts';

const never = () => new AbortController().signal;

async function related(
  context: TestContext,
  files: Readonly<Record<string, string>>,
  file: string,
  {
    changed,
    references,
  }: {
    readonly changed?: readonly LineSpan[];
    readonly references?: (host: FakeHost) => readonly CodePlace[] | undefined;
  } = {},
) {
  const host = new FakeHost({ files });
  context.after(() => host.dispose());
  const workspace = createWorkspace(host, () => defaultSettings.limits);
  const read = await workspace.read(file, never());
  assert.ok(read.ok);
  const of = await findRelated(
    [{ ...read.value, ...(changed && { changed }) }],
    {
      workspace,
      host: {
        folders: () => host.folders(),
        ...(references && { references: async () => references(host) }),
      },
      slices: createSlices(new FakeClock(), never()),
    },
    never(),
  );
  return of(file);
}

const project = {
  'src/api.ts': [
    "import { query } from './db';",
    '',
    'export function loadUser(id: string) {',
    "  return query('select ' + id);",
    '}',
    '',
    'export function other() {',
    '  return 1;',
    '}',
    '',
  ].join('\n'),
  'src/db.ts': [
    'export function unused() {}',
    'export function query(sql: string) {',
    '  return run(sql);',
    '}',
    '',
  ].join('\n'),
  'src/routes.ts': [
    "import { loadUser } from './api';",
    '',
    'app.get((request) => {',
    '  loadUser(request.query.id);',
    '});',
  ].join('\n'),
  'lib/far.ts': 'const name = other();\n',
  '.env': 'KEY=loadUser(1)\n',
};

test('the definitions of what is imported come first, then who calls what is declared', async (context) => {
  const blocks = await related(context, project, 'src/api.ts');
  assert.deepEqual(
    blocks.map(({ title }) => title),
    [
      'definition of query, src/db.ts lines 2-4',
      'caller of loadUser, src/routes.ts lines 1-5',
      'caller of other, lib/far.ts lines 1-2',
    ],
  );
  assert.equal(blocks[0]?.text, 'export function query(sql: string) {\n  return run(sql);\n}');
  assert.match(blocks[1]?.text ?? '', /loadUser\(request\.query\.id\)/);
});

test('in a review of changes only what they touch counts', async (context) => {
  const blocks = await related(context, project, 'src/api.ts', { changed: [{ from: 8, to: 8 }] });
  assert.deepEqual(
    blocks.map(({ title }) => title),
    ['caller of other, lib/far.ts lines 1-2'],
  );
});

test('where the editor knows the references, nothing is guessed by name', async (context) => {
  const blocks = await related(context, project, 'src/api.ts', {
    changed: [{ from: 4, to: 4 }],
    references: (host) => [
      { absolutePath: host.pathOf('src/api.ts'), line: 3 },
      { absolutePath: host.pathOf('lib/far.ts'), line: 1 },
      { absolutePath: '/outside/of/it.ts', line: 1 },
    ],
  });
  assert.deepEqual(
    blocks.map(({ title }) => title),
    ['definition of query, src/db.ts lines 2-4', 'caller of loadUser, lib/far.ts lines 1-2'],
  );
});

test('an editor that does not answer is asked a few times only, and then callers are looked for by name', async (context) => {
  let asked = 0;
  const names = Array.from({ length: 7 }, (_, index) => `handler${index}Of`);
  const declared = names.map((name) => `export function ${name}() {\n  return 1;\n}\n`).join('');
  const blocks = await related(context, { 'a.ts': declared, 'b.ts': `${names[6]}();\n` }, 'a.ts', {
    references: () => {
      asked += 1;
      return undefined;
    },
  });
  assert.equal(asked, 4);
  assert.deepEqual(
    blocks.map(({ title }) => title),
    [`caller of ${names[6]}, b.ts lines 1-2`],
  );
});

test('what is held back is no context either, and secrets are masked', async (context) => {
  const key = `AKIA${'QWERTYUIOPASDFGH'}`;
  const blocks = await related(
    context,
    {
      ...project,
      '.developer-meshignore': 'lib/\n',
      'src/db.ts': `export function query() {\n  return '${key}';\n}\n`,
    },
    'src/api.ts',
  );
  assert.ok(!JSON.stringify(blocks).includes(key));
  assert.ok(!blocks.some(({ title }) => /lib\/far|\.env/.test(title)));
});

test('other languages are read by their own imports', async (context) => {
  const blocks = await related(
    context,
    {
      'app/views.py': 'from app.store import load_user\n\ndef show(request):\n    return load_user(request.args)\n',
      'app/store.py': 'def load_user(args):\n    return execute(args)\n\ndef unused():\n    pass\n',
    },
    'app/views.py',
  );
  assert.deepEqual(
    blocks.map(({ title }) => title),
    ['definition of load_user, app/store.py lines 1-2'],
  );
});

test('others may run between any two files that are searched, and while the paths of a large workspace are gone through', async () => {
  const texts: Record<string, string> = {
    'a.ts': 'export function loadUser() {}\n',
    'b.ts': 'function saveUser() {}\n',
  };
  for (let index = 0; index < 40; index++) texts[`lib/f${index}.ts`] = 'nothing();\n';
  const snapshotOf = (file: string) => {
    return { file, absolutePath: `/w/${file}`, language: 'typescript', text: texts[file] ?? '' };
  };
  const pausesFor = async (morePaths: readonly string[]) => {
    let pauses = 0;
    const pause = async () => {
      pauses += 1;
    };
    const workspace = {
      paths: async () => [...Object.keys(texts), ...morePaths],
      read: async (path: string) => ({ ok: true as const, value: snapshotOf(path) }),
    };
    const slices = { spent: () => false, pause };
    const parts = { workspace, host: { folders: () => [] }, slices };
    const of = await findRelated([snapshotOf('a.ts'), snapshotOf('b.ts')], parts, never());
    assert.deepEqual(of('a.ts'), []);
    return pauses;
  };
  const few = await pausesFor([]);
  assert.ok(few >= 80, `${few} pauses for two searches of 40 files`);
  const many = await pausesFor(Array.from({ length: 5000 }, (_, index) => `docs/${index}.md`));
  assert.ok(many >= few + 30, `${many} pauses with 5,000 more paths, ${few} without`);
});
