import assert from 'node:assert/strict';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';
import type { Model, ModelEvent, ModelRequest } from '../../../src/agent/models/model.ts';
import { languageModels } from '../../../src/editor/languageModels.ts';
import { until } from '../inside.ts';

/** What the provider of the suites does with the next request. */
type Answer = (
  request: { readonly texts: readonly string[]; readonly options: vscode.ProvideLanguageModelChatResponseOptions },
  progress: vscode.Progress<vscode.LanguageModelResponsePart>,
  token: vscode.CancellationToken,
) => Promise<void>;

const information = { name: 'Probe', version: '1', maxOutputTokens: 4000, capabilities: { toolCalling: true } };
const small = { ...information, id: 'small', family: 'probe-family', maxInputTokens: 1000 };
const large = { ...information, id: 'large', family: 'probe-family', maxInputTokens: 100_000 };

const request: ModelRequest = {
  system: 'You review code.',
  prompt: 'const a = 1;',
  maxTokens: 2000,
  tool: { name: 'report', description: 'Reports findings.', schema: { type: 'object' } },
};

/** The suites are nobody's models but their own, so nobody is asked for consent. */
const access: vscode.LanguageModelAccessInformation = {
  onDidChange: () => ({ dispose: () => undefined }),
  canSendRequest: ({ vendor }) => vendor === 'probe',
};

let answer: Answer;
let provider: vscode.Disposable;

async function probeModels(wanted = ''): Promise<readonly Model[]> {
  return languageModels(access, { wanted, mayAsk: false });
}

async function firstModel(): Promise<Model> {
  const [model] = await probeModels();
  assert.ok(model, 'the editor has no model');
  return model;
}

async function collect(model: Model, signal = new AbortController().signal): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(request, signal)) events.push(event);
  return events;
}

suite("the editor's own language models", () => {
  suiteSetup(async () => {
    provider = vscode.lm.registerLanguageModelChatProvider('probe', {
      provideLanguageModelChatInformation: () => [small, large],
      provideLanguageModelChatResponse: (_model, messages, options, progress, token) => {
        const texts = messages.map(({ content }) =>
          content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join(''),
        );
        return answer({ texts, options }, progress, token);
      },
      provideTokenCount: async (_model, text) => (typeof text === 'string' ? text.length : 1),
    });
    await until('the models are there', async () => (await probeModels()).length === 2);
  });
  suiteTeardown(() => provider.dispose());

  test('those that may be used are found, the one with the longest input first, or by name', async () => {
    const ids = (models: readonly Model[]) => models.map(({ id }) => id);
    assert.deepEqual(ids(await probeModels()), ['probe/large', 'probe/small']);
    assert.deepEqual(ids(await probeModels('small')), ['probe/small']);
    assert.deepEqual(ids(await probeModels('probe/large')), ['probe/large']);
    assert.deepEqual(ids(await probeModels('another')), []);
    const asked = { ...access, canSendRequest: () => undefined };
    assert.deepEqual(await languageModels(asked, { wanted: '', mayAsk: false }), []);
    assert.equal((await languageModels(asked, { wanted: '', mayAsk: true })).length, 2);
  });

  test('the form is asked for as a tool that must be called, and its input comes back whole', async () => {
    const input = { findings: [{ title: 'größer → 🚀' }] };
    answer = async ({ texts, options }, progress) => {
      assert.deepEqual(texts, [request.system, request.prompt]);
      assert.equal(options.toolMode, vscode.LanguageModelChatToolMode.Required);
      assert.deepEqual(
        options.tools?.map(({ name }) => name),
        ['report'],
      );
      progress.report(new vscode.LanguageModelTextPart('Let me see.'));
      progress.report(new vscode.LanguageModelToolCallPart('call-1', 'report', input));
    };
    const events = await collect(await firstModel());
    const json = events.map((event) => (event.kind === 'input' ? event.json : '')).join('');
    assert.deepEqual(JSON.parse(json), input);
    assert.equal(events.at(-1)?.kind, 'done');
  });

  test('an abort reaches the provider and ends the answer as cancelled', async () => {
    let cancelled = false;
    const abort = new AbortController();
    answer = (_request, progress, token) =>
      new Promise((resolve) => {
        progress.report(new vscode.LanguageModelTextPart('a word'));
        token.onCancellationRequested(() => {
          cancelled = true;
          resolve();
        });
      });
    const model = await firstModel();
    const events: ModelEvent[] = [];
    for await (const event of model.stream(request, abort.signal)) {
      events.push(event);
      abort.abort();
    }
    const last = events.at(-1);
    assert.equal(last?.kind === 'failed' && last.failure.code, 'cancelled');
    await until('the provider is told', () => cancelled);
  });

  test('what the provider throws is a failure, never an exception', async () => {
    answer = async () => {
      throw new Error('Rate limit exceeded');
    };
    const last = (await collect(await firstModel())).at(-1);
    assert.equal(last?.kind === 'failed' && last.failure.code, 'throttled');
  });

  test('the tokens of a request are counted by the provider', async () => {
    const model = await firstModel();
    const counted = await model.countTokens?.(request, new AbortController().signal);
    assert.equal(counted, request.system.length + request.prompt.length + 1);
  });
});
