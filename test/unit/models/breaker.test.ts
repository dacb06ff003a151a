import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failure, failures } from '../../../src/agent/failures.ts';
import { breakerRules, newBreaker, withBreaker } from '../../../src/agent/models/breaker.ts';
import { noTokens } from '../../../src/agent/models/model.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { formAnswer, type Script, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, failureOf, form, never } from './bedrockSetup.ts';

const failing = (failure: Failure): Script => [{ kind: 'failed', failure, tokens: noTokens }];
const down = failing(failures.modelUnavailable('503'));

function opened() {
  const clock = new FakeClock();
  const scripted = new ScriptedModel('m');
  const model = withBreaker(scripted, clock);
  const fail = async (times: number, script: Script = down) => {
    for (let call = 0; call < times; call += 1) {
      scripted.queue(script);
      await collect(model.stream(form, never));
    }
  };
  return { clock, scripted, model, fail };
}

test('after failures in a row the service is left alone, and the failure says why and for how long', async () => {
  const { clock, scripted, model, fail } = opened();
  await fail(breakerRules.failures);
  await clock.advance(10_000);
  const failure = await failureOf(model.stream(form, never));
  assert.equal(failure.code, 'model-unavailable');
  assert.equal(failure.retryAfterMs, breakerRules.open - 10_000);
  assert.equal(scripted.requests.length, breakerRules.failures);
});

test('afterwards one call is let through to see, and an answer closes it', async () => {
  const { clock, scripted, model, fail } = opened();
  await fail(breakerRules.failures);
  await clock.advance(breakerRules.open);
  scripted.queue(formAnswer({}), formAnswer({}));
  const both = await Promise.all([1, 2].map(() => collect(model.stream(form, never))));
  assert.deepEqual(both.map((events) => events.at(-1)?.kind).sort(), ['done', 'failed']);
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
});

test('a trial that fails keeps it open for another while', async () => {
  const { clock, scripted, model, fail } = opened();
  await fail(breakerRules.failures);
  await clock.advance(breakerRules.open);
  await fail(1);
  const calls = scripted.requests.length;
  await failureOf(model.stream(form, never));
  assert.equal(scripted.requests.length, calls);
});

test('a trial that is cancelled tells nothing: the next caller may try', async () => {
  const { clock, scripted, model, fail } = opened();
  await fail(breakerRules.failures);
  await clock.advance(breakerRules.open);
  scripted.queue(['hang']);
  const abort = new AbortController();
  const trial = collect(model.stream(form, abort.signal));
  await clock.advance(0);
  abort.abort();
  await trial;
  scripted.queue(formAnswer({}));
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
});

test('an answer in between starts the count anew', async () => {
  const { model, scripted, fail } = opened();
  await fail(breakerRules.failures - 1);
  scripted.queue(formAnswer({}));
  await collect(model.stream(form, never));
  await fail(breakerRules.failures - 1);
  scripted.queue(formAnswer({}));
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
});

test('what is wrong with the request or the rights never opens it', async () => {
  const { model, scripted, fail } = opened();
  await fail(breakerRules.failures * 2, failing(failures.inputTooLong()));
  await fail(breakerRules.failures * 2, failing(failures.accessDenied('m', '')));
  scripted.queue(formAnswer({}));
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
});

test('as many trials as the rules want must succeed one after another before it closes', async () => {
  const clock = new FakeClock();
  const scripted = new ScriptedModel('m', down);
  const model = withBreaker(scripted, clock, { failures: 1, successes: 2, open: 1000 });
  await collect(model.stream(form, never));
  await clock.advance(1000);
  scripted.queue(formAnswer({}), ['hang'], formAnswer({}), formAnswer({}), formAnswer({}));
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  const abort = new AbortController();
  const trial = collect(model.stream(form, abort.signal));
  await clock.advance(0);
  assert.equal((await failureOf(model.stream(form, never))).code, 'model-unavailable', 'one trial at a time');
  abort.abort();
  await trial;
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  const both = await Promise.all([1, 2].map(() => collect(model.stream(form, never))));
  assert.ok(
    both.every((events) => events.at(-1)?.kind === 'done'),
    'it is closed',
  );
});

test('models that share what was seen of a service leave it alone together', async () => {
  const clock = new FakeClock();
  const memory = newBreaker();
  const rules = { failures: 1, successes: 1, open: 1000 };
  await collect(withBreaker(new ScriptedModel('m', down), clock, rules, memory).stream(form, never));
  const other = new ScriptedModel('m');
  await failureOf(withBreaker(other, clock, rules, memory).stream(form, never));
  assert.equal(other.requests.length, 0);
});

test('a call that this agent itself held back neither opens nor closes it', async () => {
  const { clock, scripted, model, fail } = opened();
  await fail(breakerRules.failures);
  await clock.advance(breakerRules.open);
  scripted.queue(failing(failures.budgetUsedUp(undefined, '1 token')), formAnswer({}));
  assert.equal((await failureOf(model.stream(form, never))).code, 'budget');
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
});
