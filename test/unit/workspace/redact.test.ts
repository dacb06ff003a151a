import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { findSecrets, redact } from '../../../src/agent/workspace/redact.ts';

const of = (alphabet: string, min: number, max = min) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const lower = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
const upper = lower.toUpperCase();
const letters = lower + upper + digits;
const hex = `${digits}abcdef`;
/** Always with a digit, a small and a large letter, as anything random of that length has. */
const token = (min: number, max = min) =>
  of(letters, min - 3, max - 3).map((rest) => `${rest.slice(0, 4)}7kQ${rest.slice(4)}`);

interface Shape {
  readonly name: string;
  /** `text` is what is planted; `secret` is the part that must not come out. */
  readonly planted: fc.Arbitrary<{ text: string; secret: string }>;
}

const whole = (name: string, secret: fc.Arbitrary<string>): Shape => ({
  name,
  planted: secret.map((text) => ({ text, secret: text })),
});
const within = (name: string, secret: fc.Arbitrary<string>, wrap: (secret: string) => string): Shape => ({
  name,
  planted: secret.map((value) => ({ text: wrap(value), secret: value })),
});
const base64Lines = (count: number) => fc.array(of(`${letters}+/`, 64), { minLength: count, maxLength: count });
const pemText = (kind: string, lines: readonly string[], join = '\n') =>
  `-----BEGIN ${kind}-----${join}${lines.join(join)}${join}-----END ${kind}-----`;

const shapes: readonly Shape[] = [
  whole(
    'AWS access key id',
    of(upper + digits, 16).map((rest) => `AKIA${rest}`),
  ),
  whole(
    'temporary AWS key id',
    of(upper + digits, 16).map((rest) => `ASIA${rest}`),
  ),
  within('AWS secret key by name', token(40), (value) => `aws_secret_access_key = ${value}\n`),
  within('AWS secret key beside its id', token(40), (value) => `["AKIAIOSFODNN7ABCDEFG", "${value}"]`),
  whole(
    'Bedrock key',
    token(110).map((rest) => `ABSK${rest}`),
  ),
  whole(
    'GitHub token',
    token(36).map((rest) => `ghp_${rest}`),
  ),
  whole(
    'GitHub OAuth token',
    token(36).map((rest) => `gho_${rest}`),
  ),
  whole(
    'GitHub fine-grained token',
    token(70, 82).map((rest) => `github_pat_${rest}`),
  ),
  whole(
    'GitLab token',
    token(20).map((rest) => `glpat-${rest}`),
  ),
  whole(
    'Slack token',
    token(24).map((rest) => `xoxb-123456789012-123456789012-${rest}`),
  ),
  whole(
    'Stripe key',
    token(24).map((rest) => `sk_live_${rest}`),
  ),
  whole(
    'Google key',
    token(35).map((rest) => `AIza${rest}`),
  ),
  whole(
    'OpenAI key',
    token(48).map((rest) => `sk-proj-${rest}`),
  ),
  whole(
    'Anthropic key',
    token(90).map((rest) => `sk-ant-api03-${rest}`),
  ),
  whole(
    'npm token',
    token(36).map((rest) => `npm_${rest}`),
  ),
  whole(
    'mesh key',
    token(32).map((rest) => `devmesh_${rest}`),
  ),
  whole(
    'SendGrid key',
    fc.tuple(token(22), token(43)).map(([a, b]) => `SG.${a}.${b}`),
  ),
  whole(
    'web token',
    fc.tuple(token(30), token(60), token(43)).map(([a, b, c]) => `eyJ${a}.eyJ${b}.${c}`),
  ),
  within('bearer header', token(32), (value) => `Authorization: Bearer ${value}`),
  within('URL password', token(12), (value) => `postgres://admin:${value}@db.internal:5432/app`),
  within(
    'PEM',
    base64Lines(5).map((lines) => lines.join('\n')),
    (body) => pemText('RSA PRIVATE KEY', body.split('\n')),
  ),
  within('PEM with \\n written out', of(letters, 128), (body) => `"${pemText('PRIVATE KEY', [body], '\\n')}"`),
  within('PEM cut off', of(letters, 64), (line) => `-----BEGIN EC PRIVATE KEY-----\n${line}\n`),
  within('PEM in a comment', of(letters, 64), (line) => pemText('PRIVATE KEY', [line, line], '\n# ')),
  within('quoted password', token(9, 20), (value) => `password = "${value}"`),
  within('password in JSON', token(9, 20), (value) => `{"dbPassword": "${value}"}`),
  within('password in XML', token(9, 20), (value) => `<password>${value}</password>`),
  within('environment file', token(16, 40), (value) => `\nAPI_TOKEN=${value}\n`),
  within('exported variable', token(16, 40), (value) => `\nexport CLIENT_SECRET=${value}\n`),
  within('YAML', token(16, 40), (value) => `\n  clientSecret: ${value}\n`),
  within('Kubernetes pair', token(16, 40), (value) => `\n- name: DB_PASSWORD\n  value: ${value}\n`),
  within('key in single quotes', token(20, 40), (value) => `const apiKey: string = '${value}';`),
  within(
    'hexadecimal key',
    of(hex, 31).map((rest) => `7${rest}a`),
    (value) => `secret_key_base: "${value}"`,
  ),
  within('call argument', token(12, 20), (value) => `client.setPassword("${value}")`),
  within('header pair', token(20, 40), (value) => `headers["X-Api-Key"] = "${value}"`),
  within('flag', token(16, 30), (value) => `run --token ${value} --verbose`),
  within('default of a variable', token(16, 30), (value) => `process.env.AUTH_TOKEN ?? "${value}"`),
  within('Go', token(16, 30), (value) => `authToken := "${value}"`),
  within('C string', token(16, 30), (value) => `static const char *kApiKey = u8"${value}";`),
];

/** The longest run of the secret that is still there. */
function survives(text: string, secret: string): boolean {
  for (const line of secret.split('\n')) {
    const size = Math.min(8, line.length);
    for (let at = 0; at + size <= line.length; at++) if (text.includes(line.slice(at, at + size))) return true;
  }
  return false;
}

const noise = fc.stringMatching(/^[ -~\n]{0,60}$/);
const breaks = fc.constantFrom('\n', ' ', '"', "'", '(', '\t', '\r\n', '; ', '');
for (const { name, planted } of shapes) {
  test(`a planted secret never comes out: ${name}`, () => {
    fc.assert(
      fc.property(noise, breaks, planted, noise, (before, gap, { text, secret }, after) => {
        const glued = name === 'flag' || name === 'default of a variable' ? '\n' : gap;
        const source = `${before.replace(/["'`]|[\w-]*$/g, '')}${glued}${text}\n${after}`;
        const redacted = redact(source);
        assert.equal(redacted.text.length, source.length);
        assert.equal(redacted.text.replace(/[^\r\n]/g, '.'), source.replace(/[^\r\n]/g, '.'));
        assert.ok(redacted.count > 0 && !survives(redacted.text, secret), redacted.text);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
}

test('a token glued to other text does not come out either', () => {
  for (const secret of [
    `ghp_${'aB3'.repeat(12)}`,
    'AKIAABCDEFGHIJKLMNOP',
    `eyJhbGciOiJIUzI1.eyJzdWIiOiIx.${'x7'.repeat(20)}`,
  ]) {
    assert.ok(!survives(redact(`prefix${secret}`).text, secret), secret);
  }
});

test('a secret in use is masked wherever it stands, whatever it looks like', () => {
  assert.equal(redact('key is plainword, plainword', ['plainword']).text, 'key is *********, *********');
});

test('what is masked is not found again', () => {
  const once = redact('password = "hunter2x"\nghp_0123456789abcdefghijABCDEFGHIJ012345');
  assert.equal(once.count, 2);
  assert.deepEqual(redact(once.text), { text: once.text, count: 0 });
});

test('BEGIN and END of a key stay, so that it can still be told what stood there', () => {
  const { text } = redact(pemText('PRIVATE KEY', ['a'.repeat(64)]));
  assert.equal(text, pemText('PRIVATE KEY', ['*'.repeat(64)]));
});

test('code between the words BEGIN and END is not taken for a key', () => {
  const code = `const begin = '-----BEGIN PRIVATE KEY-----';\nfunction wrap(body) { return begin + body; }\nconst end = '-----END PRIVATE KEY-----';`;
  assert.equal(redact(code).text, code);
});

const harmless = readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'secrets', 'harmless.txt'), 'utf8');
for (const line of harmless.trimEnd().split('\n')) {
  test(`left alone: ${line}`, () => assert.equal(redact(`${line}\n`).text, `${line}\n`));
}

test('the time a text takes grows with its length and no faster, whatever is repeated in it', () => {
  const pieces = [
    'eyJ',
    'eyJa.',
    '://',
    '://a:b@',
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\n',
    '-----BEGIN PRIVATE KEY-----aaaaaaaaaaaaaaaa=\n',
    'password=',
    'password = "',
    'password \t',
    'password:\nvalue:',
    'password: aaaaaaaaaaaa<aaaaaaaaaaaa',
    'token--token ',
    'token',
    'api_key',
    'Bearer a',
    'AKIAAAAAAAAAAAAAAAAA',
    'sk-',
    'a',
    '0',
    '\\',
    ' ',
    '"',
    '\n',
    'name: PASSWORD\n',
    'SG.',
  ];
  const fastest = (text: string) => {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const start = performance.now();
      findSecrets(text);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  const sum = (size: number) =>
    pieces
      .map((piece) => fastest(piece.repeat(Math.ceil(size / piece.length))))
      .reduce((total, took) => total + took, 0);
  sum(10_000);
  const [short, long] = [sum(20_000), sum(160_000)];
  // Eight times the text: linear is 8, quadratic is 64.
  assert.ok(long < short * 24, `eight times the text took ${(long / short).toFixed(1)} times as long`);
});

test('no text makes the redactor throw, change a line break or a length', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(
      'password',
      '=',
      ':',
      '"',
      'eyJ',
      '.',
      '://',
      '@',
      '-----BEGIN PRIVATE KEY-----',
      '\\n',
      '\r\n',
      'AKIA',
      'Bearer ',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const redacted = redact(text).text;
      assert.equal(redacted.length, text.length);
      assert.equal(redacted.replace(/[^\r\n]/g, '.'), text.replace(/[^\r\n]/g, '.'));
    }),
    { numRuns: 20_000, seed: 11 },
  );
});
