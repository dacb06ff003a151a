import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failure, failures } from '../../../src/agent/failures.ts';
import { candidateModels, firstThatAnswers, suggestProfile } from '../../../src/agent/models/chooseModel.ts';
import { noTokens } from '../../../src/agent/models/model.ts';
import { formAnswer, type Script, ScriptedModel } from '../../fakes/scriptedModel.ts';
import { collect, failureOf, form, never } from './bedrockSetup.ts';

const failing = (failure: Failure): Script => [{ kind: 'failed', failure, tokens: noTokens }];
const log = () => undefined;

test("the person's choice is the only candidate and stays as it is", () => {
  for (const choice of ['anything.at-all-v9:0', 'arn:aws:bedrock:us-east-1:1:application-inference-profile/a']) {
    assert.deepEqual(candidateModels(` ${choice} `, 'eu-west-1'), [choice]);
  }
});

const prefixes: readonly [region: string, prefix: RegExp][] = [
  ['us-east-1', /^us\./],
  ['us-gov-west-1', /^us-gov\./],
  ['eu-central-1', /^eu\./],
  ['ap-southeast-2', /^(au|apac)\./],
  ['ap-northeast-1', /^(jp|apac)\./],
  ['ap-south-1', /^apac\./],
  ['ca-central-1', /^ca\./],
];
for (const [region, prefix] of prefixes) {
  test(`from ${region} the defaults stay in its geography`, () => {
    const candidates = candidateModels('', region);
    assert.ok(candidates.length > 3);
    for (const id of candidates) assert.ok(prefix.test(id) || id.startsWith('amazon.'), id);
  });
}

test('a region without profiles of its own gets plain ids, and none is global', () => {
  for (const region of ['sa-east-1', 'me-central-1', 'cn-north-1']) {
    for (const id of candidateModels('', region)) assert.match(id, /^(anthropic|amazon)\./);
  }
});

test('a suggested profile is that of the region, or global where there is none', () => {
  assert.equal(suggestProfile('anthropic.x', 'eu-west-3'), 'eu.anthropic.x');
  assert.equal(suggestProfile('anthropic.x', 'sa-east-1'), 'global.anthropic.x');
  assert.equal(suggestProfile('us.anthropic.x', 'eu-west-3'), 'eu.anthropic.x');
});

test('models that refuse are passed over, and the one that answers is asked first from then on', async () => {
  const denied = new ScriptedModel('denied', failing(failures.accessDenied('denied', '')));
  const unknown = new ScriptedModel('unknown', failing(failures.unknownModel('unknown', '')));
  const bare = new ScriptedModel('bare', failing(failures.needsProfile('bare')));
  const form1 = new ScriptedModel('form', failing(failures.useCaseForm('form')));
  const good = new ScriptedModel('good', formAnswer({}), formAnswer({}));
  const model = firstThatAnswers([denied, unknown, bare, form1, good], log);
  assert.equal(model.id, 'denied');
  for (let call = 0; call < 2; call += 1) {
    const events = await collect(model.stream(form, never));
    assert.equal(events.at(-1)?.kind, 'done');
    assert.equal(model.id, 'good');
  }
  assert.equal(denied.requests.length, 1);
});

test('other failures are not passed over', async () => {
  for (const failure of [failures.throttled(''), failures.inputTooLong(), failures.credentialsExpired('')]) {
    const second = new ScriptedModel('second', formAnswer({}));
    const model = firstThatAnswers([new ScriptedModel('first', failing(failure)), second], log);
    assert.equal((await failureOf(model.stream(form, never))).code, failure.code);
    assert.equal(second.requests.length, 0);
  }
});

test('when all refuse, the failure is that of the best', async () => {
  const model = firstThatAnswers(
    [
      new ScriptedModel('best', failing(failures.accessDenied('best', ''))),
      new ScriptedModel('other', failing(failures.unknownModel('other', ''))),
    ],
    log,
  );
  const events = await collect(model.stream(form, never));
  assert.equal(events.length, 1);
  assert.match((events[0]?.kind === 'failed' && events[0].failure.message) || '', /best/);
});

test('a chosen model that is taken away later is replaced', async () => {
  const first = new ScriptedModel('first', formAnswer({}), failing(failures.accessDenied('first', '')));
  const second = new ScriptedModel('second', formAnswer({}));
  const model = firstThatAnswers([first, second], log);
  await collect(model.stream(form, never));
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  assert.equal(model.id, 'second');
});

test('preferred models come before the defaults, by the profiles of the region, and none leaves its geography', () => {
  const preferred = ['anthropic.claude-opus-5', 'us.amazon.nova-lite-v1:0', 'eu.amazon.nova-lite-v1:0', 'global.a.b'];
  const candidates = candidateModels('', 'eu-west-1', preferred);
  assert.deepEqual(candidates.slice(0, 3), [
    'eu.anthropic.claude-opus-5',
    'anthropic.claude-opus-5',
    'eu.amazon.nova-lite-v1:0',
  ]);
  assert.deepEqual(candidates.slice(3), candidateModels('', 'eu-west-1'));
  assert.deepEqual(candidateModels('mine', 'eu-west-1', preferred), ['mine']);
});

test('a model that was found for one task is asked first for the next', async () => {
  const memory = new Map<string, string>();
  const denied = new ScriptedModel('denied', failing(failures.accessDenied('denied', '')));
  const good = new ScriptedModel('good', formAnswer({}), formAnswer({}));
  await collect(firstThatAnswers([denied, good], log, memory).stream(form, never));
  const next = firstThatAnswers([denied, good], log, memory);
  assert.equal(next.id, 'good');
  await collect(next.stream(form, never));
  assert.equal(denied.requests.length, 1);
});

test('a model whose price is not known is passed over where one is needed', async () => {
  const unknown = new ScriptedModel('unknown', failing(failures.priceUnknown('unknown')));
  const model = firstThatAnswers([unknown, new ScriptedModel('known', formAnswer({}))], log);
  assert.equal((await collect(model.stream(form, never))).at(-1)?.kind, 'done');
  assert.equal(model.id, 'known');
});
