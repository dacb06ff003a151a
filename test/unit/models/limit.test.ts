import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSlots, withLimit } from '../../../src/agent/models/limit.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, form, never } from './bedrockSetup.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('no more calls than allowed are ever under way, and all are answered', async () => {
  const model = new ScriptedModel();
  model.onRequest = () => formAnswer({ a: 'x'.repeat(200) });
  const limited = withLimit(model, 3);
  const answers = await Promise.all(Array.from({ length: 20 }, () => collect(limited.stream(form, never))));
  assert.equal(model.mostActive, 3);
  assert.ok(answers.every((events) => events.at(-1)?.kind === 'done'));
});

test('who waited longest is served first', async () => {
  const model = new ScriptedModel();
  model.onRequest = () => formAnswer({});
  const limited = withLimit(model, 1);
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
  const limited = withLimit(model, 1);
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
  const limited = withLimit(model, 1);
  for await (const _ of limited.stream(form, never)) break;
  await assert.rejects(collect(limited.stream(form, never)), /No answer is scripted/);
  model.queue(formAnswer({}));
  assert.equal((await collect(limited.stream(form, never))).at(-1)?.kind, 'done');
});

test('models that share their places are counted together, each by its own limit', async () => {
  const model = new ScriptedModel('m', ['hang'], ['hang']);
  model.onRequest = () => formAnswer({});
  const slots = newSlots();
  const wide = withLimit(model, 2, slots);
  const narrow = withLimit(model, 1, slots);
  const first = new AbortController();
  const second = new AbortController();
  const answers = [collect(wide.stream(form, first.signal)), collect(wide.stream(form, second.signal))];
  const waiting = collect(narrow.stream(form, never));
  await turn();
  assert.equal(model.active, 2);
  first.abort();
  await turn();
  assert.equal(model.active, 1, 'the narrow one must wait until nobody is there');
  second.abort();
  await Promise.all(answers);
  assert.equal((await waiting).at(-1)?.kind, 'done');
});

test('one that gives up waiting lets a wider one behind it through', async () => {
  const model = new ScriptedModel('m', ['hang']);
  model.onRequest = () => formAnswer({});
  const slots = newSlots();
  const running = new AbortController();
  const impatient = new AbortController();
  const first = collect(withLimit(model, 2, slots).stream(form, running.signal));
  const second = collect(withLimit(model, 1, slots).stream(form, impatient.signal));
  const third = collect(withLimit(model, 2, slots).stream(form, never));
  await turn();
  assert.equal(model.requests.length, 1);
  impatient.abort();
  assert.equal((await third).at(-1)?.kind, 'done');
  running.abort();
  await Promise.all([first, second]);
  assert.deepEqual([slots.active, slots.waiting.length], [0, 0]);
});
