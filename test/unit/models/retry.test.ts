import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failure, failures } from '../../../src/agent/failures.ts';
import { type ModelEvent, noTokens } from '../../../src/agent/models/model.ts';
import { backoff, retryRules, withRetry } from '../../../src/agent/models/retry.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { formAnswer, type Script, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, form, never } from './bedrockSetup.ts';

const failing = (failure: Failure, tokens = noTokens): Script => [{ kind: 'failed', failure, tokens }];
const log = () => undefined;

/** Runs a call to its end while time passes. */
async function run(model: ScriptedModel, signal = never) {
  const clock = new FakeClock();
  const events: ModelEvent[] = [];
  let ended = false;
  const running = collect(withRetry(model, { clock, log }).stream(form, signal)).then((all) => {
    events.push(...all);
    ended = true;
  });
  for (let step = 0; step < 2000 && !ended; step += 1) await clock.advance(100);
  await running;
  const end = events.at(-1);
  return { events, end, code: end?.kind === 'failed' ? end.failure.code : end?.kind, clock };
}

test('a call that fails in passing is repeated until it is answered', async () => {
  const model = new ScriptedModel(
    'm',
    failing(failures.modelUnavailable('503')),
    failing(failures.throttled('429')),
    failing(failures.modelTimeout()),
    formAnswer({ a: 1 }),
  );
  assert.equal((await run(model)).code, 'done');
  assert.equal(model.requests.length, 4);
});

test('after four calls it gives up with the last cause', async () => {
  const model = new ScriptedModel('m', ...Array.from({ length: 9 }, () => failing(failures.throttled('429'))));
  assert.equal((await run(model)).code, 'throttled');
  assert.equal(model.requests.length, retryRules.attempts);
});

test('a model that broke down is given two more chances, not three', async () => {
  const model = new ScriptedModel('m', ...Array.from({ length: 9 }, () => failing(failures.modelError('424'))));
  assert.equal((await run(model)).code, 'model-error');
  assert.equal(model.requests.length, 3);
});

test('what cannot be helped is not repeated', async () => {
  for (const failure of [failures.accessDenied('m', ''), failures.inputTooLong(), failures.credentialsExpired('')]) {
    const model = new ScriptedModel('m', failing(failure), formAnswer({}));
    assert.equal((await run(model)).code, failure.code);
    assert.equal(model.requests.length, 1);
  }
});

test('once a piece was handed on nothing is repeated', async () => {
  const model = new ScriptedModel(
    'm',
    [{ kind: 'input', json: '{' }, ...failing(failures.streamCut())],
    formAnswer({}),
  );
  assert.equal((await run(model)).code, 'stream-cut');
  assert.equal(model.requests.length, 1);
});

test('the tokens of failed calls are counted', async () => {
  const spent = { input: 10, output: 2, cache_read: 3, cache_write: 4 };
  const model = new ScriptedModel('m', failing(failures.answerMalformed(''), spent), [{ kind: 'done', tokens: spent }]);
  const { end } = await run(model);
  assert.deepEqual(end?.kind === 'done' && end.tokens, { input: 20, output: 4, cache_read: 6, cache_write: 8 });
});

test('an abort ends the waiting at once and leaves no timer', async () => {
  const model = new ScriptedModel('m', failing({ ...failures.throttled(''), retryAfterMs: 30_000 }), formAnswer({}));
  const abort = new AbortController();
  const clock = new FakeClock();
  const running = collect(withRetry(model, { clock, log }).stream(form, abort.signal));
  await clock.advance(10);
  assert.equal(clock.pending, 1);
  abort.abort();
  const end = (await running).at(-1);
  assert.equal(end?.kind === 'failed' && end.failure.code, 'cancelled');
  assert.equal(model.requests.length, 1);
  assert.equal(clock.pending, 0);
});

test('it does not call again before the time that the service asked for', async () => {
  const model = new ScriptedModel('m', failing({ ...failures.throttled(''), retryAfterMs: 5000 }), formAnswer({}));
  const clock = new FakeClock();
  const running = collect(withRetry(model, { clock, log }).stream(form, never));
  await clock.advance(4999);
  assert.equal(model.requests.length, 1);
  await clock.advance(1001);
  assert.equal(model.requests.length, 2);
  await running;
});

test('a service that wants minutes is not waited for, and the wait stays in the failure', async () => {
  const model = new ScriptedModel(
    'm',
    failing({ ...failures.throttled(''), retryAfterMs: 27 * 60_000 }),
    formAnswer({}),
  );
  const { end } = await run(model);
  assert.equal(end?.kind === 'failed' && end.failure.retryAfterMs, 27 * 60_000);
  assert.equal(model.requests.length, 1);
});

test('the waits double, are spread over their whole width, and have a ceiling', () => {
  const rules = { ...retryRules, attempts: 100 };
  const widest = (failure: Failure, attempt: number) => backoff(failure, attempt, rules, 1);
  assert.deepEqual(
    [1, 2, 3, 20].map((n) => widest(failures.modelUnavailable(''), n)),
    [50, 100, 200, 20_000],
  );
  assert.deepEqual(
    [1, 2, 3, 20].map((n) => widest(failures.throttled(''), n)),
    [1000, 2000, 4000, 20_000],
  );
  assert.equal(backoff(failures.throttled(''), 1, rules, 0), 0);
});
