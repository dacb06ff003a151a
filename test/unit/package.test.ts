import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { writeDist } from '../../esbuild.mjs';
import { makePackage } from '../setup/package.ts';
import { root } from '../setup/paths.ts';
import { zipEntries } from '../setup/zip.ts';

/** What lies around in a working copy and must never reach a user. */
const planted = [
  '.env',
  '.npmrc',
  'notes.md',
  'id_rsa',
  'src/extension.ts',
  'test/unit/some.test.ts',
  'deploy/config.yaml',
  'node_modules/ws/index.js',
  '.vscode-test/meta.json',
  'dist/extension.js.map',
  'dist/chunks/old.js.map',
  'dist/meta.json',
];

const documents = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'];

test('the package holds the build, the pictures and the documents, and nothing else', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'package-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await writeDist(join(folder, 'dist'));
  const built = await filesBelow(folder, 'dist');
  for (const name of documents) await cp(join(root, name), join(folder, name));
  const pictures = await filesBelow(root, 'media');
  for (const name of pictures) await cp(join(root, name), join(folder, name));
  for (const name of planted) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), 'nothing that a user needs');
  }

  const out = join(folder, 'out.vsix');
  await makePackage(folder, out);

  const expected = [
    '[Content_Types].xml',
    'extension.vsixmanifest',
    ...['package.json', 'readme.md', 'changelog.md', 'LICENSE.txt'].map((name) => `extension/${name}`),
    ...[...built, ...pictures].map((path) => `extension/${path}`),
  ];
  assert.deepEqual(zipEntries(await readFile(out)).sort(), expected.sort());
});

/** The files below a folder, relative to the root that holds it, with forward slashes. */
async function filesBelow(base: string, name: string): Promise<string[]> {
  if (!existsSync(join(base, name))) return [];
  const entries = await readdir(join(base, name), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(base, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
