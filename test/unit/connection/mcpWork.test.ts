import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialectSession } from '../../../src/agent/connection/dialects/dialect.ts';
import { edgePace } from '../../../src/agent/connection/dialects/mcp/budget.ts';
import { createMcp } from '../../../src/agent/connection/dialects/mcp.ts';
import type { Incoming } from '../../../src/agent/connection/messages.ts';
import type { TaskResult } from '../../../src/agent/tasks/task.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { isObject } from '../../fakes/meshFrame.ts';
import { self } from './connectionWorld.ts';

interface Tool {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface Batch {
  /** Missing where it was sent as a notification. */
  readonly id?: string;
  readonly tools: readonly Tool[];
}

function batchOf(frame: string | undefined): Batch {
  const json: unknown = JSON.parse(frame ?? 'null');
  assert.ok(isObject(json) && json['method'] === 'tools/batch', `a batch, not ${String(frame)}`);
  const params = json['params'];
  assert.ok(isObject(params) && Array.isArray(params['tools']));
  return { ...(typeof json['id'] === 'string' && { id: json['id'] }), tools: params['tools'] };
}

/** The answer of the server that has these tasks assigned to `agentId`; to us, it lists as many as it was asked for. */
function answer({ id, tools }: Batch, assigned: readonly string[], agentId = self.id): string {
  const value = (tool: Tool) => {
    if (tool.name === 'task_list') {
      const listed = assigned.slice(0, Number(tool.arguments['limit']));
      const tasks = listed.map((task) => ({ id: task, title: task, type: 'code_review', description: '{"code":"x"}' }));
      return { tasks, count: tasks.length, total_count: assigned.length };
    }
    const taskId = String(tool.arguments['task_id']);
    if (tool.name === 'task_get') return { id: taskId, status: 'assigned', agent_id: agentId };
    return { success: true };
  };
  const batch_results = tools.map((tool) => ({ id: tool.id, status: 'success', result: value(tool) }));
  return JSON.stringify({ jsonrpc: '2.0', id, result: { batch_results } });
}

const lost = (id: string | undefined) =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { streamed: true, chunks_complete: true } });

interface Heard {
  readonly words: readonly Incoming[];
  readonly replies: readonly string[];
}

function hear(session: DialectSession, text: string): Heard {
  const decoded = session.decode(text);
  assert.equal(decoded.kind, 'words');
  return decoded.kind === 'words' ? decoded : { words: [], replies: [] };
}

/** A session whose first question is on its way. */
function begun(dialect = createMcp(), clock = new FakeClock(), mostFrameBytes = () => dialect.maxFrameBytes) {
  const session = dialect.open(self, clock, mostFrameBytes);
  const { messageId } = session.encode({ kind: 'register', runningTasks: [] });
  const welcome = { protocolVersion: '2025-06-18', serverInfo: { name: 'edge-mcp', version: '1.0.0' } };
  const { replies } = hear(session, JSON.stringify({ jsonrpc: '2.0', id: messageId, result: welcome }));
  assert.equal(replies.length, 2);
  return { clock, session, question: batchOf(replies[1]) };
}

const resultOf = (taskId: string): TaskResult => ({
  task_id: taskId,
  status: 'completed',
  result: { summary: 's', findings: [] },
  metadata: { static_issues: 0, ai_suggestions: 0, confidence: 0.9, duration_ms: 1, not_reviewed: [] },
  completed_at: '2026-01-01T00:00:00.000Z',
});

const taskIds = (words: readonly Incoming[]) => words.flatMap((word) => (word.kind === 'task' ? [word.task.id] : []));

test('of many tasks some are held, the others wait at the server, and are asked for when few are left', () => {
  const { session, question } = begun();
  let assigned = Array.from({ length: 120 }, (_, index) => `t-${index}`);
  const held = new Set(taskIds(hear(session, answer(question, assigned)).words));
  assert.ok(held.size >= 10 && held.size <= 25, String(held.size));
  const done = new Set<string>();
  while (assigned.length > 0) {
    const [taskId] = held;
    assert.ok(taskId !== undefined, 'there is always a task until all are done');
    held.delete(taskId);
    const { frames } = session.encode({ kind: 'result', result: resultOf(taskId) });
    assigned = assigned.filter((id) => id !== taskId);
    done.add(taskId);
    const { words, replies } = hear(session, answer(batchOf(frames[0]), assigned));
    assert.equal(words[0]?.kind, 'delivered');
    for (const reply of replies) {
      for (const id of taskIds(hear(session, answer(batchOf(reply), assigned)).words)) held.add(id);
    }
    assert.ok(held.size <= 25);
  }
  assert.equal(done.size, 120);
});

test('a result that took a while goes out when the server has said that the task is still ours, and fits', () => {
  const { clock, session, question } = begun();
  hear(session, answer(question, ['t-1']));
  clock.stall(60_000);
  const findings = Array.from({ length: 100 }, () => ({ severity: 'low', description: 'd'.repeat(1000) }));
  const result = { ...resultOf('t-1'), result: { summary: 's', findings } };
  const { messageId, frames } = session.encode({ kind: 'result', result });
  const check = batchOf(frames[0]);
  assert.deepEqual(
    check.tools.map(({ name }) => name),
    ['task_get'],
  );
  const { words, replies } = hear(session, answer(check, ['t-1']));
  assert.deepEqual(words, []);
  assert.ok(Buffer.byteLength(replies[0] ?? '') < 30_000);
  const completion = batchOf(replies[0]);
  assert.deepEqual(
    completion.tools.map(({ name }) => name),
    ['task_complete'],
  );
  assert.deepEqual(hear(session, answer(completion, [])).words, [{ kind: 'delivered', messageId }]);
});

test('a result for a task of another agent stays here, and the task is done again when it comes back to us', () => {
  const { clock, session, question } = begun();
  hear(session, answer(question, ['t-1']));
  clock.stall(60_000);
  const { messageId, frames } = session.encode({ kind: 'result', result: resultOf('t-1') });
  const { words, replies } = hear(session, answer(batchOf(frames[0]), [], 'somebody-else'));
  const text = 'task is assigned to another agent';
  assert.deepEqual(words, [{ kind: 'refused', reason: 'disowned', text, about: messageId }]);
  assert.deepEqual(replies, []);
  session.poll();
  const [next] = session.poll();
  assert.deepEqual(taskIds(hear(session, answer(batchOf(next), ['t-1'])).words), ['t-1']);
});

test('of a list that holds more than was asked for, only what is ours and to be done is taken', () => {
  const { session, question } = begun();
  const listed = [
    { id: 'ours', agent_id: self.id, status: 'assigned' },
    { id: 'nobody says whose' },
    { id: 'begun', agent_id: self.id, status: 'in_progress' },
    { id: 'of another agent', agent_id: 'somebody-else', status: 'assigned' },
    { id: 'done', agent_id: self.id, status: 'completed' },
    { id: 'of nobody', status: 'pending' },
  ];
  const tasks = listed.map((task) => ({ type: 'code_review', description: '{"code":"x"}', ...task }));
  const batch_results = question.tools.map(({ id, name }) => ({
    id,
    status: 'success',
    result: name === 'task_list' ? { tasks, count: tasks.length } : { success: true },
  }));
  const { words } = hear(session, JSON.stringify({ jsonrpc: '2.0', id: question.id, result: { batch_results } }));
  assert.deepEqual(taskIds(words), ['ours', 'nobody says whose', 'begun']);
});

test('a server that does not say whose a task is gets the result, and the task is not done again', () => {
  const { clock, session, question } = begun();
  hear(session, answer(question, ['t-1']));
  clock.stall(60_000);
  const { frames } = session.encode({ kind: 'result', result: resultOf('t-1') });
  const { id, tools } = batchOf(frames[0]);
  const batch_results = tools.map((tool) => ({
    id: tool.id,
    status: 'success',
    result: { id: 't-1', status: 'assigned' },
  }));
  const { words, replies } = hear(session, JSON.stringify({ jsonrpc: '2.0', id, result: { batch_results } }));
  assert.deepEqual(words, []);
  assert.equal(batchOf(replies[0]).tools[0]?.name, 'task_complete');
});

test('a server that loses long answers and is silent to notifications is asked for less and less', () => {
  const { clock, session, question } = begun();
  hear(session, answer(question, []));
  session.poll();
  let last = batchOf(session.poll()[0]);
  const limits: unknown[] = [];
  for (let round = 0; round < 8; round++) {
    const [again] = hear(session, lost(last.id)).replies;
    assert.equal(batchOf(again).id, undefined);
    clock.stall(61_000);
    last = batchOf(session.poll()[0]);
    limits.push(last.tools.find(({ name }) => name === 'task_list')?.arguments['limit']);
  }
  assert.deepEqual(limits, [25, 12, 6, 3, 1, 1, 1, 1]);
});

/** Refuses every question for `ms`, and gives what else than the log was told. */
async function refusing({ session, clock }: ReturnType<typeof begun>, ms: number): Promise<Incoming[]> {
  const words: Incoming[] = [];
  for (const end = clock.monotonic() + ms; clock.monotonic() < end; await clock.advance(session.pollEvery ?? ms)) {
    const [frame] = session.poll();
    if (frame === undefined) continue;
    const error = { code: -32603, message: 'no database' };
    const decoded = session.decode(JSON.stringify({ jsonrpc: '2.0', id: batchOf(frame).id, error }));
    if (decoded.kind === 'words') words.push(...decoded.words);
  }
  return words;
}

test('questions that are refused for a minute are said once, and again only after one was answered', async () => {
  const begin = begun();
  const { session, question } = begin;
  hear(session, answer(question, []));
  assert.deepEqual(await refusing(begin, 50_000), []);
  assert.deepEqual(await refusing(begin, 600_000), [{ kind: 'resting', text: 'no database' }]);
  hear(session, answer(batchOf(session.poll()[0]), []));
  session.poll();
  assert.equal((await refusing(begin, 600_000)).length, 1);
});

test('a list that fails inside of an answered question is a refused question', async () => {
  const { session, question, clock } = begun();
  const failing = ({ id, tools }: Batch) => {
    const entry = { status: 'error', error: 'the list is broken' };
    const batch_results = tools.map((tool) =>
      tool.name === 'task_list' ? { id: tool.id, ...entry } : { id: tool.id },
    );
    return JSON.stringify({ jsonrpc: '2.0', id, result: { batch_results } });
  };
  assert.deepEqual(
    hear(session, failing(question)).words.map(({ kind }) => kind),
    ['registered'],
  );
  session.poll();
  await clock.advance(60_000);
  assert.deepEqual(hear(session, failing(batchOf(session.poll()[0]))).words, [
    { kind: 'resting', text: 'the list is broken' },
  ]);
});

test('a server that wants to be left alone for long says so once, until it has answered a question', () => {
  const clock = new FakeClock();
  const dialect = createMcp();
  const quota = { code: 429, message: 'quota', data: { retry_after: 40_000 } };
  const heard: Incoming[] = [];
  for (let connection = 0; connection < 2; connection++) {
    const { session, question } = begun(dialect, clock);
    hear(session, answer(question, ['t-1']));
    for (let result = 0; result < 2; result++) {
      const { messageId } = session.encode({ kind: 'result', result: resultOf('t-1') });
      const refused = hear(session, JSON.stringify({ jsonrpc: '2.0', id: messageId, error: quota }));
      heard.push(...refused.words.filter(({ kind }) => kind === 'resting'));
    }
  }
  // The question between them was answered, so the second time is news.
  const resting: Incoming = { kind: 'resting', text: 'quota', forMs: 40_000_000 };
  assert.deepEqual(heard, [resting, resting]);
});

test('a question for work that is refused is no word for anybody, and goes into the log', () => {
  const { session, question } = begun();
  hear(session, answer(question, []));
  session.poll();
  const { id } = batchOf(session.poll()[0]);
  const error = { code: -32603, message: '[INTEGRATION_ERROR] no database' };
  const decoded = session.decode(JSON.stringify({ jsonrpc: '2.0', id, error }));
  assert.deepEqual(decoded, { kind: 'unknown', name: 'a refused question for work: [INTEGRATION_ERROR] no database' });
});

test('what is asked without an id is refused without one, and the server is left alone for as long as it says', () => {
  const { session, question } = begun();
  const [again] = hear(session, lost(question.id)).replies;
  hear(session, answer(batchOf(again), []));
  session.poll();
  const [next] = session.poll();
  assert.equal(batchOf(next).id, undefined);
  const error = { code: 429, message: 'Rate limit exceeded: quota', data: { retry_after: 600 } };
  const words = [{ kind: 'resting', text: error.message, forMs: 600_000 }];
  assert.deepEqual(hear(session, JSON.stringify({ jsonrpc: '2.0', error })).words, words);
  assert.equal(session.pollEvery, 600_000);
  assert.deepEqual(session.poll(), []);
});

test('a result that goes out after a look at its task is as short as the connection has learnt to write', () => {
  let most = 30_000;
  const { session, question } = begun(createMcp(), new FakeClock(), () => most);
  hear(session, answer(question, []));
  const finding = (n: number) => ({ severity: 'low', title: `finding ${n}`, description: 'd'.repeat(200) });
  const findings = Array.from({ length: 300 }, (_, n) => finding(n));
  for (const learnt of [30_000, 15_000, 3_000, 1_000]) {
    most = learnt;
    const result = { ...resultOf(`t-${learnt}`), result: { summary: 's', findings } };
    const { frames } = session.encode({ kind: 'result', result });
    const [sent] = hear(session, answer(batchOf(frames[0]), [])).replies;
    assert.equal(batchOf(sent).tools[0]?.name, 'task_complete');
    const bytes = Buffer.byteLength(sent ?? '');
    assert.ok(bytes <= learnt, `${bytes} of ${learnt}`);
    assert.ok(learnt < 3_000 || bytes > learnt / 4, `${bytes} of ${learnt}`);
  }
});

test('who has just come asks often', () => {
  const { session, question } = begun();
  assert.equal(session.pollEvery, undefined);
  hear(session, answer(question, []));
  assert.equal(session.pollEvery, edgePace.busy);
});
