import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSecretsCheck, type FindSecrets } from '../../../src/agent/review/static/secretsCheck.ts';
import { findSecrets } from '../../../src/agent/workspace/redact.ts';

const check = (text: string, find: FindSecrets = findSecrets) =>
  createSecretsCheck(find).check({ file: 'a.env', language: 'dotenv', text }, new AbortController().signal);

test('nothing of the secret is in the issue, only where it stands and of which kind it is', async () => {
  const secret = ['gh', 'p_', 'Z9'.repeat(18)].join('');
  const [issue] = await check(`a = 1\nGITHUB=${secret}\n`);
  assert.deepEqual(issue?.range, { line: 2, column: 8, endLine: 2, endColumn: 8 + secret.length });
  assert.deepEqual([issue?.quote, issue?.ruleId, issue?.severity], ['', 'secret/github-token', 'critical']);
  assert.ok(!JSON.stringify(issue).includes(secret.slice(4, 12)));
});

test('a second secret of a kind has a title of its own, so that accepting one does not accept the other', async () => {
  const find: FindSecrets = () => [
    { kind: 'password', start: 4, end: 6 },
    { kind: 'password', start: 0, end: 2 },
    { kind: 'API key', start: 8, end: 9 },
  ];
  assert.deepEqual(
    (await check('ab\ncd\nef', find)).map((issue) => [issue.title, issue.severity, issue.range.line]),
    [
      ['Secret in the source: password', 'high', 1],
      ['Secret in the source: password (2)', 'high', 2],
      ['Secret in the source: API key', 'critical', 3],
    ],
  );
});

test('a long key is marked by its first ten lines', async () => {
  const text = 'x\n'.repeat(30);
  const [issue] = await check(text, () => [{ kind: 'private key', start: 0, end: text.length }]);
  assert.deepEqual(issue?.range, { line: 1, column: 1, endLine: 10, endColumn: 2 });
});
