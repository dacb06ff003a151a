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

/** Prefix and length of what follows, in parts so that no scanner takes this file for a list of keys. */
const planted: readonly (readonly [string, string])[] = [
  ['AK' + 'IA', 'A7'.repeat(8)],
  ['AS' + 'IA', 'B8'.repeat(8)],
  ['AB' + 'SK', 'aB3'.repeat(30)],
  ['bedrock-api-' + 'key-', 'aB3_'.repeat(20)],
  ...['p', 'o', 'u', 's', 'r'].map((kind): readonly [string, string] => [`gh${kind}_`, 'aB3d'.repeat(9)]),
  ['github_' + 'pat_', 'aB3_'.repeat(20)],
  ...['pat', 'dt', 'rt', 'ptt', 'ft'].map((kind): readonly [string, string] => [`gl${kind}-`, 'aB3d'.repeat(5)]),
  ...['a', 'b', 'p', 'r', 's'].map((kind): readonly [string, string] => [`xox${kind}-`, '1234567890-aB3dEf7']),
  ['xapp' + '-1-', 'A1B2-'.repeat(6)],
  ['hooks.slack' + '.com/services/', 'T0A1/B2C3/'.repeat(3)],
  ['discord' + '.com/api/webhooks/', `123456789/${'aB3'.repeat(12)}`],
  ...['sk_live_', 'rk_live_', 'sk_test_'].map((prefix): readonly [string, string] => [prefix, 'aB3d'.repeat(6)]),
  ['whsec' + '_', 'aB3d'.repeat(8)],
  ['AI' + 'za', 'aB3d_'.repeat(7)],
  ['GOC' + 'SPX-', 'aB3d'.repeat(7)],
  ['ya' + '29.', 'aB3d_'.repeat(10)],
  ['sk-' + 'ant-api03-', 'aB3d'.repeat(20)],
  ['sk-' + 'proj-', 'aB3d'.repeat(12)],
  ['sk-' + 'or-v1-', 'a1b2'.repeat(16)],
  ['np' + 'm_', 'aB3d'.repeat(9)],
  ['py' + 'pi-', 'aB3d'.repeat(20)],
  ['ruby' + 'gems_', 'a1b2'.repeat(12)],
  ['h' + 'f_', 'aB3d'.repeat(9)],
  ['S' + 'G.', `${'aB3d'.repeat(5)}.${'aB3d'.repeat(10)}`],
  ['ke' + 'y-', 'a1b2'.repeat(8)],
  ['S' + 'K', 'a1b2'.repeat(8)],
  ['do' + 'p_v1_', 'a1b2'.repeat(16)],
  ['da' + 'pi', 'a1b2'.repeat(8)],
  ...['at', 'ca', 'pa', 'ss'].map((kind): readonly [string, string] => [`shp${kind}_`, 'a1B2'.repeat(8)]),
  ['sq0' + 'atp-', 'aB3d'.repeat(6)],
  ['hv' + 's.', 'aB3d'.repeat(8)],
  ['ab1.' + 'atlasv1.', 'aB3d'.repeat(15)],
  ['ATA' + 'TT3', 'aB3d'.repeat(20)],
  ['lin_' + 'api_', 'aB3d'.repeat(10)],
  ['gl' + 'sa_', 'aB3d'.repeat(10)],
  ['snt' + 'rys_', 'aB3d'.repeat(20)],
  ['NR' + 'AK-', 'A1B'.repeat(9)],
  ['PM' + 'AK-', `${'a1b2'.repeat(6)}-${'a1'.repeat(17)}`],
  ['dp.' + 'pt.', 'aB3d'.repeat(11)],
  ['pu' + 'l-', 'a1b2'.repeat(10)],
  ['AGE-SECRET-' + 'KEY-1', 'Q7'.repeat(29)],
  ['Account' + 'Key=', 'aB3d'.repeat(22)],
  ['123456789' + ':AA', 'aB3'.repeat(11)],
  ['dckr_' + 'pat_', 'aB3d'.repeat(7)],
  ['gs' + 'k_', 'aB3d'.repeat(12)],
  ['fig' + 'd_', 'aB3d'.repeat(11)],
  ['nt' + 'n_', 'aB3d'.repeat(11)],
  ['tskey-' + 'auth-', 'aB3d'.repeat(6)],
  ['sb' + 'p_', 'a1b2'.repeat(10)],
  ['nva' + 'pi-', 'aB3d'.repeat(15)],
  ['devm' + 'esh_', 'aB3d'.repeat(8)],
  ['Authorization: ' + 'Bearer ', 'aB3d'.repeat(8)],
  ['Authorization: ' + 'Basic ', 'aB3d'.repeat(8)],
];

test('tokens of all the services that are known are found at the place where they stand', async () => {
  assert.ok(planted.length >= 60, `${planted.length}`);
  for (const [prefix, rest] of planted) {
    // At the begin, in the middle and at the end of a file, also where a reader of chunks would have cut it in two.
    for (const before of ['', 'x\n'.repeat(3), `${'y'.repeat(65_530)}\n`]) {
      const issues = await check(`${before}const a = "${prefix}${rest}";\n`);
      assert.ok(issues.length >= 1, `${prefix} after ${before.length} characters`);
      assert.equal(issues[0]?.range.line, before.split('\n').length, prefix);
      assert.ok(issues.every(({ quote }) => quote === ''));
    }
  }
});

test('what only looks random is left alone', async () => {
  const harmless = [
    'const digest = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";',
    'const commit = "9fceb02d0ae598e95dc970b74767f19372d61af8";',
    'const id = "550e8400-e29b-41d4-a716-446655440000";',
    'const image = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ";',
    'const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";',
    'const token = getToken();',
    'password = os.environ["PASSWORD"]',
    'integrity: sha512-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ab==',
  ];
  for (const text of harmless) assert.deepEqual(await check(text), [], text);
});
