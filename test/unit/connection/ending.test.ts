import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostilityOf, judge, type LinkEnd } from '../../../src/agent/connection/ending.ts';
import { refusalOf } from '../../../src/agent/connection/refusal.ts';
import { parseRetryAfter } from '../../../src/agent/connection/webSocket.ts';

const error = (code: string): LinkEnd => ({ kind: 'error', code, message: `it failed: ${code}` });
const closed = (code: number): LinkEnd => ({ kind: 'closed', code, reason: '' });
const refusedUpgrade = (status: number): LinkEnd => ({ kind: 'upgradeRefused', status });

type Row = readonly [end: LinkEnd, kind: 'stop' | 'retry', code: string];
const verdicts: readonly Row[] = [
  [refusedUpgrade(401), 'stop', 'key-rejected'],
  [refusedUpgrade(403), 'stop', 'key-rejected'],
  [closed(4001), 'stop', 'key-rejected'],
  [closed(1008), 'stop', 'key-rejected'],
  [closed(4401), 'stop', 'key-rejected'],
  [closed(4403), 'stop', 'key-rejected'],
  [{ kind: 'refused', key: true, text: 'no' }, 'stop', 'key-rejected'],
  [error('ERR_INVALID_CHAR'), 'stop', 'key-rejected'],
  ...[1000, 1001, 1005, 1006, 1009, 1012, 1013, 1014, 3000, 4000, 4002, 4007, 4408, 4499].map(
    (code): Row => [closed(code), 'retry', 'connection-lost'],
  ),
  ...[1002, 1003, 1004, 1007, 1010, 1011, 1015, 1999, 4004, 4005, 4400, 4406, 4409, 4429, 4500].map(
    (code): Row => [closed(code), 'retry', 'closed-for-good'],
  ),
  [refusedUpgrade(429), 'retry', 'server-busy'],
  [refusedUpgrade(503), 'retry', 'server-busy'],
  [refusedUpgrade(200), 'retry', 'upgrade-refused'],
  [refusedUpgrade(302), 'retry', 'upgrade-refused'],
  [refusedUpgrade(404), 'retry', 'upgrade-refused'],
  [refusedUpgrade(407), 'retry', 'upgrade-refused'],
  [{ kind: 'refused', key: false, text: 'no' }, 'retry', 'registration-refused'],
  [{ kind: 'refused', key: false, text: 'no', busy: {} }, 'retry', 'server-resting'],
  [{ kind: 'silent', ms: 5000 }, 'retry', 'connection-lost'],
  [{ kind: 'connectTimeout', ms: 10_000 }, 'retry', 'connect-timeout'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPROTO'].map(
    (code): Row => [error(code), 'retry', 'unreachable'],
  ),
  [error('HPE_HEADER_OVERFLOW'), 'retry', 'upgrade-refused'],
  [error('UNKNOWN'), 'retry', 'upgrade-refused'],
  ...[
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_REVOKED',
  ].map((code): Row => [error(code), 'retry', 'certificate']),
];
for (const [end, kind, code] of verdicts) {
  test(`${JSON.stringify(end)} means ${kind} as ${code}`, () => {
    const verdict = judge(end, 'mesh.example.com', false);
    assert.deepEqual([verdict.kind, verdict.failure.code], [kind, code]);
    assert.match(verdict.failure.message, /mesh\.example\.com/);
    assert.equal(verdict.failure.retryable, kind === 'retry');
  });
}

test('a close that says for good is tried again slowly, and named', () => {
  const verdict = judge({ kind: 'closed', code: 4400, reason: 'bad request' }, 'h', true);
  assert.ok(verdict.kind === 'retry' && verdict.slow);
  assert.match(verdict.failure.message, /4400/);
  assert.equal(verdict.failure.detail, 'bad request');
  const passing = judge(closed(1000), 'h', true);
  assert.ok(passing.kind === 'retry' && !passing.slow);
});

test('a server that answers the upgrade wrongly is not called unreachable, and its mistake is named', () => {
  const message = 'Server sent a subprotocol but none was requested';
  const { failure } = judge({ kind: 'error', code: 'UNKNOWN', message }, 'h', false);
  assert.match(failure.message, /^h answers, but not as a WebSocket server/);
  assert.equal(failure.detail, message);
});

test('what broke the protocol is hostile for certain, a line that broke before the registration perhaps', () => {
  assert.equal(hostilityOf(error('WS_ERR_INVALID_OPCODE'), true), 'certain');
  assert.equal(hostilityOf(closed(1006), false), 'perhaps');
  assert.equal(hostilityOf(closed(1006), true), 'none');
  assert.equal(hostilityOf(error('ECONNRESET'), false), 'none');
});

test('an error on a connection that stood is a lost connection', () => {
  assert.equal(judge(error('ECONNRESET'), 'h', true).failure.code, 'connection-lost');
});

test('how long a busy server wants to be left alone stands in the sentence', () => {
  const message = (retryAfterMs: number) =>
    judge({ kind: 'refused', key: false, text: 'quota', busy: { retryAfterMs } }, 'h', true).failure.message;
  assert.equal(message(9_500), 'h wants no questions for 10 s; tasks come again then.');
  assert.equal(message(40_000_000), 'h wants no questions for 667 minutes; tasks come again then.');
  assert.match(message(Number.MAX_VALUE), /for more than a day;/);
});

test('how long the server wants us to wait is passed on', () => {
  const verdict = judge({ kind: 'upgradeRefused', status: 429, retryAfterMs: 9000 }, 'h', false);
  assert.equal(verdict.kind === 'retry' && verdict.retryAfterMs, 9000);
});

const now = Date.UTC(2025, 10, 10, 9);
const headers: readonly [string | undefined, number | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5000],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['2025-11-10T09:01:00Z', undefined],
  ['Mon, 10 Nov 2025 09:01:00 GMT', 60_000],
  ['Mon, 10 Nov 2025 08:00:00 GMT', 0],
  ['Monday', undefined],
];
for (const [header, expected] of headers) {
  test(`Retry-After ${JSON.stringify(header)} is ${expected} ms`, () => {
    assert.equal(parseRetryAfter(header, now), expected);
  });
}

const refusals: readonly [code: unknown, text: string, expected: ReturnType<typeof refusalOf>][] = [
  [401, 'no', 'key'],
  [4001, 'already completed', 'key'],
  ['4001', 'no', 'key'],
  [429, 'no', 'rate'],
  [4002, 'no', 'rate'],
  [413, 'no', 'tooLarge'],
  [4007, 'no', 'tooLarge'],
  [400, 'the task has already been cancelled', 'finished'],
  [undefined, 'task already finished', 'finished'],
  [4003, 'task cannot be completed in status failed', 'finished'],
  [403, 'task t-1 is not assigned to this agent', 'disowned'],
  [undefined, 'task is assigned to another agent', 'disowned'],
  [404, 'task not found', 'final'],
  [4005, 'bad field', 'final'],
  [4003, 'internal', 'passing'],
  [408, 'timeout', 'passing'],
  [500, 'internal', 'passing'],
  [undefined, 'hm', 'passing'],
  ['queue_full', 'hm', 'passing'],
  [{ toString: 'no' }, 'hm', 'passing'],
  [Number.POSITIVE_INFINITY, 'hm', 'passing'],
];
for (const [code, text, expected] of refusals) {
  test(`error ${JSON.stringify(code)} "${text}" is ${expected}`, () => {
    assert.equal(refusalOf(code, text), expected);
  });
}
