import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withLimit } from '../../../src/agent/models/limit.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, form, never } from './bedrockSetup.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('no more calls than allowed are ever under way, and all are answered', async () => {
  const model = new ScriptedModel();
  model.onRequest = () => formAnswer({ a: 'x'.repeat(200) });
  const limited = withLimit(model, () => 3);
  const answers = await Promise.all(Array.from({ length: 20 }, () => collect(limited.stream(form, never))));
  assert.equal(model.mostActive, 3);
  assert.ok(answers.every((events) => events.at(-1)?.kind === 'done'));
});

test('who waited longest is served first', async () => {
  const model = new ScriptedModel();
  model.onRequest = () => formAnswer({});
  const limited = withLimit(model, () => 1);
  const prompts = ['1', '2', '3', '4'];
  await Promise.all(prompts.map((prompt) => collect(limited.stream({ ...form, prompt }, never))));
  assert.deepEqual(
    model.requests.map(({ prompt }) => prompt),
    prompts,
  );
});

test('an abort while waiting ends the wait, never reaches the model and costs no slot', async () => {
  const model = new ScriptedModel('m', ['hang']);
  model.onRequest = () => formAnswer({});
  const limited = withLimit(model, () => 1);
  const first = new AbortController();
  const second = new AbortController();
  const running = collect(limited.stream(form, first.signal));
  const waiting = collect(limited.stream(form, second.signal));
  const patient = collect(limited.stream(form, never));
  await turn();
  second.abort();
  const end = (await waiting).at(-1);
  assert.equal(end?.kind === 'failed' && end.failure.code, 'cancelled');
  assert.equal(model.requests.length, 1);
  first.abort();
  await running;
  assert.equal((await patient).at(-1)?.kind, 'done');
  assert.equal(model.active, 0);
});

test('leaving early, and a model that throws, give the slot back', async () => {
  const model = new ScriptedModel('m', formAnswer({ a: 'x'.repeat(200) }));
  const limited = withLimit(model, () => 1);
  for await (const _ of limited.stream(form, never)) break;
  await assert.rejects(collect(limited.stream(form, never)), /No answer is scripted/);
  model.queue(formAnswer({}));
  assert.equal((await collect(limited.stream(form, never))).at(-1)?.kind, 'done');
});

test('a limit that shrinks or grows counts from the next call on', async () => {
  const model = new ScriptedModel('m', ['hang'], ['hang'], ['hang']);
  model.onRequest = () => formAnswer({});
  let calls = 2;
  const limited = withLimit(model, () => calls);
  const aborts = [new AbortController(), new AbortController(), new AbortController()] as const;
  const answers = aborts.map(({ signal }) => collect(limited.stream(form, signal)));
  const last = collect(limited.stream(form, never));
  await turn();
  assert.equal(model.active, 2);
  calls = 1;
  aborts[0].abort();
  await turn();
  assert.equal(model.active, 1);
  calls = 3;
  aborts[1].abort();
  await turn();
  aborts[2].abort();
  await Promise.all(answers);
  assert.equal((await last).at(-1)?.kind, 'done');
  assert.equal(model.active, 0);
});
