/**
 * What our model costs over a bare SDK call, against the fake service in the same process. The two take turns, so that
 * their ratio means something on any machine. Run: `node test/bench/model.ts [rounds]`.
 */
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { loadModel } from '../../src/agent/models/loadModel.ts';
import type { ModelRequest } from '../../src/agent/models/model.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { answerTool } from '../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../fakes/bedrockServer.ts';
import { meterParts, taskWith } from '../unit/models/meterSetup.ts';

const rounds = Number(process.argv[2] ?? 300);
const warmUp = 30;
const server = await new BedrockServer().start();
for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
Object.assign(process.env, server.environment);
const request: ModelRequest = {
  system: 'You review code.',
  prompt: 'const a = 1;\n'.repeat(500),
  maxTokens: 2000,
  tool: { name: 'report', description: 'Reports findings.', schema: { type: 'object' } },
};
const findings = Array.from({ length: 40 }, (_, id) => ({ id, title: 'An unchecked value', quote: 'const a = 1;' }));
server.onRequest = () => answerTool('report', { findings });

const bare = new BedrockRuntimeClient({
  region: server.region,
  endpoint: server.url,
  requestHandler: new NodeHttpHandler({}),
  authSchemePreference: ['sigv4'],
});
async function callBare(): Promise<number> {
  const { stream } = await bare.send(
    new ConverseStreamCommand({
      modelId: 'm',
      system: [{ text: request.system }],
      messages: [{ role: 'user', content: [{ text: request.prompt }] }],
      inferenceConfig: { maxTokens: 2000 },
      toolConfig: {
        tools: [{ toolSpec: { name: 'report', description: 'd', inputSchema: { json: { type: 'object' } } } }],
        toolChoice: { tool: { name: 'report' } },
      },
    }),
  );
  let length = 0;
  for await (const event of stream ?? []) length += event.contentBlockDelta?.delta?.toolUse?.input?.length ?? 0;
  return length;
}

const loaded = await loadModel(
  { region: '', profile: '', model: 'm', endpoint: server.url, authentication: 'credentials' },
  { ...meterParts(systemClock), log: () => undefined, environment: process.env },
);
if (!loaded.ok) throw new Error(loaded.failure.message);
const model = loaded.value.forTask(taskWith());
const { signal } = new AbortController();
async function callOurs(): Promise<number> {
  let length = 0;
  for await (const event of model.stream(request, signal)) if (event.kind === 'input') length += event.json.length;
  return length;
}

const times: Record<'bare' | 'ours', number[]> = { bare: [], ours: [] };
for (let round = 0; round < rounds + warmUp; round += 1) {
  for (const [name, call] of [
    ['bare', callBare],
    ['ours', callOurs],
  ] as const) {
    const start = performance.now();
    const length = await call();
    if (length !== JSON.stringify({ findings }).length) throw new Error(`${name} lost a part of the answer`);
    if (round >= warmUp) times[name].push(performance.now() - start);
  }
}
const at = (name: 'bare' | 'ours', share: number) =>
  times[name].sort((a, b) => a - b)[Math.floor(times[name].length * share)] ?? 0;
for (const share of [0.5, 0.9, 0.99]) {
  const [sdk, ours] = [at('bare', share), at('ours', share)];
  console.log(
    `p${share * 100}: bare ${sdk.toFixed(2)} ms, ours ${ours.toFixed(2)} ms, ratio ${(ours / sdk).toFixed(2)}`,
  );
}
await server.close();
