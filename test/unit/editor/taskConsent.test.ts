import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskRequest } from '../../../src/agent/tasks/consent.ts';
import { createTaskConsent } from '../../../src/editor/taskConsent.ts';
import { MemoryMemento } from '../../fakes/memoryMemento.ts';

function request(id: string, own: Partial<TaskRequest> = {}): TaskRequest {
  const task = { id, type: 'code_review', origin: 'server', priority: 'normal' } as const;
  return { task, wish: 'review 3 files', origin: 'wss://mesh.example.com:443', host: 'mesh.example.com', ...own };
}

/** Questions are answered by the test, each once. */
function person(memory = new MemoryMemento()) {
  const questions: { sentence: string; buttons: readonly string[]; press: (button?: string) => void }[] = [];
  const told: string[] = [];
  const consent = createTaskConsent({
    memory,
    ask: (sentence, buttons) => new Promise((press) => questions.push({ sentence, buttons, press })),
    tell: (sentence) => told.push(sentence),
  });
  const press = async (button?: string) => {
    questions.at(-1)?.press(button);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { consent, questions, told, press };
}
const never = new AbortController().signal;

test('the question says who asks for what, and offers three answers', async () => {
  const { consent, questions, press } = person();
  const answer = consent.mayRun(request('a'), never);
  assert.match(questions[0]?.sentence ?? '', /^mesh\.example\.com asks to review 3 files\./);
  assert.deepEqual(questions[0]?.buttons, ['Allow Once', 'Always Allow This Server', 'Refuse']);
  await press('Allow Once');
  assert.equal(await answer, true);
});

test('what the server calls a file cannot shape the question', () => {
  const { consent, questions } = person();
  void consent.mayRun(request('a', { wish: 'review a\nb\u202e[x](command:y)\u001b[31m' }), never);
  assert.doesNotMatch(questions[0]?.sentence ?? '', /[\n\u202e\u001b]/);
});

test('there is one question at a time, and the next says how many more wait', async () => {
  const { consent, questions, press } = person();
  const answers = ['a', 'b', 'c'].map((id) => consent.mayRun(request(id), never));
  assert.equal(questions.length, 1);
  await press('Refuse');
  assert.equal(questions.length, 2);
  assert.match(questions[1]?.sentence ?? '', /One more task waits/);
  await press('Allow Once');
  await press('Refuse');
  assert.deepEqual(await Promise.all(answers), [false, true, false]);
});

test('always is for one server: its waiting tasks go on, others are asked about, and signing out ends it', async () => {
  const memory = new MemoryMemento();
  const { consent, questions, press } = person(memory);
  const both = [consent.mayRun(request('a'), never), consent.mayRun(request('b'), never)];
  await press('Always Allow This Server');
  assert.deepEqual(await Promise.all(both), [true, true]);
  assert.equal(await consent.mayRun(request('c'), never), true);
  assert.equal(questions.length, 1);
  void consent.mayRun(request('d', { origin: 'wss://other.example.com:443', host: 'other.example.com' }), never);
  assert.equal(questions.length, 2);
  await consent.withdraw('wss://mesh.example.com:443');
  const later = person(memory);
  void later.consent.mayRun(request('e'), never);
  assert.equal(later.questions.length, 1);
});

test('a question that is closed leaves the task waiting, to be asked again when the person wants', async () => {
  const { consent, questions, press } = person();
  const answer = consent.mayRun(request('a'), never);
  await press(undefined);
  assert.equal(questions.length, 1);
  consent.askAgain('a');
  assert.equal(questions.length, 2);
  consent.askAgain('a');
  assert.equal(questions.length, 2);
  await press('Allow Once');
  assert.equal(await answer, true);
});

test('an answer to a task that is over changes nothing, and says so', async () => {
  const { consent, told, press } = person();
  const abort = new AbortController();
  const answer = consent.mayRun(request('a'), abort.signal);
  abort.abort(new Error('over'));
  await assert.rejects(answer, /over/);
  await press('Always Allow This Server');
  assert.deepEqual(told, ['That task is over']);
  const { questions } = person();
  assert.equal(questions.length, 0);
});

test('without a server to name, nothing can be allowed for good', () => {
  const { consent, questions } = person();
  const { origin: _origin, host: _host, ...bare } = request('a');
  void consent.mayRun(bare, never);
  assert.deepEqual(questions[0]?.buttons, ['Allow Once', 'Refuse']);
});
