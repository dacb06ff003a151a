import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failures } from '../../../src/agent/failures.ts';
import { estimateInput, estimateText } from '../../../src/agent/models/estimate.ts';
import { type TaskCalls, withMeter } from '../../../src/agent/models/meter.ts';
import { type Model, noTokens } from '../../../src/agent/models/model.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { formAnswer, type Script, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, failureOf, form, never } from './bedrockSetup.ts';
import { budgetWith, meterParts, taskWith } from './meterSetup.ts';

const priced = 'anthropic.claude-sonnet-5';
const answered = (input: number, output: number): Script => [
  { kind: 'input', json: '{}' },
  { kind: 'done', tokens: { ...noTokens, input, output } },
];
const worst = estimateInput(form) + form.maxTokens;

function metered(model: Model, task: TaskCalls, parts = meterParts(new FakeClock())) {
  return { model: withMeter(model, task, parts), parts };
}

test('what a call took is counted for its task, the day and the month, in tokens and in dollars', async () => {
  const task = taskWith();
  const { model, parts } = metered(new ScriptedModel(priced, answered(1_000_000, 100_000)), task);
  await collect(model.stream(form, never));
  assert.deepEqual(task.spent, { tokens: 1_100_000, dollars: 3, held: 0 });
  assert.deepEqual(await parts.ledger.read(), {
    tokensToday: 1_100_000,
    tokensThisMonth: 1_100_000,
    dollarsToday: 3,
    dollarsThisMonth: 3,
    tokensWithoutPrice: 0,
  });
  assert.deepEqual(parts.held, { tokens: 0, dollars: 0 });
});

test('a call that might go beyond the budget of the task is not made', async () => {
  const scripted = new ScriptedModel(priced, answered(10, 10));
  const task = taskWith(budgetWith({ tokensPerTask: worst + 19 }));
  const { model } = metered(scripted, task);
  await collect(model.stream(form, never));
  const failure = await failureOf(model.stream(form, never));
  assert.equal(scripted.requests.length, 1);
  assert.equal(failure.code, 'budget');
  assert.match(failure.message, /tokens a task/);
  assert.deepEqual(failure.next, {
    action: 'openSetting',
    title: 'Open Setting',
    setting: 'developerMesh.budget.tokensPerTask',
  });
});

test('the budgets of day and month hold for the tasks of all windows, and the next day has one of its own', async () => {
  const clock = new FakeClock();
  const parts = meterParts(clock);
  const other = meterParts(clock, undefined);
  parts.ledger.add(500, 1);
  const budgets = [{ tokensPerDay: worst + 400 }, { dollarsPerDay: 1.001 }, { dollarsPerMonth: 1.001 }];
  for (const budget of budgets) {
    const scripted = new ScriptedModel(priced, answered(1, 1));
    const { model } = metered(scripted, taskWith(budgetWith(budget)), parts);
    const failure = await failureOf(model.stream(form, never));
    assert.equal(failure.code, 'budget');
    assert.equal(scripted.requests.length, 0);
    assert.ok(failure.next);
    // A folder without that spending.
    const free = metered(
      new ScriptedModel(priced, answered(1, 1)),
      taskWith(budgetWith({ tokensPerDay: worst + 400 })),
      other,
    );
    assert.equal((await collect(free.model.stream(form, never))).at(-1)?.kind, 'done');
  }
  await clock.advance(24 * 3_600_000);
  const tomorrow = metered(
    new ScriptedModel(priced, answered(1, 1)),
    taskWith(budgetWith({ tokensPerDay: worst })),
    parts,
  );
  assert.equal((await collect(tomorrow.model.stream(form, never))).at(-1)?.kind, 'done');
});

test("the server's month is named as the server's, with nothing for the person to open", async () => {
  const task = taskWith(budgetWith({ dollarsPerMonth: 0.000001, monthIsTheServers: true }));
  const failure = await failureOf(metered(new ScriptedModel(priced), task).model.stream(form, never));
  assert.match(failure.message, /which the server sets/);
  assert.equal(failure.next, undefined);
});

test('calls side by side do not each take the last of a budget', async () => {
  const scripted = new ScriptedModel(priced, ['hang'], ['hang']);
  const { model, parts } = metered(scripted, taskWith(budgetWith({ tokensPerTask: 2 * worst })));
  const abort = new AbortController();
  const codes: string[] = [];
  const calls = Array.from({ length: 5 }, async () => {
    codes.push((await failureOf(model.stream(form, abort.signal))).code);
    // Two are under way and stay so; the others were refused.
    if (codes.length === 3) abort.abort();
  });
  await Promise.all(calls);
  assert.deepEqual(codes, ['budget', 'budget', 'budget', 'cancelled', 'cancelled']);
  assert.equal(scripted.requests.length, 2);
  assert.deepEqual(parts.held, { tokens: 0, dollars: 0 });
});

test('near the limit the service is asked for the true number', async () => {
  const scripted = new ScriptedModel(priced, answered(1, 1));
  const counted: number[] = [];
  const exact: Model = {
    id: priced,
    stream: (request, signal) => scripted.stream(request, signal),
    countTokens: async () => {
      counted.push(1);
      return 20;
    },
  };
  const tight = taskWith(budgetWith({ tokensPerTask: form.maxTokens + 21 }));
  assert.equal((await collect(metered(exact, tight).model.stream(form, never))).at(-1)?.kind, 'done');
  assert.equal(counted.length, 1);
  scripted.queue(answered(1, 1));
  await collect(metered(exact, taskWith()).model.stream(form, never));
  assert.equal(counted.length, 1, 'it was asked although there was room');
});

test('with a budget in dollars a model without a known price is not called; without one it is, and its tokens count', async () => {
  const scripted = new ScriptedModel('anthropic.claude-unheard-of', answered(5, 5));
  const failure = await failureOf(
    metered(scripted, taskWith(budgetWith({ dollarsPerDay: 100 }))).model.stream(form, never),
  );
  assert.equal(failure.code, 'price-unknown');
  assert.equal(scripted.requests.length, 0);
  const task = taskWith();
  const { model, parts } = metered(scripted, task);
  await collect(model.stream(form, never));
  assert.deepEqual(task.spent, { tokens: 10, dollars: undefined, held: 0 });
  assert.equal(parts.ledger.known.tokensWithoutPrice, 10);
});

test('an answer that breaks off, or is left, is counted by what was read and written', async () => {
  const task = taskWith();
  const cut: Script = [
    { kind: 'input', json: 'x'.repeat(300) },
    { kind: 'failed', failure: failures.streamCut(), tokens: noTokens },
  ];
  const { model, parts } = metered(new ScriptedModel(priced, cut, formAnswer('y'.repeat(300), 300)), task);
  await collect(model.stream(form, never));
  const once = estimateInput(form) + 100;
  assert.equal(task.spent.tokens, once);
  for await (const event of model.stream(form, never)) if (event.kind === 'input') break;
  assert.equal(task.spent.tokens, 2 * once);
  assert.deepEqual([task.spent.held, parts.held.tokens], [0, 0]);
});

test('a call that failed before a word came costs nothing', async () => {
  const task = taskWith();
  const down: Script = [{ kind: 'failed', failure: failures.throttled(''), tokens: noTokens }];
  await collect(metered(new ScriptedModel(priced, down), task).model.stream(form, never));
  assert.equal(task.spent.tokens, 0);
});

test('a rate that would keep a task beyond its deadline refuses the call at once', async () => {
  const clock = new FakeClock();
  const parts = meterParts(clock);
  const scripted = new ScriptedModel(priced);
  scripted.onRequest = () => answered(1, 1);
  const rate = { requestsPerMinute: 1 };
  const { model } = metered(scripted, taskWith(rate, clock.now() + 30_000), parts);
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  assert.equal((await failureOf(model.stream(form, never))).code, 'rate-limited');
  const patient = metered(scripted, taskWith(rate, clock.now() + 90_000), parts);
  const waiting = collect(patient.model.stream(form, never));
  await clock.advance(60_000);
  assert.equal((await waiting).at(-1)?.kind, 'done');
});

test('the estimate is never below what code and text take', () => {
  assert.equal(estimateText('a'.repeat(30)), 10);
  assert.equal(estimateText('größe'), 1 + 2);
  assert.equal(estimateText('漢字'), 2);
  assert.ok(estimateInput(form) > estimateInput({ ...form, prompt: '' }));
});
