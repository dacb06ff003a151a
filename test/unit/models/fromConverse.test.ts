import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { fromConverse } from '../../../src/agent/models/bedrock/fromConverse.ts';
import { collect } from './bedrockSetup.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'bedrock', 'streams');
const filledIn = '{"findings": [{"title": "Größe unchecked"}]}';

async function* recorded(name: string): AsyncGenerator<ConverseStreamOutput> {
  yield* JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

async function read(name: string, tool: string | undefined = 'report') {
  const events = await collect(fromConverse(recorded(name), tool));
  const end = events.at(-1);
  return {
    end: end?.kind === 'failed' ? end.failure.code : end?.kind,
    failure: end?.kind === 'failed' ? end.failure : undefined,
    tokens: end?.kind === 'failed' || end?.kind === 'done' ? end.tokens : undefined,
    input: events.map((event) => (event.kind === 'input' ? event.json : '')).join(''),
    text: events.map((event) => (event.kind === 'text' ? event.text : '')).join(''),
  };
}

const formRows: readonly [what: string, fixture: string, end: string, input: string][] = [
  ['a form that was filled in is done', 'tool', 'done', filledIn],
  ['a filled in form is done, whatever polite ending the model chose', 'tool-end-turn', 'done', filledIn],
  ['words before the form do not mix with it', 'tool-after-words', 'done', filledIn],
  ['reasoning before the form is left out', 'tool-after-reasoning', 'done', filledIn],
  ['a form without any field is an empty object', 'tool-empty-input', 'done', '{}'],
  ['the use may come before the stop reason', 'metadata-first', 'done', filledIn],
  ['a stop sequence after the form is done', 'stop-stop-sequence', 'done', filledIn],
  ['a second form is not mixed into the first, and is no success', 'tool-twice', 'answer-malformed', filledIn],
  ['another tool is not the form', 'other-tool', 'answer-malformed', ''],
  ['words instead of the form are no success', 'words-only', 'answer-malformed', ''],
  ['an empty answer is no success', 'empty', 'answer-malformed', ''],
  ['max_tokens says that the answer was cut', 'max-tokens', 'answer-too-long', '{"findings": [{"title": "Größe'],
  ['content_filtered says that the answer was held back', 'stop-content-filtered', 'answer-blocked', filledIn],
  ['guardrail_intervened says that it was held back', 'stop-guardrail-intervened', 'answer-blocked', filledIn],
  ['malformed_model_output is malformed', 'stop-malformed-model-output', 'answer-malformed', filledIn],
  ['malformed_tool_use is malformed', 'stop-malformed-tool-use', 'answer-malformed', filledIn],
  ['a full context is input that is too long', 'stop-model-context-window-exceeded', 'input-too-long', filledIn],
  ['a stop reason of tomorrow is no success', 'stop-somebody-tripped', 'answer-malformed', filledIn],
  ['an end without a stop reason is a cut', 'no-message-stop', 'stream-cut', filledIn],
  ['an end without the use is a cut', 'no-metadata', 'stream-cut', filledIn],
];

for (const [what, fixture, end, input] of formRows) {
  test(what, async () => {
    const seen = await read(fixture);
    assert.equal(seen.end, end);
    assert.equal(seen.input, input);
  });
}

test('free text is done when the model has ended its turn', async () => {
  const answer = JSON.parse(readFileSync(join(folder, 'words-only.json'), 'utf8'));
  assert.ok(answer.length > 0);
  const events = await collect(fromConverse(recorded('words-only'), undefined));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['text', 'text', 'done'],
  );
});

test('free text that is empty, or a tool that nobody offered, is no success', async () => {
  for (const fixture of ['empty', 'tool']) {
    const events = await collect(fromConverse(recorded(fixture), undefined));
    const end = events.at(-1);
    assert.equal(end?.kind === 'failed' ? end.failure.code : end?.kind, 'answer-malformed', fixture);
  }
});

test('the use is counted with both sides of the cache, for a failure too', async () => {
  const expected = { input: 1523, output: 64, cache_read: 1024, cache_write: 12 };
  assert.deepEqual((await read('tool')).tokens, expected);
  assert.deepEqual((await read('max-tokens')).tokens, expected);
});

test('an unknown stop reason reaches the log in bounded length', async () => {
  const odd = async function* (): AsyncGenerator<ConverseStreamOutput> {
    for await (const event of recorded('tool')) {
      if (event.messageStop) event.messageStop.stopReason = JSON.parse(JSON.stringify('x'.repeat(10_000)));
      yield event;
    }
  };
  const end = (await collect(fromConverse(odd(), 'report'))).at(-1);
  assert.ok(end?.kind === 'failed' && (end.failure.detail?.length ?? 0) < 200);
});
