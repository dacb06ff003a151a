import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../../../src/agent/workspace/notebook.ts';

type Cell = { cell_type: string; source: string | string[]; outputs?: unknown };
const notebook = (cells: readonly Cell[], own: object = {}) => ({
  cells,
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
  ...own,
});
const code = (...source: string[]): Cell => ({ cell_type: 'code', source });
const read = (json: unknown, path = 'study/model.ipynb') =>
  codeOf(path, typeof json === 'string' ? json : JSON.stringify(json, null, 1));
const readable = (json: unknown) => {
  const found = read(json);
  assert.ok(!('reason' in found), JSON.stringify(found));
  return found;
};

test('the code of the cells is one text, each below a comment that names its cell', () => {
  const { text, cells, language } = readable(
    notebook([
      { cell_type: 'markdown', source: '# Title' },
      code('import os\n', 'os.getcwd()'),
      code(''),
      code('x = 1'),
    ]),
  );
  assert.equal(text, '# %% cell 2\nimport os\nos.getcwd()\n# %% cell 4\nx = 1');
  assert.deepEqual(cells, [
    { number: 2, from: 2, to: 3 },
    { number: 4, from: 5, to: 5 },
  ]);
  assert.equal(language, 'python');
});

test('nothing of what the cells brought is in the text', () => {
  const outputs = [{ output_type: 'stream', text: ['a password: hunter2\n'] }];
  assert.doesNotMatch(readable(notebook([{ ...code('print(1)'), outputs }])).text, /hunter2/);
});

const languages: readonly [object, string, string][] = [
  [{ kernelspec: { language: 'R' } }, 'r', '#'],
  [{ language_info: { name: 'typescript' } }, 'typescript', '//'],
  [{ kernelspec: { language: 'C#' } }, 'csharp', '//'],
  [{ kernelspec: { language: 'ipython' } }, 'python', '#'],
  [{ kernelspec: { language: 'sql' } }, 'sql', '--'],
  [{ kernelspec: { language: '<script>' } }, 'plaintext', '#'],
  [{ kernelspec: { language: 'constructor' } }, 'constructor', '#'],
];
for (const [metadata, language, mark] of languages) {
  test(`the language of a notebook is what its kernel says: ${JSON.stringify(metadata)}`, () => {
    const found = readable(notebook([code('1')], { metadata }));
    assert.equal(found.language, language);
    assert.equal(found.text, `${mark} %% cell 1\n1`);
  });
}

const unreadable: readonly [string, unknown, RegExp][] = [
  ['no JSON', '{"cells": [', /not a notebook: it is no JSON/],
  ['other JSON', '[1, 2]', /names no format/],
  ['format 3', { nbformat: 3, worksheets: [] }, /format 3: save it with Jupyter/],
  ['format 5', { nbformat: 5, cells: [] }, /^a notebook of format 5$/],
  ['no cells', { nbformat: 4 }, /cells cannot be read/],
  ['a source that is a number', notebook([{ cell_type: 'code', source: 7 } as never]), /cells cannot be read/],
  ['text alone', notebook([{ cell_type: 'markdown', source: 'Hello' }]), /without code/],
  ['deeply nested', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /not a notebook/],
];
for (const [what, json, reason] of unreadable) {
  test(`what is no notebook of format 4 has its reason: ${what}`, () => {
    const found = read(json);
    assert.ok('reason' in found);
    assert.match(found.reason, reason);
  });
}

test('a file of another kind is its text, and its lines are its own', () => {
  const found = codeOf('src/a.py', 'x = 1\n');
  assert.ok(!('reason' in found));
  assert.deepEqual([found.text, found.language, found.cells], ['x = 1\n', 'python', undefined]);
  assert.deepEqual(found.linesIn([{ from: 1, to: 1 }]), [{ from: 1, to: 1 }]);
});

test('changed lines of the file are lines of the code, and changed results are none', () => {
  const json = notebook([
    {
      cell_type: 'code',
      outputs: [{ text: ['a = 1\n', '"b", {\\"c\\"}'] }],
      source: ['a = 1\n', '\n', 'b = "\\\\"\n', 'c'],
    },
    { cell_type: 'markdown', source: ['a = 1\n'] },
    { cell_type: 'code', source: 'd = 1\ne = 2' },
  ]);
  const raw = JSON.stringify(json, null, 1);
  const { text, linesIn } = readable(raw);
  const lines = raw.split('\n');
  const at = (part: string, after = 0) => lines.findIndex((line, index) => index >= after && line.includes(part)) + 1;
  const on = (line: number) =>
    linesIn([{ from: line, to: line }]).flatMap(({ from, to }) => text.split('\n').slice(from - 1, to));
  assert.deepEqual(on(at('a = 1')), [], 'in the outputs');
  const source = at('"source"');
  assert.deepEqual(on(source + 1), ['a = 1']);
  assert.deepEqual(on(source + 2), ['']);
  assert.deepEqual(on(source + 3), ['b = "\\\\"']);
  assert.deepEqual(on(source + 4), ['c']);
  assert.deepEqual(on(at('d = 1')), ['d = 1', 'e = 2'], 'a source that is one string');
  assert.deepEqual(linesIn([{ from: source + 3, to: source + 4 }]), [{ from: 4, to: 5 }]);
});

test('a notebook with megabytes of results is read', () => {
  const outputs = [{ data: { 'image/png': 'A\\"'.repeat(1_000_000) } }];
  const found = readable(notebook([{ ...code('plot()'), outputs }]));
  assert.equal(found.text, '# %% cell 1\nplot()');
  assert.deepEqual(found.linesIn([{ from: 1, to: 1_000_000 }]), [{ from: 2, to: 2 }]);
});
