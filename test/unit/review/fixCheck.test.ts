import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Fix } from '../../../src/agent/findings/finding.ts';
import { createFixCheck } from '../../../src/agent/review/fixCheck.ts';
import { fillEngineFolder } from '../../../src/agent/review/static/engineFolder.ts';
import { createSlices } from '../../../src/agent/review/static/slices.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { root } from '../../setup/paths.ts';

let folder = '';
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fix-check-'));
  await fillEngineFolder(root, folder);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function holds(language: string, text: string, fix: Fix | undefined, line = 1): Promise<boolean> {
  const range = { line, column: 1, endLine: line, endColumn: 1 };
  const { fix: _, ...finding } = sampleFinding({ range });
  return createFixCheck(folder)(
    { file: 'a', language, text },
    { ...finding, ...(fix && { fix }) },
    createSlices(new FakeClock(), new AbortController().signal),
  );
}

const loop = 'for (let i = 0; i <= list.length; i++) {\n  use(list[i]);\n}\n';

test('a fix that leaves the file whole is offered', async () => {
  assert.equal(await holds('javascript', loop, { old: 'i <= list.length', new: 'i < list.length' }), true);
  assert.equal(await holds('python', 'if x == None:\n    pass\n', { old: 'x == None', new: 'x is None' }), true);
});

test('a fix that breaks the syntax is not', async () => {
  assert.equal(
    await holds('javascript', loop, { old: 'i <= list.length; i++) {', new: 'i < list.length; i++) {{' }),
    false,
  );
  assert.equal(await holds('typescript', 'const a = f(1);\n', { old: 'f(1)', new: 'f(1' }), false);
  assert.equal(
    await holds('go', 'package a\n\nfunc f() int { return 1 }\n', { old: 'return 1', new: 'return 1 )' }),
    false,
  );
});

test('in a file that is broken already a fix must not make it worse', async () => {
  const broken = 'const a = ;\nconst b = f(1);\n';
  assert.equal(await holds('javascript', broken, { old: 'f(1)', new: 'g(1)' }, 2), true);
  assert.equal(await holds('javascript', broken, { old: 'f(1)', new: 'g(1' }, 2), false);
});

test('a fix whose old text stands nowhere, or in several places alike, is not offered', async () => {
  assert.equal(await holds('javascript', loop, { old: 'i <= other.length', new: 'x' }), false);
  assert.equal(await holds('javascript', `a();\n${'b();\n'.repeat(2)}`, { old: 'b();', new: 'c();' }, 1), false);
  assert.equal(await holds('javascript', loop, { old: 'i <= list.length', new: 'i <= list.length' }), false);
  assert.equal(await holds('javascript', loop, undefined), false);
});

test('where there is no grammar the place alone decides', async () => {
  assert.equal(await holds('ruby', 'def a(', { old: 'def a(', new: 'def b(' }), true);
});
