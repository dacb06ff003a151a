import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type Agent, createAgent } from '../../src/agent/agent.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { defaultSettings, type Settings } from '../../src/agent/settings.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { answerTool } from '../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../fakes/bedrockServer.ts';
import { EdgeServer2 } from '../fakes/edgeServer2.ts';
import { FakeHost } from '../fakes/fakeHost.ts';
import { MeshServer } from '../fakes/meshServer.ts';
import { root } from '../setup/paths.ts';
import { useEnvironment } from '../unit/models/bedrockSetup.ts';

/** The joined agent between a real mesh server and a real Bedrock, both on loopback. */

let bedrock: BedrockServer;
let mesh: MeshServer;
let host: FakeHost;
let agent: Agent | undefined;
const events: AgentEvent[] = [];

before(async () => {
  bedrock = await new BedrockServer().start();
  useEnvironment(bedrock.environment);
});
after(() => bedrock.close());

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Long enough to be asked about in a request of its own. */
const longFile = (name: string, value: number) => `${name} = ${value}\n`.repeat(1000);

beforeEach(async () => {
  events.length = 0;
  bedrock.requests.length = 0;
  bedrock.onRequest = () => answerTool('report_findings', { notes: '', findings: [] });
  mesh = await MeshServer.start();
  const files = Object.fromEntries(names.map((name) => [`${name}.py`, longFile(name, 1)]));
  host = new FakeHost({ files, keys: { [new URL(mesh.url).origin]: mesh.key } });
});
afterEach(async () => {
  agent?.dispose();
  await mesh.stop();
  host.dispose();
});

function open(change: (settings: Settings) => Settings = (settings) => settings): Agent {
  const { server, bedrock: model } = defaultSettings;
  const settings = {
    ...defaultSettings,
    server: { ...server, url: mesh.url },
    bedrock: { ...model, region: bedrock.region, endpoint: bedrock.url, model: 'us.test-model' },
  };
  const opened = createAgent(host, change(settings), {
    clock: systemClock,
    environment: bedrock.environment,
    engineFolder: join(root, 'dist', 'engine'),
    processId: process.pid,
    machineName: 'test',
    version: '1.2.3',
  });
  opened.onEvent((event) => events.push(event));
  opened.connect();
  agent = opened;
  return opened;
}

const dividesByZero = {
  quote: '    return sum(items) / len(items)',
  line_hint: 2,
  failure_scenario: 'average([]) divides by zero and raises ZeroDivisionError.',
  category: 'correctness',
  severity: 'high',
  confidence: 0.9,
  title: 'Division by zero for an empty list',
};

const registered = () => mesh.nextFrame(({ type }) => type === 'agent.register');

async function reviewed(): Promise<void> {
  const id = mesh.assign({ type: 'code_review', payload: { files: ['*.py'] } });
  await mesh.nextFrame(({ type, payload }) => type === 'task.complete' && payload['task_id'] === id, {
    withinMs: 20_000,
  });
}

test('the query of the address, which may be a secret, is in no event and no log', async () => {
  open((settings) => ({ ...settings, server: { ...settings.server, url: `${mesh.url}?token=query-canary` } }));
  await registered();
  assert.ok(!JSON.stringify([events, host.records]).includes('query-canary'));
  assert.deepEqual(events.filter(({ type }) => type === 'connecting').length, 1);
});

test('a limit of model calls that the server asks for holds for a model that is loaded already', async () => {
  let active = 0;
  let most = 0;
  bedrock.onRequest = async () => {
    active += 1;
    most = Math.max(most, active);
    await new Promise((later) => setTimeout(later, 20));
    active -= 1;
    return answerTool('report_findings', { notes: '', findings: [] });
  };
  open();
  await registered();
  await reviewed();
  assert.ok(most > 1, `${most} at once`);
  most = 0;
  mesh.updateConfig({ version: 2, constraints: { rate_limits: { concurrent_requests: 1 } } });
  await mesh.nextFrame(({ type }) => type === 'config.applied');
  for (const name of names) host.write(`${name}.py`, longFile(name, 2));
  await reviewed();
  assert.equal(most, 1);
});

test('findings in code that came inside a task are told, and stand in no file of the workspace', async () => {
  bedrock.onRequest = () => answerTool('report_findings', { notes: '', findings: [dividesByZero] });
  const { findings } = open();
  await registered();
  const code = 'def average(items):\n    return sum(items) / len(items)\n';
  mesh.assign({ type: 'code_review', payload: { language: 'python', code } });
  const { payload } = await mesh.nextFrame(({ type }) => type === 'task.complete', { withinMs: 20_000 });
  assert.match(JSON.stringify(payload['result']), /Division by zero/);
  assert.ok(events.some((event) => event.type === 'finding' && event.finding.inTask));
  assert.deepEqual(findings.all(), []);
});

test('a health check says whether the model that is wanted can be had', async () => {
  open((settings) => ({ ...settings, bedrock: { ...settings.bedrock, endpoint: 'http://elsewhere.example.com' } }));
  const { order } = await registered();
  mesh.askHealth();
  const before = await mesh.nextFrame(({ type }) => type === 'health.status', { after: order });
  assert.deepEqual(before.payload['issues'], []);
  await reviewed();
  mesh.askHealth();
  const later = await mesh.nextFrame(({ type }) => type === 'health.status', { after: before.order });
  assert.deepEqual(later.payload['issues'], ['model']);
  assert.equal(later.payload['healthy'], false);
});

test('after many changes of mind there is one connection, and none when it is disposed', async () => {
  const changing = open();
  for (let times = 0; times < 20; times++) {
    changing.disconnect();
    changing.connect();
    if (times % 4 === 0) await new Promise((later) => setTimeout(later, times));
  }
  await mesh.waitFor(() => mesh.openConnections === 1 && changing.state.connection.kind === 'connected');
  changing.dispose();
  await mesh.waitFor(() => mesh.openConnections === 0);
  const before = mesh.upgrades.length;
  changing.connect();
  await new Promise((later) => setTimeout(later, 300));
  assert.equal(mesh.upgrades.length, before, 'it connected after it was disposed');
});

test('of two windows with one chosen id the second connects under another, and says so once', async (t) => {
  const edge = await EdgeServer2.start();
  const edgeHost = new FakeHost({ keys: { [new URL(edge.door.url).origin]: edge.key } });
  const told: AgentEvent[][] = [];
  const windows: Agent[] = [];
  t.after(async () => {
    for (const window of windows) window.dispose();
    await edge.door.stop();
    edgeHost.dispose();
  });
  const openWindow = async () => {
    const { server, agent: identity, review } = defaultSettings;
    const settings: Settings = {
      ...defaultSettings,
      server: { ...server, url: edge.door.url, dialect: 'mcp' },
      agent: { ...identity, id: 'reviewer' },
      review: { ...review, useModel: false },
    };
    const heard: AgentEvent[] = [];
    const window = createAgent(edgeHost, settings, {
      clock: systemClock,
      environment: {},
      engineFolder: join(root, 'dist', 'engine'),
      processId: process.pid,
      machineName: 'test',
      version: '1.2.3',
    });
    told.push(heard);
    windows.push(window);
    return new Promise<string>((connected) => {
      window.onEvent((event) => {
        heard.push(event);
        if (event.type === 'connected') connected(event.agentId);
      });
      window.connect();
    });
  };
  const notices = () => told.map((heard) => heard.flatMap((event) => (event.type === 'notice' ? [event.failure] : [])));

  assert.deepEqual([await openWindow(), await openWindow()], ['reviewer', 'reviewer-2']);
  assert.deepEqual([...edge.tools.agents.keys()], ['reviewer', 'reviewer-2']);
  assert.deepEqual(
    notices().map((failed) => failed.map(({ code }) => code)),
    [[], ['agent-id-in-use']],
  );
  windows[0]?.dispose();
  assert.equal(await openWindow(), 'reviewer', 'who comes when the first is gone is the first');
});
