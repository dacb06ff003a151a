import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLanguageModel } from '../../../src/editor/languageModel.ts';
import { ChatError, FakeChat, formPart, textPart, words } from '../../fakes/fakeChat.ts';
import { collect, failureOf, form, never } from '../models/bedrockSetup.ts';

function opened() {
  const chat = new FakeChat();
  return { chat, model: createLanguageModel(chat, words) };
}

test('the form is a tool that the model has to call, and what it must know comes before what it is asked', async () => {
  const { chat, model } = opened();
  chat.queue({ parts: [textPart('Let me see.'), formPart('report', { a: 1 })] });
  const events = await collect(model.stream(form, never));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['text', 'input', 'done'],
  );
  const [request] = chat.requests;
  assert.deepEqual(request?.texts, [form.system, form.prompt]);
  assert.equal(request?.options?.toolMode, words.toolRequired);
  assert.deepEqual(request?.options?.tools, [
    { name: 'report', description: form.tool?.description, inputSchema: form.tool?.schema },
  ]);
  assert.ok(request?.options?.justification);
  assert.equal(model.id, 'fake/fake-model');
  assert.ok(events.at(-1)?.kind === 'done');
});

test('a model without tools is asked in words, and from then on at once', async () => {
  const { chat, model } = opened();
  const json = textPart('{"a":1}');
  chat.queue({ refuse: new Error('This model does not support tools.') }, { parts: [json] }, { parts: [json] });
  for (const calls of [2, 3]) {
    assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
    assert.equal(chat.requests.length, calls);
    assert.equal(chat.requests.at(-1)?.options?.tools, undefined);
    assert.match(chat.requests.at(-1)?.texts[0] ?? '', /JSON Schema/);
  }
});

const refusals: readonly [error: Error, code: string][] = [
  [new ChatError('NoPermissions'), 'editor-model-denied'],
  [new ChatError('NotFound'), 'no-editor-model'],
  [new ChatError('Blocked'), 'editor-model-blocked'],
  [new Error('Rate limit exceeded'), 'throttled'],
  [new Error('Message exceeds token limit.'), 'input-too-long'],
  [new Error('Response got filtered.'), 'answer-blocked'],
  [new Error('anything else'), 'model-error'],
];
for (const [error, code] of refusals) {
  test(`${error.message} is ${code}, before the answer and in its middle`, async () => {
    const { chat, model } = opened();
    chat.queue({ refuse: error }, { parts: [textPart('word ')], end: error });
    assert.equal((await failureOf(model.stream(form, never))).code, code);
    assert.equal((await failureOf(model.stream(form, never))).code, code);
  });
}

test('an empty answer, and one that does not end, are failures', async () => {
  const { chat, model } = opened();
  chat.queue({ parts: [] }, { parts: Array.from({ length: 50 }, () => textPart('x'.repeat(1000))), end: 'silence' });
  assert.equal((await failureOf(model.stream(form, never))).code, 'answer-malformed');
  assert.equal((await failureOf(model.stream(form, never))).code, 'answer-too-long');
  assert.equal(chat.requests[1]?.token?.isCancellationRequested, true);
});

test('parts of a newer editor are passed over, and a call of another tool is no form', async () => {
  const { chat, model } = opened();
  chat.queue({ parts: [{ data: new Uint8Array(3) }, formPart('other', { b: 1 }), formPart('report', { a: 1 })] });
  const events = await collect(model.stream(form, never));
  assert.deepEqual(events[0], { kind: 'input', json: '{"a":1}' });
});

test('what a call took is estimated, and what is asked can be counted', async () => {
  const { chat, model } = opened();
  chat.queue({ parts: [formPart('report', { text: 'x'.repeat(300) })] });
  const end = (await collect(model.stream(form, never))).at(-1);
  assert.ok(end?.kind === 'done' && end.tokens.input > 10 && end.tokens.output >= 100);
  assert.equal(await model.countTokens?.(form, never), form.system.length + form.prompt.length + 1);
});
