import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metafile } from 'esbuild';
import { compile } from '../../esbuild.mjs';
import { loadedWith } from '../setup/bundle.ts';

const { metafile, outputFiles } = await compile();

/** Bytes of what loads together with an entry. */
function size(entry: string): number {
  return loadedWith(entry, metafile).reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
}

function inputs(entry: string): string[] {
  return loadedWith(entry, metafile).flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
}

test('what loads when the extension activates is at most 150 kB', () => {
  assert.ok(size('dist/extension.js') <= 150_000, `${size('dist/extension.js')} bytes`);
});

test('activation loads neither the AWS SDK, nor an engine, nor a grammar', () => {
  const heavy = /node_modules\/(@aws-sdk|@smithy|@ast-grep|@vscode\/tree-sitter-wasm|web-tree-sitter)\/|\.wasm$/;
  const found = inputs('dist/extension.js');
  assert.ok(found.includes('src/extension.ts'), 'the inputs of the entry are missing');
  assert.deepEqual(
    found.filter((path) => heavy.test(path)),
    [],
  );
});

test('the headless program needs no editor', () => {
  const entry = metafile.outputs['dist/headless.js'];
  assert.equal(entry?.entryPoint, 'src/headless.ts');
  const wanted = everythingFrom('dist/headless.js', metafile).flatMap((path) => metafile.outputs[path]?.imports ?? []);
  assert.deepEqual(
    wanted.filter((imported) => imported.path === 'vscode'),
    [],
  );
});

test('every chunk that is made is reached from a door', () => {
  const reached = new Set(['dist/extension.js', 'dist/headless.js'].flatMap((door) => everythingFrom(door, metafile)));
  const made = Object.keys(metafile.outputs);
  assert.equal(made.length, outputFiles.length);
  assert.deepEqual(
    made.filter((path) => !reached.has(path)),
    [],
  );
});

test('a chunk that is only imported on first use does not load with its door', () => {
  const output = (imports: Metafile['outputs'][string]['imports']) => ({
    bytes: 1,
    inputs: {},
    exports: [],
    imports,
  });
  const sample: Metafile = {
    inputs: {},
    outputs: {
      'door.js': output([
        { path: 'shared.js', kind: 'import-statement' },
        { path: 'lazy.js', kind: 'dynamic-import' },
        { path: 'vscode', kind: 'import-statement', external: true },
      ]),
      'shared.js': output([{ path: 'deep.js', kind: 'import-statement' }]),
      'deep.js': output([{ path: 'door.js', kind: 'import-statement' }]),
      'lazy.js': output([]),
    },
  };
  assert.deepEqual(loadedWith('door.js', sample), ['door.js', 'shared.js', 'deep.js']);
  assert.throws(() => loadedWith('gone.js', sample), /no output gone\.js/);
});

/** An entry with all chunks that it can ever load. */
function everythingFrom(entry: string, { outputs }: Metafile): string[] {
  const found = new Set<string>([entry]);
  for (const path of found) {
    for (const imported of outputs[path]?.imports ?? []) if (!imported.external) found.add(imported.path);
  }
  return [...found];
}
