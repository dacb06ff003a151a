import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { assets, options } from '../../esbuild.mjs';
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
  const { metafile } = await build({ ...options, outdir: join(folder, 'dist'), metafile: true, logLevel: 'silent' });
  for (const [from, to] of assets) await cp(join(root, from), join(folder, 'dist', to));
  for (const name of documents) await cp(join(root, name), join(folder, name));
  const pictures = await pictureFiles();
  for (const name of pictures) await cp(join(root, name), join(folder, name));
  for (const name of planted) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), 'nothing that a user needs');
  }

  const out = join(folder, 'out.vsix');
  await makePackage(folder, out);

  const built = Object.keys(metafile.outputs).map((path) => `dist/${path.slice(path.indexOf('/dist/') + 6)}`);
  const expected = [
    '[Content_Types].xml',
    'extension.vsixmanifest',
    ...['package.json', 'readme.md', 'changelog.md', 'LICENSE.txt'].map((name) => `extension/${name}`),
    ...built.map((path) => `extension/${path}`),
    ...assets.map(([, to]) => `extension/dist/${to}`),
    ...pictures.map((path) => `extension/${path}`),
  ];
  assert.deepEqual(zipEntries(await readFile(out)).sort(), expected.sort());
});

/** The files below media/, relative to the repository. */
async function pictureFiles(): Promise<string[]> {
  const media = join(root, 'media');
  if (!existsSync(media)) return [];
  const entries = await readdir(media, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}
