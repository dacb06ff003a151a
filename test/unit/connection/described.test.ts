import assert from 'node:assert/strict';
import { test } from 'node:test';
import { described, pathsIn } from '../../../src/agent/connection/described.ts';

const sentences: readonly [string, readonly string[]][] = [
  ['Review src/pay/charge.go, then `lib/util.ts`.', ['src/pay/charge.go', 'lib/util.ts']],
  ['See ./cmd/main.go:12-14 and (main.py:3).', ['cmd/main.go', '**/main.py']],
  ['All of src/**/*.ts and the folder src/payments/', ['src/**/*.ts', 'src/payments/']],
  ['src/a.ts twice: src/a.ts!', ['src/a.ts']],
  ['Is it safe to use Node.js and/or Express.js, e.g. v1.2, i.e. read/write?', []],
  ['https://example.com/a.ts /etc/passwd.py ../up.go a/../b.go C:\\x.go', []],
  ['Mail to me@example.com, about example.com', []],
  ['At 10 a.m. with Vue.js/React.js, see window.location.go and release 2.0.rs; 5.m away */', []],
  ['See src/größe.ts, src\\win\\file.ts and src/b.ts#L5-L9', ['src/größe.ts', 'src/win/file.ts', 'src/b.ts']],
  ['请检查src/login.ts。', ['src/login.ts']],
];
for (const [sentence, paths] of sentences) {
  test(`the paths in "${sentence}"`, () => {
    assert.deepEqual(pathsIn(sentence), paths);
  });
}

test('a JSON object stands as it is, also inside a payload of its own', () => {
  assert.deepEqual(described('code_review', ' {"code":"x"}').payload, { code: 'x' });
  const wrapped = described('general', '{"type":"documentation","payload":{"file":"a.go"}}');
  assert.deepEqual([wrapped.named, wrapped.payload], ['documentation', { file: 'a.go' }]);
});

test('a text that is almost JSON is prose', () => {
  assert.deepEqual(described('code_review', '{broken').payload, { instructions: '{broken', diff: true });
});

test('without paths the uncommitted changes are meant, and an analysis means everything', () => {
  assert.deepEqual(described('code_review', '').payload, { diff: true });
  assert.deepEqual(described('analysis', 'How is it built?').payload, { question: 'How is it built?' });
});

test('a very long description is bounded, and takes no time', () => {
  const { payload } = described('code_review', 'a/b.ts '.repeat(200_000));
  assert.ok(JSON.stringify(payload).length < 20_000);
});
