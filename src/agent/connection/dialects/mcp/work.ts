import type { Clock } from '../../../shared/clock.ts';
import type { Priority, Task, TaskResult } from '../../../tasks/task.ts';
import { type Fields, fieldsOf, pick } from '../../fields.ts';
import { fitResult } from '../../fitResult.ts';
import type { AgentHealth, Incoming, Refusal } from '../../messages.ts';
import { plainResult, readId } from '../../taskFields.ts';
import { createBatches, type Tool } from './batches.ts';
import type { RequestBudget } from './budget.ts';
import type { Lull } from './lull.ts';
import { type BatchEntries, type BatchEntry, batchEntries, rpcRefusal } from './rpc.ts';
import { listedTask } from './task.ts';

export interface WorkParts {
  readonly agentId: string;
  readonly budget: RequestBudget;
  readonly lull: Lull;
  readonly clock: Clock;
  /** Of a result as JSON, for the frame around it to be taken. */
  mostResultBytes(): number;
  health(): AgentHealth | undefined;
  /** A batch of at most ten tools as a frame, whose answer comes back under `id`; undefined: without one. */
  batch(id: string | undefined, tools: readonly object[]): string;
}

interface Said {
  readonly words: readonly Incoming[];
  readonly replies: readonly string[];
}

type WorkRefusal = Pick<Extract<Incoming, { kind: 'refused' }>, 'reason' | 'text' | 'retryAfterMs'>;

/** The loop on the server where work is asked for: heartbeat and question in one request, results in another. */
export interface Work {
  /** Ids that we work on, whoever gave them. */
  running(taskIds: readonly string[]): void;
  /** The question, now. */
  ask(): readonly string[];
  /** The question, unless one is on its way, was just answered, or the server wants to be left alone. */
  poll(): readonly string[];
  result(messageId: string, result: TaskResult): string;
  /** Of a batch that was asked without an id: what it is called here. Of a refused one, undefined: the next in turn. */
  idOf(result: Fields | undefined): string | undefined;
  /** `none`: the server has none of the tools that give work. */
  answered(id: string, result: Fields): Said | 'none';
  /** There was an answer, and it was lost on the way. Undefined when there is no other way to ask. */
  lost(id: string): string | undefined;
  refused(id: string, refusal: WorkRefusal, registrationId: string): readonly Incoming[];
  goodbye(): readonly string[];
}

const mostRead = 100;
/** Tasks that we hold at once. Others wait at the server, where they can still be given to somebody else. */
const mostHeld = 20;
/** With so few left, and more at the server, the next ones are asked for at once. */
const fewHeld = 5;
const mostChecked = 8;
/** So long after the server said that a task is ours, its result goes out without asking. */
const certainForMs = 2_000;
const over = new Set(['completed', 'failed']);
/** Of a listed task that somebody is to do. A server that heeds our filter lists no other. */
const toDo = new Set(['assigned', 'in_progress']);
const urgency: Readonly<Record<Priority, number>> = { low: 0, normal: 1, high: 2, critical: 3 };

export function createWork(parts: WorkParts): Work {
  const { agentId, budget, lull, clock } = parts;
  const batches = createBatches(clock, parts.batch);
  /** Given once on this connection; the server lists a task as assigned until it is done. */
  const seen = new Set<string>();
  const working = new Set<string>();
  /** When the server last said that a task is ours. */
  const oursAt = new Map<string, number>();
  /** Worked on, and not in the last list. */
  const missing = new Set<string>();
  /** Given to somebody else, or ended by somebody else. */
  const lost = new Set<string>();
  let registered = false;
  let justAnswered = false;
  let more = false;

  const heartbeat = (status: string): Tool => ({
    id: 'hb',
    name: 'agent_heartbeat',
    arguments: { agent_id: agentId, status },
  });
  /** A server that does not say whose a task is contradicts nobody. */
  const isOthers = (task: Fields) => (pick(task, 'agent_id') ?? agentId) !== agentId;
  const look = (id: string, taskId: string): Tool => ({ id, name: 'task_get', arguments: { task_id: taskId } });

  function ask(): readonly string[] {
    const health = parts.health();
    const busy = health !== undefined && (health.activeTasks > 0 || health.status === 'draining');
    if (busy) budget.sawWork();
    const order = { sort_by: 'created_at', sort_order: 'asc', limit: batches.mostListed };
    const question = { agent_id: agentId, status: 'assigned', ...order };
    const tools = [
      heartbeat(busy ? 'busy' : 'online'),
      { id: 'ls', name: 'task_list', arguments: question },
      ...[...missing].slice(0, mostChecked).map((taskId) => look(`get ${taskId}`, taskId)),
    ];
    return [batches.send({ kind: 'question', at: clock.monotonic() }, tools)];
  }

  function poll(): readonly string[] {
    const wasJustAnswered = justAnswered;
    justAnswered = false;
    return wasJustAnswered ? [] : askUnlessAsked();
  }

  function askUnlessAsked(): readonly string[] {
    if (budget.resting || batches.isAsking()) return [];
    return ask();
  }

  function result(messageId: string, given: TaskResult): string {
    const taskId = given.task_id;
    working.delete(taskId);
    missing.delete(taskId);
    // The same result may be written more than once, until it is short enough.
    batches.forget(taskId);
    budget.sawWork();
    const certainAt = lost.has(taskId) ? undefined : oursAt.get(taskId);
    if (certainAt === undefined || clock.monotonic() - certainAt > certainForMs) {
      // What goes out as a reply is no more shortened by the connection.
      const tool = completion(fitResult(given, parts.mostResultBytes()));
      return batches.send({ kind: 'check', taskId, tool }, [look('g', taskId)], messageId);
    }
    const tool = completion(given);
    return batches.send({ kind: 'result', taskId, tool }, [tool], messageId);
  }

  function answered(id: string, given: Fields): Said | 'none' {
    const purpose = batches.end(id);
    const entries = batchEntries(given, `${id} `);
    const no = (reason: Refusal, text: string): Said => ({
      words: [{ kind: 'refused', reason, text, about: id }],
      replies: [],
    });
    switch (purpose?.kind) {
      case 'question':
        if (!registered && [entries.get('hb'), entries.get('ls')].some(isUnknownTool)) return 'none';
        return { words: [...news(entries), ...listed(entries.get('ls'))], replies: [] };
      case 'result': {
        const entry = entries.get('c');
        if (entry?.value) {
          oursAt.delete(purpose.taskId);
          const next = more && working.size <= fewHeld ? askUnlessAsked() : [];
          return { words: [{ kind: 'delivered', messageId: id }], replies: next };
        }
        const text = entry?.error ?? 'the answer says nothing about the task';
        const reason = rpcRefusal(undefined, text);
        if (reason !== 'finished') return no(reason, text);
        return {
          words: [],
          replies: [batches.send({ ...purpose, kind: 'check', text }, [look('g', purpose.taskId)], id)],
        };
      }
      case 'check': {
        const entry = entries.get('g');
        if (!entry?.value) {
          const text = entry?.error ?? 'the answer says nothing about the task';
          return no(rpcRefusal(undefined, text), text);
        }
        const status = String(pick(entry.value, 'status'));
        if (over.has(status) && purpose.sent) return { words: [{ kind: 'delivered', messageId: id }], replies: [] };
        if (over.has(status)) return no('finished', purpose.text ?? `task already finished with status: ${status}`);
        if (isOthers(entry.value)) {
          seen.delete(purpose.taskId);
          return no('disowned', 'task is assigned to another agent');
        }
        if (purpose.text !== undefined) return no('passing', purpose.text);
        lost.delete(purpose.taskId);
        oursAt.set(purpose.taskId, clock.monotonic());
        return { words: [], replies: [batches.send({ ...purpose, kind: 'result' }, [purpose.tool], id)] };
      }
      default:
        return { words: [], replies: [] };
    }
  }

  /** What an answered question brings: new tasks, and those that are ours no more. */
  function news(entries: BatchEntries): readonly Incoming[] {
    const words: Incoming[] = [];
    if (!registered) {
      registered = true;
      justAnswered = true;
      // Who has just come is likely to be given something.
      budget.sawWork();
      words.push({ kind: 'registered', agentId });
    }
    for (const taskId of missing) {
      const found = entries.get(`get ${taskId}`);
      if (!found) continue;
      const status = String(found.value && pick(found.value, 'status'));
      const others = found.value !== undefined && isOthers(found.value);
      missing.delete(taskId);
      if (!working.delete(taskId)) continue;
      if (!others && !over.has(status)) {
        // Still ours, or forgotten: the others first, next time.
        working.add(taskId);
        if (found.value) oursAt.set(taskId, clock.monotonic());
        continue;
      }
      lost.add(taskId);
      oursAt.delete(taskId);
      // Should it be given to us once more, then it is news.
      seen.delete(taskId);
      const reason = over.has(status) ? `The server has it as ${status}.` : 'It was given to another agent.';
      words.push({ kind: 'cancel', taskId, reason });
    }
    const list = entries.get('ls')?.value;
    if (list) words.push(...fromList(list));
    return words;
  }

  /** A batch is answered also where the one tool that gives work fails in it. */
  function listed(entry: BatchEntry | undefined): readonly Incoming[] {
    if (entry?.value === undefined) return lull.refused(entry?.error ?? 'the answer lists no tasks');
    lull.answered();
    return [];
  }

  function fromList(list: Fields): readonly Incoming[] {
    const given = pick(list, 'tasks');
    const tasks: readonly unknown[] = Array.isArray(given) ? given.slice(0, mostRead) : [];
    const ids = new Set<string>();
    const fresh: Task[] = [];
    for (const entry of tasks) {
      const fields = fieldsOf(entry);
      const taskId = readId(fields, ['id', 'task_id']);
      if (taskId === undefined || ids.has(taskId)) continue;
      if (isOthers(fields) || !toDo.has(String(pick(fields, 'status') ?? 'assigned'))) continue;
      ids.add(taskId);
      lost.delete(taskId);
      if (working.has(taskId)) oursAt.set(taskId, clock.monotonic());
      if (seen.has(taskId)) continue;
      const task = listedTask(fields);
      if (task) fresh.push(task);
    }
    fresh.sort((one, other) => urgency[other.priority] - urgency[one.priority]);
    const taken = fresh.slice(0, Math.max(0, mostHeld - working.size));
    for (const { id } of taken) {
      seen.add(id);
      working.add(id);
      oursAt.set(id, clock.monotonic());
    }
    if (ids.size > 0) budget.sawWork();
    const total = pick(list, 'total_count');
    more = taken.length < fresh.length || (typeof total === 'number' && total > tasks.length);
    missing.clear();
    for (const taskId of working) if (!ids.has(taskId)) missing.add(taskId);
    return taken.map((task) => ({ kind: 'task', task }));
  }

  function refused(id: string, refusal: WorkRefusal, registrationId: string): readonly Incoming[] {
    const purpose = batches.end(id);
    // The first question is our registration: whoever waits for that is told why it failed, and when it is tried again.
    if (purpose?.kind === 'question' && !registered) return [{ kind: 'refused', ...refusal, about: registrationId }];
    const { retryAfterMs, text } = refusal;
    const rests = retryAfterMs === undefined ? [] : lull.rests(retryAfterMs, text);
    if (purpose?.kind === 'result' || purpose?.kind === 'check') {
      return [{ kind: 'refused', ...refusal, about: id }, ...rests];
    }
    // A later one is simply asked again.
    return purpose?.kind === 'question' ? [...rests, ...lull.refused(text)] : rests;
  }

  return {
    running: (taskIds) => {
      for (const id of taskIds) {
        seen.add(id);
        working.add(id);
      }
    },
    ask,
    poll,
    result,
    idOf: batches.idOf,
    answered,
    lost: (id) =>
      batches.lost(id, (purpose) => {
        if (purpose.kind !== 'result') return undefined;
        const { taskId, tool } = purpose;
        return { purpose: { kind: 'check', taskId, tool, sent: true }, tools: [look('g', taskId)] };
      }),
    refused,
    goodbye: () => [batches.send({ kind: 'goodbye' }, [heartbeat('offline')])],
  };
}

function completion({ task_id, ...rest }: TaskResult): Tool {
  const status = rest.status === 'completed' || rest.status === 'inconclusive' ? 'completed' : 'failed';
  return { id: 'c', name: 'task_complete', arguments: { task_id, status, result: plainResult(rest) } };
}

const isUnknownTool = (entry: { readonly error?: string } | undefined) => /\btool not found\b/.test(entry?.error ?? '');
