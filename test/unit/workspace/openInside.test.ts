import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { checkUnsaved, readInside } from '../../../src/agent/workspace/openInside.ts';
import { placeIn } from '../../../src/agent/workspace/paths.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';

/** A folder beside another that no path may lead to. */
function world(context: TestContext) {
  const host = new FakeHost({
    folders: ['project', 'outside'],
    files: {
      'project/src/a.ts': 'inside',
      'project/.env': 'KEY=1',
      'outside/plain.txt': 'outside',
      'outside/src/a.ts': 'outside',
    },
  });
  context.after(() => host.dispose());
  const folder = host.folders()[0];
  assert.ok(folder);
  const read = async (relative: string, maxBytes = 1000): Promise<string> => {
    const bytes = await readInside(placeIn(folder, relative, [folder]), maxBytes, 'too large');
    return bytes.ok ? new TextDecoder().decode(bytes.value) : `${bytes.problem.kind}: ${bytes.problem.reason}`;
  };
  const path = (relative: string) => join(folder.path, relative);
  return { host, folder, read, path, outside: host.pathOf('outside') };
}

test('a regular file is read; links that stay inside are followed', async (context) => {
  const { read, path } = world(context);
  symlinkSync('src/a.ts', path('file-link'));
  symlinkSync('src', path('folder-link'));
  symlinkSync('file-link', path('chain'));
  for (const relative of ['src/a.ts', 'file-link', 'folder-link/a.ts', 'chain'])
    assert.equal(await read(relative), 'inside');
});

test('links that leave are refused, however they do it', async (context) => {
  const { read, path, outside } = world(context);
  symlinkSync(join(outside, 'plain.txt'), path('absolute'));
  symlinkSync('../../1/outside/plain.txt', path('relative'));
  symlinkSync(outside, path('folder'));
  symlinkSync('absolute', path('chain'));
  symlinkSync('..', path('parent'));
  symlinkSync('/etc/hostname', path('system'));
  symlinkSync('/proc/self/environ', path('process'));
  for (const relative of ['absolute', 'relative', 'folder/plain.txt', 'chain', 'system', 'process']) {
    assert.equal(await read(relative), 'outside: leads outside the workspace', relative);
  }
  assert.match(await read('parent/../../1/outside/plain.txt'), /^(outside|missing)/);
});

test('a folder beside it whose name begins alike is outside', async (context) => {
  const { folder, read, path } = world(context);
  mkdirSync(`${folder.path}-2`);
  writeFileSync(join(`${folder.path}-2`, 'a.ts'), 'outside');
  symlinkSync(`${folder.path}-2/a.ts`, path('sibling'));
  assert.equal(await read('sibling'), 'outside: leads outside the workspace');
});

test('a harmless name that leads to a denied file is refused', async (context) => {
  const { read, path } = world(context);
  symlinkSync('.env', path('notes.txt'));
  mkdirSync(path('.ssh'));
  writeFileSync(path('.ssh/config'), 'x');
  symlinkSync('.ssh', path('docs'));
  for (const relative of ['.env', 'notes.txt', 'docs/config']) assert.match(await read(relative), /kept back/);
});

test('only regular files are opened: no folder, pipe, device or circle', { timeout: 20_000 }, async (context) => {
  const { read, path } = world(context);
  execFileSync('mkfifo', [path('pipe')]);
  symlinkSync('circle', path('circle'));
  assert.equal(await read('src'), 'unreadable: not a regular file');
  assert.equal(await read('pipe'), 'unreadable: not a regular file');
  assert.match(await read('circle'), /circle/);
  assert.equal(await read('absent.ts'), 'missing: not found');
  assert.equal(await read('src/a.ts/below'), 'missing: not found');
});

test('the size is limited to the byte', async (context) => {
  const { read } = world(context);
  assert.equal(await read('src/a.ts', 6), 'inside');
  assert.equal(await read('src/a.ts', 5), 'unreadable: too large');
});

test('a folder that is itself reached by a link is a folder like any other', async (context) => {
  const { folder } = world(context);
  symlinkSync(folder.path, `${folder.path}-link`);
  const linked = { name: 'linked', path: `${folder.path}-link` };
  const bytes = await readInside(placeIn(linked, 'src/a.ts', [linked]), 100, 'too large');
  assert.ok(bytes.ok);
});

test('an unsaved document is judged by the nearest folder that exists', async (context) => {
  const { folder, path, outside } = world(context);
  symlinkSync(outside, path('away'));
  const check = async (relative: string) => (await checkUnsaved(placeIn(folder, relative, [folder]))).ok;
  assert.equal(await check('src/new.ts'), true);
  assert.equal(await check('not/yet/there.ts'), true);
  assert.equal(await check('away/new.ts'), false);
  assert.equal(await check('not/yet/.env'), false);
});

for (const what of ['file', 'folder'] as const) {
  test(`swapping a ${what} for a link while it is read never lets a byte from outside in`, async (context) => {
    const { read, path, outside } = world(context);
    const target = what === 'file' ? join(outside, 'src', 'a.ts') : join(outside, 'src');
    const victim = path(what === 'file' ? 'src/a.ts' : 'src');
    const swapper = new Worker(
      `const { renameSync } = require('node:fs'); const { parentPort, workerData } = require('node:worker_threads');
       const { victim, real, link } = workerData; let stop = false; parentPort.on('message', () => { stop = true; });
       const turn = () => { for (let i = 0; i < 50; i++) { renameSync(victim, real); renameSync(link, victim); renameSync(victim, link); renameSync(real, victim); }
         if (stop) parentPort.postMessage('done'); else setImmediate(turn); }; turn();`,
      { eval: true, workerData: { victim, real: `${victim}.real`, link: `${victim}.link` } },
    );
    symlinkSync(target, `${victim}.link`);
    const seen = new Map<string, number>();
    try {
      await new Promise((resolve) => swapper.once('online', resolve));
      for (let count = 0; count < 1500; count++) {
        const result = await read('src/a.ts');
        seen.set(result, (seen.get(result) ?? 0) + 1);
      }
    } finally {
      await swapper.terminate();
    }
    assert.equal(seen.get('outside'), undefined);
    assert.ok(seen.size > 1, `the swap was never noticed: ${[...seen.keys()].join(', ')}`);
  });
}

test('a file that was replaced since gives its new text', async (context) => {
  const { read, path } = world(context);
  writeFileSync(path('next.ts'), 'later!');
  assert.equal(await read('src/a.ts'), 'inside');
  renameSync(path('next.ts'), path('src/a.ts'));
  assert.equal(await read('src/a.ts'), 'later!');
});
