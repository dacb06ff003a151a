import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExistingDiagnostic } from '../../../src/agent/host.ts';
import { createEditorCheck } from '../../../src/agent/review/static/editorCheck.ts';
import { FakeDiagnostics } from '../../fakes/fakeDiagnostics.ts';

const text = 'let a = 1;\r\n  const value = b.c;\r\n';
const base: ExistingDiagnostic = {
  range: { line: 2, column: 9, endLine: 2, endColumn: 14 },
  severity: 'error',
  message: 'it is wrong',
  source: 'ts',
};

async function found(...said: ExistingDiagnostic[]) {
  const host = new FakeDiagnostics();
  host.said.set('/a.ts', said);
  const snapshot = { file: 'a.ts', absolutePath: '/a.ts', language: 'typescript', text };
  return createEditorCheck(host).check(snapshot, new AbortController().signal);
}

test('severities become ours, and hints are left out', async () => {
  const severities = ['error', 'warning', 'information', 'hint'] as const;
  const issues = await found(...severities.map((severity) => ({ ...base, severity })));
  assert.deepEqual(
    issues.map((issue) => [issue.severity, issue.type, issue.source]),
    [
      ['high', 'correctness', 'editor'],
      ['medium', 'maintainability', 'editor'],
      ['low', 'maintainability', 'editor'],
    ],
  );
});

test('the rule is named after the tool and its code', async () => {
  const issues = await found({ ...base, code: '2304' }, { ...base, source: 'eslint', code: 'no-undef' }, base);
  assert.deepEqual(
    issues.map((issue) => issue.ruleId),
    ['ts(2304)', 'eslint(no-undef)', 'ts'],
  );
});

test('the title is the first line, the description has all lines, and nothing hidden comes through', async () => {
  const long = `x${'y'.repeat(200)}`;
  const [issue] = await found({
    ...base,
    message: `\u001b[31mNo \u202Ename\u0007 ${long}\r\n  because\r\n\r\nof that`,
  });
  assert.match(issue?.title ?? '', /^No name xy+…$/);
  assert.equal(issue?.title.length, 100);
  assert.equal(issue?.description, `No name ${long}\nbecause\n\nof that`);
});

test('an empty range means the word that stands there, or else its line', async () => {
  const at = (column: number) => ({ ...base, range: { line: 2, column, endLine: 2, endColumn: column } });
  assert.deepEqual(
    (await found(at(9), at(14))).map((issue) => issue.quote),
    ['const value = b.c;', 'value'],
  );
});

test('a range beyond the text is cut at its end, and a place that does not exist any more is left out', async () => {
  const issues = await found(
    { ...base, range: { line: 2, column: 17, endLine: 9, endColumn: 1 } },
    { ...base, range: { line: 2, column: 40, endLine: 2, endColumn: 41 } },
    { ...base, range: { line: 7, column: 1, endLine: 7, endColumn: 2 } },
    { ...base, message: ' \n ' },
  );
  assert.deepEqual(
    issues.map((issue) => issue.quote),
    ['b.c;'],
  );
});

test('code that came inside a task is not asked about', async () => {
  const host = { diagnostics: () => assert.fail('asked') };
  const snapshot = { file: 'payload.ts', language: 'typescript', text };
  assert.deepEqual(await createEditorCheck(host).check(snapshot, new AbortController().signal), []);
});

test('a secret that a tool quotes is masked before the title is cut, wherever in it the cut falls', async () => {
  const token = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4xY7z'}0123abcd`;
  for (let before = 40; before < 100; before += 6) {
    const [issue] = await found({ ...base, message: `${'.'.repeat(before)} '${token}' is no number` });
    assert.doesNotMatch(`${issue?.title} ${issue?.description}`, /aB3d|gH9j/);
  }
});
