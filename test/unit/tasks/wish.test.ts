import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wishOf } from '../../../src/agent/tasks/wish.ts';

const wishes: readonly [string, unknown, string][] = [
  ['code_review', { file: 'src/a.ts' }, 'review src/a.ts'],
  ['code_review', { files: ['a.ts', 'b.ts', 'c.ts'] }, 'review 3 files'],
  ['code_review', { files: ['src/**', 'b.ts'] }, 'review the files of 2 patterns such as src/**'],
  ['code_review', { files: ['a.ts', '**/*'] }, 'review all files of this workspace'],
  ['code_review', { file: 'a.ts', lines: '3-9' }, 'review lines 3 to 9 of a.ts'],
  ['code_review', { diff: true }, 'review your uncommitted changes'],
  ['code_review', { changes: 'staged' }, 'review your staged changes'],
  ['code_review', { base: 'main' }, 'review the changes since main'],
  ['code_review', { base: '' }, 'review the changes of this branch'],
  ['code_review', { commit: 'abc123' }, 'review commit abc123'],
  ['code_review', { mentioned: ['a.ts'] }, 'review a.ts, or else your uncommitted changes'],
  ['code_review', { code: 'x = 1' }, 'review code that it sent along'],
  ['documentation', { file: 'a.ts', symbol: 'load' }, 'document load in a.ts'],
  ['documentation', { file: 'a.ts' }, 'document a.ts'],
  ['analysis', { question: 'how large?' }, 'answer a question about all files of this workspace'],
  ['analysis', { files: ['src/a.ts'] }, 'analyse src/a.ts'],
];
for (const [type, payload, expected] of wishes) {
  test(`${type} ${JSON.stringify(payload)} is said as "${expected}"`, () => {
    const wish = wishOf({ type, payload });
    assert.equal(wish.ok && wish.value, expected);
  });
}

test('what is no task of ours, or cannot be read, is said to be so', () => {
  for (const [type, payload] of [
    ['shell', {}],
    ['code_review', 'not json'],
  ] as const) {
    assert.equal(wishOf({ type, payload }).ok, false);
  }
});
