import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Agent, createAgent } from '../../../src/agent/agent.ts';
import { defaultSettings, type Settings } from '../../../src/agent/settings.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { MeshServer } from '../../fakes/meshServer.ts';

/** The whole agent and a real server, about connecting alone. */

let server: MeshServer;
let host: FakeHost;
let storage: string;
const agents: Agent[] = [];

beforeEach(async () => {
  server = await MeshServer.start();
  storage = mkdtempSync(join(tmpdir(), 'link-'));
  host = new FakeHost({ files: {}, keys: { [new URL(server.url).origin]: server.key } });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.dispose();
  await server.stop();
  host.dispose();
  rmSync(storage, { recursive: true, force: true });
});

function start(change: (settings: Settings) => Settings = (settings) => settings): Agent {
  const settings = { ...defaultSettings, server: { ...defaultSettings.server, url: server.url } };
  const agent = createAgent(host, change(settings), {
    clock: systemClock,
    environment: {},
    engineFolder: storage,
    processId: process.pid,
    machineName: 'test',
    version: '1.2.3',
  });
  agents.push(agent);
  return agent;
}
const connected = async (agent: Agent) => {
  for (let tries = 0; tries < 500 && agent.state.connection.kind !== 'connected'; tries++) await pause(10);
  assert.equal(agent.state.connection.kind, 'connected');
};

test('however fast it is connected and disconnected, and whatever is changed meanwhile, there is one socket', async () => {
  const agent = start();
  agent.connect();
  await connected(agent);
  for (let round = 0; round < 20; round++) {
    agent.disconnect();
    agent.connect();
    if (round % 3 === 0) await pause(15);
    if (round % 5 === 0) {
      const { server: chosen, ...rest } = defaultSettings;
      agent.useSettings({ ...rest, server: { ...chosen, url: server.url, dialect: round % 2 ? 'mesh' : 'auto' } });
    }
  }
  await connected(agent);
  assert.equal(server.mostOpen, 1);
});

test('a name that the server gave is used from the first frame of the next life', async () => {
  server.agentId = 'server-7';
  const first = start();
  first.connect();
  await connected(first);
  await pause(100);
  first.dispose();
  await server.waitFor(() => server.openConnections === 0);
  const seen = server.frames.length;
  const second = start();
  second.connect();
  await connected(second);
  const frame = await server.nextFrame(({ type }) => type === 'agent.register', { after: seen });
  assert.equal(frame.json['agent_id'], 'server-7');
});

test('that the agent is stopping is said at once', async () => {
  const agent = start();
  agent.connect();
  await connected(agent);
  const work = new AbortController();
  const running = agent.run('code_review', 'x', { code: 'x = 1', language: 'python' }, work.signal);
  const stop = new AbortController();
  const isHeartbeat = ({ type }: { readonly type: string | undefined }) => type === 'agent.heartbeat';
  // That of the registration may still be on its way.
  await server.nextFrame(isHeartbeat, { after: 0 });
  const seen = server.frames.length;
  const drained = agent.drain(stop.signal);
  const heartbeat = await server.nextFrame(isHeartbeat, { after: seen });
  assert.equal(heartbeat.payload['status'], 'draining');
  stop.abort();
  await drained;
  await running;
});

test('a try that fails late does not speak for the one after it', async () => {
  const { secrets } = host;
  const failing: ((error: Error) => void)[] = [];
  Object.assign(host, { secrets: { key: () => new Promise((_resolve, reject) => failing.push(reject)) } });
  const agent = start();
  agent.connect();
  Object.assign(host, { secrets });
  agent.connect();
  await connected(agent);
  for (const fail of failing) fail(new Error('the keyring is locked'));
  await pause(20);
  assert.equal(failing.length, 1);
  assert.equal(agent.state.connection.kind, 'connected');
});
