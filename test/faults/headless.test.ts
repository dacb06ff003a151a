import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import * as z from 'zod/mini';
import { answerTool } from '../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../fakes/bedrockServer.ts';
import { MeshServer } from '../fakes/meshServer.ts';
import { root } from '../setup/paths.ts';
import { type BuiltProgram, buildProgram, RunningProgram } from './headlessProgram.ts';

let program: BuiltProgram;
let folder: string;
let mesh: MeshServer;
let bedrock: BedrockServer;
const running: RunningProgram[] = [];

before(async () => {
  program = await buildProgram();
});
after(() => program.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headless-'));
  await cp(join(root, 'test', 'demo', 'workspace'), join(folder, 'workspace'), { recursive: true });
  mesh = await MeshServer.start();
  bedrock = await new BedrockServer().start();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.kill('SIGKILL');
  await mesh.stop();
  await bedrock.close();
  await rm(folder, { recursive: true, force: true });
});

interface How {
  readonly model?: boolean;
  readonly key?: string;
  readonly args?: readonly string[];
}

function start({ model = false, key = mesh.key, args = [] }: How = {}): RunningProgram {
  const started = new RunningProgram(program, {
    args: [
      ...['--server', mesh.url, '--workspace', join(folder, 'workspace'), '--storage', join(folder, 'storage')],
      ...(model ? ['--region', bedrock.region, '--bedrock-endpoint', bedrock.url, '--model', 'us.test-model'] : []),
      ...args,
    ],
    environment: { MCP_API_KEY: key, ...(model && bedrock.environment) },
  });
  running.push(started);
  return started;
}

const registered = () => mesh.nextFrame(({ type }) => type === 'agent.register', { withinMs: 20_000 });

const finding = z.looseObject({
  file: z.string(),
  line: z.number(),
  end_line: z.number(),
  column: z.number(),
  end_column: z.number(),
  title: z.string(),
  severity: z.string(),
  quote: z.string(),
  rule_id: z.optional(z.string()),
});
const leftOut = z.array(z.object({ file: z.string(), reason: z.string() }));
const resultShape = z.object({
  status: z.string(),
  error: z.optional(z.string()),
  result: z.nullable(z.looseObject({ summary: z.string() })),
  metadata: z.looseObject({ static_issues: z.number(), ai_suggestions: z.number(), not_reviewed: leftOut }),
});
const reviewShape = z.looseObject({
  findings: z.array(finding),
  recommendations: z.array(z.string()),
  not_reviewed: leftOut,
});

/** Assigns a task and waits for its result, the only one. */
async function done(task: Parameters<MeshServer['assign']>[0]): Promise<z.output<typeof resultShape>> {
  const id = mesh.assign(task);
  const { payload } = await mesh.nextFrame(
    (frame) => frame.type === 'task.complete' && frame.payload['task_id'] === id,
    { withinMs: 60_000 },
  );
  assert.equal(mesh.tasks.effectiveResults(id), 1);
  return resultShape.parse(payload);
}

/** What a model says that found one defect in the file it was shown. */
function modelFinds(file: string, quote: string, line: number): void {
  bedrock.onRequest = ({ prompt }) =>
    answerTool('report_findings', {
      notes: '',
      findings: prompt.includes(file)
        ? [
            {
              quote,
              line_hint: line,
              failure_scenario: 'The list is empty, the sum is divided by zero and the caller stores NaN.',
              category: 'correctness',
              severity: 'high',
              confidence: 0.9,
              title: 'The average of no parcels is NaN',
            },
          ]
        : [],
    });
}

test('reviews files of the workspace without a model, and says what was not done', async () => {
  const agent = start();
  await registered();
  const { status, result, metadata } = await done({ type: 'code_review', payload: { files: ['**/*'] } });
  assert.equal(status, 'inconclusive');
  const { findings, not_reviewed } = reviewShape.parse(result);
  const rules = findings.map(({ file, line, rule_id }) => `${file}:${line} ${rule_id}`);
  for (const expected of ['src/parcels.ts:12 ', 'worker/rates.py:21 ', 'gateway/scans.go:36 go-defer-in-loop']) {
    assert.ok(
      rules.some((rule) => rule.startsWith(expected)),
      `${expected} is missing in ${rules.join(', ')}`,
    );
  }
  const text = await readFile(join(folder, 'workspace', 'src', 'parcels.ts'), 'utf8');
  for (const { file, line, column, quote } of findings) {
    if (file !== 'src/parcels.ts') continue;
    const lines = text
      .split('\n')
      .slice(line - 1)
      .join('\n');
    assert.ok(lines.slice(column - 1).startsWith(quote), `the quote does not stand at ${file}:${line}:${column}`);
  }
  assert.ok(not_reviewed.some(({ file, reason }) => file === 'src/parcels.ts' && /AI review/.test(reason)));
  assert.equal(metadata.ai_suggestions, 0);
  assert.deepEqual(agent.strayOutput, []);
});

test('reviews with Bedrock: findings stand where their quote stands, and the review is completed', async () => {
  modelFinds('src/parcels.ts', '  const average: string = total / parcels.length;', 99);
  start({ model: true });
  await registered();
  const { status, result, metadata, error } = await done({ type: 'code_review', payload: { files: ['src/*.ts'] } });
  assert.equal(status, 'completed', error);
  const { findings } = reviewShape.parse(result);
  const found = findings.find(({ title }) => title === 'The average of no parcels is NaN');
  assert.equal(found?.line, 30);
  assert.equal(metadata.ai_suggestions, 1);
  assert.deepEqual(bedrock.refusals, []);
  assert.ok(bedrock.requests.every(({ model }) => model === 'us.test-model'));
});

test('reviews code that comes in the task', async () => {
  start();
  await registered();
  const code = 'import subprocess\n\ndef run(name):\n    subprocess.run(f"ls {name}", shell=True)\n';
  const { result } = await done({ type: 'code_review', payload: { language: 'python', code } });
  const { findings } = reviewShape.parse(result);
  assert.deepEqual(
    findings.map(({ line }) => line),
    [4],
  );
});

test('documentation and analysis answer, and nothing is written', async () => {
  start();
  await registered();
  const before = await readFile(join(folder, 'workspace', 'src', 'labels.ts'), 'utf8');
  const documented = await done({ type: 'documentation', payload: { file: 'src/labels.ts', symbol: 'showRecipient' } });
  assert.equal(documented.status, 'inconclusive');
  assert.match(JSON.stringify(documented.result), /showRecipient/);
  const analysed = await done({ type: 'analysis', payload: { files: ['src/*.ts'] } });
  assert.equal(analysed.status, 'inconclusive');
  assert.match(JSON.stringify(analysed.result), /src\/parcels\.ts/);
  assert.equal(await readFile(join(folder, 'workspace', 'src', 'labels.ts'), 'utf8'), before);
});

test('what cannot be done is a clear failed result, and the agent goes on', async () => {
  start();
  await registered();
  const unknown = await done({ type: 'deploy', payload: {} });
  assert.deepEqual([unknown.status, unknown.error], ['failed', 'unsupported task type: deploy']);
  const outside = await done({ type: 'code_review', payload: { files: ['../../etc/passwd'] } });
  assert.equal(outside.status, 'failed');
  assert.match(outside.error ?? '', /not inside the workspace/);
  const malformed = await done({ type: 'code_review', payload: { files: 7 } });
  assert.equal(malformed.status, 'failed');
  const good = await done({ type: 'code_review', payload: { files: ['worker/rates.py'] } });
  assert.equal(good.status, 'inconclusive');
});

test('keeps secrets from the model and from the server', async () => {
  const canary = 'ghp_Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAB12';
  await writeFile(join(folder, 'workspace', '.env'), `TOKEN=${canary}\n`);
  await writeFile(join(folder, 'workspace', 'src', 'token.ts'), `export const token = '${canary}';\neval(token);\n`);
  modelFinds('src/token.ts', `export const token = '${canary}';`, 1);
  start({ model: true });
  await registered();
  const { result } = await done({ type: 'code_review', payload: { files: ['.env', 'src/token.ts'] } });
  assert.ok(reviewShape.parse(result).not_reviewed.some(({ file }) => file === '.env'));
  assert.ok(bedrock.requests.length > 0);
  for (const request of bedrock.requests) assert.ok(!JSON.stringify(request.body).includes(canary));
  for (const frame of mesh.received()) assert.ok(!frame.text.includes(canary));
});

test('ends with 0 after the first delivered task when told so', async () => {
  const agent = start({ args: ['--once'] });
  await registered();
  await done({ type: 'code_review', payload: { language: 'go', code: 'package main\n' } });
  assert.deepEqual(await agent.exited(), { code: 0, signal: null });
  const types = agent.events.map(({ type }) => type);
  for (const type of ['connecting', 'connected', 'task-queued', 'task-start', 'task-end', 'task-delivered']) {
    assert.equal(types.filter((each) => each === type).length, 1, `${type} in ${types.join(', ')}`);
  }
});

test('ends with 1 when told to do one task and the server will never take its result', async () => {
  mesh.resultError = { error: 'task not found', code: 404 };
  const agent = start({ args: ['--once'] });
  await registered();
  mesh.assign({ type: 'code_review', payload: { code: 'x = 1', language: 'python' } });
  assert.deepEqual(await agent.exited(), { code: 1, signal: null });
  assert.equal(mesh.received('task.complete').length, 1);
});

test('ends with 1 when the key is refused, after one attempt', async () => {
  const agent = start({ key: 'wrong' });
  assert.deepEqual(await agent.exited(), { code: 1, signal: null });
  assert.equal(mesh.upgrades.length, 1);
  assert.ok(!`${agent.log}${JSON.stringify(agent.events)}`.includes('wrong'));
});

test('ends with 2 and the reason when used wrongly', async () => {
  const agent = start({ args: ['--workspace', join(folder, 'nowhere')] });
  assert.deepEqual(await agent.exited(), { code: 2, signal: null });
  assert.match(agent.log, /nowhere is not a folder/);
});

test('finishes what runs when asked to end, delivers it and exits with 0', async () => {
  bedrock.onRequest = async () => {
    await new Promise((later) => setTimeout(later, 500));
    return answerTool('report_findings', { notes: '', findings: [] });
  };
  const agent = start({ model: true });
  await registered();
  const id = mesh.assign({ type: 'code_review', payload: { files: ['worker/rates.py'] } });
  await mesh.waitFor(() => bedrock.requests.length > 0 || mesh.received('task.progress').length > 2, 20_000);
  await agent.kill('SIGTERM');
  assert.deepEqual(await agent.exited(), { code: 0, signal: null });
  assert.equal(mesh.tasks.effectiveResults(id), 1);
  assert.equal(mesh.tasks.result(id)?.['status'], 'completed');
});

test('a log that nobody reads changes nothing, and events that nobody reads end it in order', async () => {
  const agent = start({ args: ['--verbose'] });
  await registered();
  agent.stopReading('stderr');
  const { status } = await done({ type: 'code_review', payload: { files: ['worker/rates.py'] } });
  assert.equal(status, 'inconclusive');
  agent.stopReading('stdout');
  mesh.assign({ type: 'code_review', payload: { files: ['worker/rates.py'] } });
  assert.deepEqual(await agent.exited(), { code: 0, signal: null });
});

test('a killed program takes its task up again, as the same agent, with one result', async () => {
  bedrock.queue({ kind: 'silence' });
  const first = start({ model: true });
  const before = await registered();
  const id = mesh.assign({ type: 'code_review', payload: { files: ['worker/rates.py'] } });
  await mesh.nextFrame(({ type }) => type === 'task.accepted', { withinMs: 20_000 });
  const patience = performance.now() + 60_000;
  while (bedrock.requests.length === 0) {
    assert.ok(performance.now() < patience, 'the model was never asked');
    await new Promise((later) => setTimeout(later, 20));
  }
  await first.kill('SIGKILL');
  bedrock.onRequest = () => answerTool('report_findings', { notes: '', findings: [] });
  start({ model: true });
  const again = await mesh.nextFrame(({ type }) => type === 'agent.register', {
    after: before.order,
    withinMs: 20_000,
  });
  assert.equal(again.json['agent_id'], before.json['agent_id']);
  assert.deepEqual(again.json['running_tasks'], [id]);
  await mesh.waitFor(() => mesh.tasks.effectiveResults(id) === 1, 60_000);
});

test('a workspace tells the built program how to review it: instructions, what to leave out, and rules of its own', async () => {
  const own = join(folder, 'workspace', '.developer-mesh');
  await mkdir(join(own, 'rules'), { recursive: true });
  await writeFile(join(folder, 'workspace', 'one.js'), 'eval(text);\nforbidden(1);\n');
  await writeFile(join(folder, 'workspace', 'two.js'), 'eval(text);\n');
  await writeFile(join(own, 'review.yaml'), 'exclude: [two.js]\nrules:\n  disable: [js-eval]\n');
  await writeFile(
    join(own, 'rules', 'own.yaml'),
    'id: no-forbidden\nlanguage: javascript\nmessage: It is forbidden\nrule:\n  pattern: forbidden($X)\n',
  );
  start();
  await registered();
  const { result } = await done({ type: 'code_review', payload: { files: ['one.js', 'two.js'] } });
  const { findings, not_reviewed } = reviewShape.parse(result);
  assert.deepEqual(
    findings.map(({ rule_id }) => rule_id),
    ['no-forbidden'],
    JSON.stringify(result),
  );
  assert.ok(not_reviewed.some(({ file, reason }) => file === 'two.js' && /review\.yaml/.test(reason)));
});
