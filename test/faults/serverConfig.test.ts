import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type Agent, createAgent } from '../../src/agent/agent.ts';
import { defaultSettings, type Settings } from '../../src/agent/settings.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { answerTool, fail } from '../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../fakes/bedrockServer.ts';
import { FakeHost } from '../fakes/fakeHost.ts';
import { MeshServer } from '../fakes/meshServer.ts';
import { engineFolder } from '../setup/engineFolder.ts';
import { useEnvironment } from '../unit/models/bedrockSetup.ts';

/** What a server configures and what a person allows, on the joined agent between a mesh server and a Bedrock. */

let bedrock: BedrockServer;
let mesh: MeshServer;
let host: FakeHost;
let agent: Agent | undefined;
const nothing = () => answerTool('report_findings', { notes: '', findings: [] });

before(async () => {
  bedrock = await new BedrockServer().start();
  useEnvironment(bedrock.environment);
});
after(() => bedrock.close());

beforeEach(async () => {
  bedrock.requests.length = 0;
  bedrock.onRequest = nothing;
  mesh = await MeshServer.start();
  host = new FakeHost({ files: { 'a.py': 'a = 1\n' }, keys: { [new URL(mesh.url).origin]: mesh.key } });
});
afterEach(async () => {
  agent?.dispose();
  await mesh.stop();
  host.dispose();
});

async function open(change: Partial<{ [S in keyof Settings]: Partial<Settings[S]> }> = {}): Promise<Agent> {
  const own = {
    ...defaultSettings,
    server: { ...defaultSettings.server, url: mesh.url },
    bedrock: { ...defaultSettings.bedrock, region: bedrock.region, endpoint: bedrock.url, ...change.bedrock },
    budget: { ...defaultSettings.budget, ...change.budget },
  };
  agent = createAgent(host, own, {
    clock: systemClock,
    environment: bedrock.environment,
    engineFolder: await engineFolder(),
    processId: process.pid,
    machineName: 'test',
    version: '1.2.3',
  });
  agent.connect();
  await mesh.nextFrame(({ type }) => type === 'agent.register');
  return agent;
}

async function configured(config: Parameters<MeshServer['updateConfig']>[0]) {
  const order = mesh.frames.at(-1)?.order ?? 0;
  mesh.updateConfig(config);
  return (await mesh.nextFrame(({ type }) => type === 'config.applied', { after: order })).payload;
}

const completed = async (id: string) => {
  const of = ({ type, payload }: { type: string; payload: Record<string, unknown> }) =>
    type === 'task.complete' && payload['task_id'] === id;
  return (await mesh.nextFrame(of, { withinMs: 20_000 })).payload;
};
let version = 0;
const assign = () => {
  // Code that was not seen before: an answer that is remembered would cost no call.
  version += 1;
  return mesh.assign({ type: 'code_review', payload: { language: 'python', code: `value = ${version}\n` } });
};

test('models that the server prefers are used in order, but for those that this account cannot call', async () => {
  await open();
  bedrock.onRequest = ({ model }) =>
    model.includes('opus') ? fail('AccessDeniedException', 403, 'not yours') : nothing();
  const { applied, refused } = await configured({
    model_preferences: [
      {
        task_type: 'code_analysis',
        primary_models: ['gpt-4', 'anthropic.claude-opus-5'],
        fallback_models: ['amazon.nova-lite-v1:0'],
      },
    ],
  });
  assert.deepEqual(applied, ['model_preferences']);
  assert.match(JSON.stringify(refused), /primary_models\[0\].*not a model of Amazon Bedrock/);
  const { metadata } = await completed(assign());
  assert.match(JSON.stringify(metadata), /"model":"us\.amazon\.nova-lite-v1:0"/);
});

test('a configuration stands over a reconnect, an older one comes too late, and the reply says which stands', async () => {
  await open();
  const first = await configured({ version: 5, fallback_behavior: { max_retries: 0 } });
  assert.deepEqual(first, { version: 5, applied: ['fallback_behavior.max_retries'], refused: [] });
  const connections = mesh.frames.filter(({ type }) => type === 'agent.register').length;
  mesh.closeAll(1012);
  await mesh.nextFrame(
    ({ type }) => type === 'agent.register' && mesh.frames.filter((frame) => frame.type === type).length > connections,
    { withinMs: 20_000 },
  );
  const late = await configured({ version: 4, fallback_behavior: { max_retries: 3 } });
  assert.deepEqual(late, {
    version: 5,
    applied: [],
    refused: [{ path: 'version', reason: 'older than version 5, which is applied' }],
  });
});

test('a task that runs keeps the configuration it began with', async () => {
  await open({ bedrock: { model: 'us.some-model' } });
  let calls = 0;
  let changed = false;
  bedrock.onRequest = async () => {
    calls += 1;
    if (!changed) {
      changed = true;
      await configured({ fallback_behavior: { max_retries: 0 } });
    }
    return fail('ServiceUnavailableException', 503, 'down');
  };
  await completed(assign());
  assert.equal(calls, 4, 'the first task tries as often as was meant when it began');
  calls = 0;
  await completed(assign());
  assert.equal(calls, 1);
});

test('a budget that is used up ends the review as inconclusive with its reason, and its spending is in the result', async () => {
  const priced = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
  const { state } = await open({ bedrock: { model: priced }, budget: { dollarsPerMonth: 50 } });
  assert.equal(state.spend, undefined);
  const first = await completed(assign());
  assert.equal(first['status'], 'completed');
  const { cost_usd: cost } = first['metadata'] as { cost_usd?: unknown };
  assert.ok(typeof cost === 'number' && cost > 0, `${cost}`);
  assert.equal(agent?.state.spend?.dollarsToday, cost);

  await configured({ constraints: { max_cost_per_month_usd: 0.000001 } });
  // Counting the tokens of a request is no call to the model, and free.
  const answers = () => bedrock.requests.filter(({ operation }) => operation === 'converse-stream').length;
  const calls = answers();
  const second = await completed(assign());
  assert.equal(second['status'], 'inconclusive');
  assert.match(JSON.stringify(second['metadata']), /budget of \$0.000001 a month, which the server sets/);
  assert.equal(answers(), calls, 'a call was made beyond the budget');
  const wider = await configured({ constraints: { max_cost_per_month_usd: 51 } });
  assert.match(JSON.stringify(wider['refused']), /wider than the 50/);
});
