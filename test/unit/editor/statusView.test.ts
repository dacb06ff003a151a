import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentState } from '../../../src/agent/agent.ts';
import type { ConnectionState } from '../../../src/agent/connection/state.ts';
import { failures } from '../../../src/agent/failures.ts';
import { type StatusExtras, statusView } from '../../../src/editor/statusView.ts';

const url = 'wss://mesh.example.com/ws';
const connected: ConnectionState = { kind: 'connected', url, agentId: 'agent-7', dialect: 'mesh', latencyMs: 23.4 };
const task = (id: string) =>
  ({ id, type: 'code_review', title: `Review ${id}`, origin: 'server', priority: 'high' }) as const;
const state = (connection: ConnectionState, running = 0, queued = 0): AgentState => ({
  connection,
  running: Array.from({ length: running }, (_, index) => task(`r${index}`)),
  queued: Array.from({ length: queued }, (_, index) => task(`q${index}`)),
});

const texts: readonly [string, AgentState, StatusExtras, string][] = [
  ['signed out', state({ kind: 'off', failure: failures.signedOut() }), {}, '$(debug-disconnect) Mesh: Sign In'],
  ['no key', state({ kind: 'off', failure: failures.noKeyForServer('h') }), {}, '$(debug-disconnect) Mesh: Sign In'],
  ['not trusted', state({ kind: 'off', failure: failures.untrusted() }), {}, '$(workspace-untrusted) Mesh: Restricted'],
  ['disconnected by the person', state({ kind: 'off' }), {}, '$(debug-disconnect) Mesh: Off'],
  ['connecting', state({ kind: 'connecting', url, attempt: 1 }), {}, '$(loading~spin) Mesh: Connecting'],
  ['idle', state(connected), {}, '$(check) Mesh'],
  ['one task', state(connected, 1), {}, '$(sync~spin) Mesh: 1 running'],
  ['tasks that wait', state(connected, 2, 3), {}, '$(sync~spin) Mesh: 2 running, 3 queued'],
  [
    'waiting to try again',
    state({ kind: 'waiting', url, attempt: 2, retryInMs: 9000, failure: failures.unreachable('h', '') }),
    { secondsLeft: 9 },
    '$(history) Mesh: Retry in 9 s',
  ],
  [
    'attention, even while a task runs',
    state({ kind: 'attention', url, failure: failures.keyRejected('h') }, 1),
    {},
    '$(warning) Mesh: Action Needed',
  ],
];
for (const [what, given, extras, expected] of texts) {
  test(`the status bar says where things stand: ${what}`, () => {
    assert.equal(statusView(given, extras).text, expected);
  });
}

test('only what needs the person is coloured', () => {
  const coloured = texts.filter(([, given]) => statusView(given).attention).map(([what]) => what);
  assert.deepEqual(coloured, ['attention, even while a task runs']);
});

test('the tooltip tells server, agent, latency, work and the last problem', () => {
  const { sentence, details } = statusView(state(connected, 1, 2), { findings: 4, lastFailure: 'AWS is away.' });
  assert.equal(sentence, 'Connected.');
  assert.deepEqual(details, [
    ['Server', url],
    ['Agent', 'agent-7'],
    ['Latency', '23 ms'],
    ['Running', 'Review r0'],
    ['Queued', '2 tasks'],
    ['Findings', '4'],
    ['Last problem', 'AWS is away.'],
  ]);
});

test('a problem that the connection already names is not told twice', () => {
  const failure = failures.keyRejected('mesh.example.com');
  const { sentence, details } = statusView(state({ kind: 'attention', url, failure }), {
    lastFailure: failure.message,
  });
  assert.equal(sentence, failure.message);
  assert.deepEqual(details, [['Server', url]]);
});

test('a title of a server brings no line breaks, escapes or hidden characters into the tooltip', () => {
  const hostile = { ...task('x'), title: 'a\u001b[31mb\r\nc\u202ed\u0007' };
  const { details } = statusView({ connection: connected, running: [hostile], queued: [] });
  assert.deepEqual(
    details.find(([label]) => label === 'Running'),
    ['Running', 'ab cd'],
  );
});

test('the spoken text is a sentence without icons', () => {
  for (const [, given, extras] of texts) assert.match(statusView(given, extras).spoken, /^Developer Mesh: [^$]+\.$/);
});

test('a wait of minutes is told in minutes, with the sentence of why', () => {
  const waiting: ConnectionState = {
    kind: 'waiting',
    url,
    attempt: 3,
    retryInMs: 200_000,
    failure: failures.closedForGood('h', 4400, 'bad'),
  };
  const { text, sentence } = statusView(state(waiting), { secondsLeft: 200 });
  assert.equal(text, '$(history) Mesh: Retry in 4 min');
  assert.match(
    sentence,
    /closed the connection with code 4400, so it is tried again slowly\. Next attempt in 4 min\.$/,
  );
});

test('the tooltip tells what the model cost', () => {
  const { details } = statusView(state(connected), { spend: [['AI today', '5 tokens · price unknown']] });
  assert.deepEqual(details.at(-1), ['AI today', '5 tokens · price unknown']);
});
