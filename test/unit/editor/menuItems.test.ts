import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentState } from '../../../src/agent/agent.ts';
import type { ConnectionState } from '../../../src/agent/connection/state.ts';
import { failures } from '../../../src/agent/failures.ts';
import { type MenuSituation, menuItems } from '../../../src/editor/menuItems.ts';

const url = 'wss://mesh.example.com/ws';
const situation: MenuSituation = {
  isTrusted: true,
  hasServer: true,
  hasEditor: true,
  canDocument: true,
  hasFolder: true,
  hasSelection: false,
  findings: 0,
  hiddenFindings: 0,
  displaysHidden: false,
  dismissedFindings: 0,
};
const state = (connection: ConnectionState): AgentState => ({ connection, running: [], queued: [] });
const commands = (given: AgentState, more: Partial<MenuSituation> = {}) =>
  menuItems(given, { ...situation, ...more }).map(({ command }) => command.replace('developerMesh.', ''));

test('who is signed out is offered to sign in first', () => {
  assert.equal(commands(state({ kind: 'off' }), { hasServer: false })[0], 'signIn');
  assert.equal(commands(state({ kind: 'off', failure: failures.noKeyForServer('h') }))[0], 'signIn');
  assert.equal(commands(state({ kind: 'attention', url, failure: failures.keyRejected('h') }))[0], 'signIn');
});

test('who waits is offered to try now, who disconnected to connect', () => {
  const waiting: ConnectionState = {
    kind: 'waiting',
    url,
    attempt: 1,
    retryInMs: 1,
    failure: failures.unreachable('h', ''),
  };
  assert.equal(commands(state(waiting))[0], 'reconnectNow');
  assert.equal(commands(state({ kind: 'off' }))[0], 'connect');
});

test('in a workspace without trust nothing is offered that would read it or connect', () => {
  const offered = commands(state({ kind: 'off', failure: failures.untrusted() }), { isTrusted: false });
  assert.deepEqual(offered, ['workbench.trust.manage', 'showLog', 'openSettings']);
});

test('every task can be cancelled by its id', () => {
  const task = { id: 't1', type: 'code_review', title: 'Review it', origin: 'server', priority: 'low' } as const;
  const items = menuItems({ connection: { kind: 'off' }, running: [task], queued: [] }, situation);
  assert.deepEqual(items.find(({ command }) => command === 'developerMesh.cancelTask')?.args, ['t1']);
});

test('what Enter takes at once is never to cancel a task', () => {
  const task = { id: 't1', type: 'code_review', origin: 'server', priority: 'low' } as const;
  const connection = { kind: 'connected', url, agentId: 'a', dialect: 'mesh' } as const;
  const [first] = menuItems({ connection, running: [task], queued: [task] }, { ...situation, hasEditor: false });
  assert.notEqual(first?.command, 'developerMesh.cancelTask');
});

test('nothing is offered that makes no sense now', () => {
  const nothing = { hasServer: false, hasEditor: false, canDocument: false, hasFolder: false };
  const offered = commands(state({ kind: 'off' }), nothing);
  for (const senseless of [
    'reviewFile',
    'reviewChanges',
    'reviewBranch',
    'ask',
    'documentSymbol',
    'clearFindings',
    'restoreFindings',
    'copyAgentId',
    'signOut',
    'disconnect',
  ]) {
    assert.ok(!offered.includes(senseless), senseless);
  }
});
