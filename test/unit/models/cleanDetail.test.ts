import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanDetail } from '../../../src/agent/models/bedrock/cleanDetail.ts';

const rows: readonly [what: string, message: string, expected: string][] = [
  ['a key that is known', 'key sk-1 and sk-1 again', 'key [key] and [key] again'],
  ['an access key', 'for AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE', 'for [key] and [key]'],
  ['a bearer token', 'Authorization: Bearer abc.def', 'Authorization: [key]'],
  ['a session token', 'x-amz-security-token:FwoG and x-amz-security-token: FwoG', '[key] and [key]'],
  ['what AWS echoes of the request', "No match.\n\nThe Canonical String should have been\n'POST /x", 'No match.'],
  ['anything as long as a token', `a ${'Zm9v'.repeat(20)} b`, 'a [long text] b'],
  ['control characters and line ends', 'a\u001b[31mb\r\nc\u202ed', 'a [31mb c d'],
];
for (const [what, message, expected] of rows) {
  test(`${what} is taken out`, () => assert.equal(cleanDetail(message, ['sk-1', '']), expected));
}

test('names, ids and ARNs stay', () => {
  const message =
    'AccessDeniedException: no bedrock:InvokeModel on arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0';
  assert.equal(cleanDetail(message, []), message);
});

test('a message is bounded', () => assert.ok(cleanDetail('word '.repeat(100_000), []).length <= 500));
