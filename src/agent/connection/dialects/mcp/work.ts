import type { Clock } from '../../../shared/clock.ts';
import type { TaskResult } from '../../../tasks/task.ts';
import { type Fields, fieldsOf, pick } from '../../fields.ts';
import type { AgentHealth, Incoming, Refusal } from '../../messages.ts';
import { plainResult, readId } from '../../taskFields.ts';
import type { RequestBudget } from './budget.ts';
import { batchEntries, rpcRefusal } from './rpc.ts';
import { listedTask } from './task.ts';

export interface WorkParts {
  readonly agentId: string;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  health(): AgentHealth | undefined;
  /** A batch of at most ten tools, under this id, as a frame. */
  batch(id: string, tools: readonly object[]): string;
}

interface Said {
  readonly words: readonly Incoming[];
  readonly replies: readonly string[];
}

/** The loop on the server where work is asked for: heartbeat and question in one request, results in another. */
export interface Work {
  /** Ids that we work on, whoever gave them. */
  running(taskIds: readonly string[]): void;
  /** The question, now. */
  ask(): readonly string[];
  /** The question, unless one is on its way, was just answered, or the server wants to be left alone. */
  poll(): readonly string[];
  result(messageId: string, result: TaskResult): string;
  answered(id: string, result: Fields): Said;
  refused(id: string, reason: Refusal, text: string, registrationId: string): readonly Incoming[];
  goodbye(): readonly string[];
}

/** What a batch was for. */
type Asked =
  | { readonly kind: 'question'; readonly at: number }
  | { readonly kind: 'result'; readonly taskId: string; readonly tool: object }
  /**
   * How a task stands before its result counts: `text` is the refusal that said it was finished; without one the task
   * was ours no more when last seen, and the server would take a result from anybody.
   */
  | { readonly kind: 'check'; readonly taskId: string; readonly tool: object; readonly text?: string }
  | { readonly kind: 'goodbye' };

const listed = 50;
const mostChecked = 8;
const unansweredMs = 60_000;
const over = new Set(['completed', 'failed']);

export function createWork(parts: WorkParts): Work {
  const { agentId, budget, clock } = parts;
  const asked = new Map<string, Asked>();
  /** Given once on this connection; the server lists a task as assigned until it is done. */
  const seen = new Set<string>();
  const working = new Set<string>();
  /** Worked on, and not in the last list. */
  const missing = new Set<string>();
  /** Given to somebody else, or ended by somebody else. */
  const lost = new Set<string>();
  let registered = false;
  let justAnswered = false;

  const heartbeat = (status: string) => ({
    id: 'hb',
    name: 'agent_heartbeat',
    arguments: { agent_id: agentId, status },
  });
  const look = (id: string, taskId: string) => ({ id, name: 'task_get', arguments: { task_id: taskId } });

  function send(kind: Asked, tools: readonly object[], id = clock.uuid()): string {
    asked.set(id, kind);
    return parts.batch(id, tools);
  }

  function ask(): readonly string[] {
    const health = parts.health();
    const busy = health !== undefined && (health.activeTasks > 0 || health.status === 'draining');
    if (busy) budget.sawWork();
    const order = { sort_by: 'created_at', sort_order: 'asc', limit: listed };
    const question = { agent_id: agentId, status: 'assigned', ...order };
    const tools = [
      heartbeat(busy ? 'busy' : 'online'),
      { id: 'ls', name: 'task_list', arguments: question },
      ...[...missing].slice(0, mostChecked).map((taskId) => look(`get ${taskId}`, taskId)),
    ];
    return [send({ kind: 'question', at: clock.monotonic() }, tools)];
  }

  function poll(): readonly string[] {
    const wasJustAnswered = justAnswered;
    justAnswered = false;
    if (wasJustAnswered || budget.resting) return [];
    for (const [id, one] of asked) {
      if (one.kind !== 'question') continue;
      if (clock.monotonic() - one.at < unansweredMs) return [];
      asked.delete(id);
    }
    return ask();
  }

  function result(messageId: string, { task_id, ...rest }: TaskResult): string {
    const status = rest.status === 'completed' || rest.status === 'inconclusive' ? 'completed' : 'failed';
    const tool = { id: 'c', name: 'task_complete', arguments: { task_id, status, result: plainResult(rest) } };
    working.delete(task_id);
    missing.delete(task_id);
    budget.sawWork();
    if (lost.has(task_id)) return send({ kind: 'check', taskId: task_id, tool }, [look('g', task_id)], messageId);
    return send({ kind: 'result', taskId: task_id, tool }, [tool], messageId);
  }

  function answered(id: string, given: Fields): Said {
    const one = asked.get(id);
    asked.delete(id);
    const entries = batchEntries(given);
    const no = (reason: Refusal, text: string): Said => ({
      words: [{ kind: 'refused', reason, text, about: id }],
      replies: [],
    });
    switch (one?.kind) {
      case 'question':
        return { words: news(entries), replies: [] };
      case 'result': {
        const entry = entries.get('c');
        if (entry?.value) return { words: [{ kind: 'delivered', messageId: id }], replies: [] };
        const text = entry?.error ?? 'the answer says nothing about the task';
        const reason = rpcRefusal(undefined, text);
        if (reason !== 'finished') return no(reason, text);
        return { words: [], replies: [send({ ...one, kind: 'check', text }, [look('g', one.taskId)], id)] };
      }
      case 'check': {
        const entry = entries.get('g');
        if (!entry?.value) {
          const text = entry?.error ?? 'the answer says nothing about the task';
          return no(rpcRefusal(undefined, text), text);
        }
        const status = String(pick(entry.value, 'status'));
        if (over.has(status)) return no('finished', one.text ?? `task already finished with status: ${status}`);
        if (pick(entry.value, 'agent_id') !== agentId) return no('disowned', 'task is assigned to another agent');
        if (one.text !== undefined) return no('passing', one.text);
        lost.delete(one.taskId);
        return { words: [], replies: [send({ ...one, kind: 'result' }, [one.tool], id)] };
      }
      default:
        return { words: [], replies: [] };
    }
  }

  /** What an answered question brings: new tasks, and those that are ours no more. */
  function news(entries: ReturnType<typeof batchEntries>): readonly Incoming[] {
    const words: Incoming[] = [];
    if (!registered) {
      registered = true;
      justAnswered = true;
      words.push({ kind: 'registered', agentId });
    }
    for (const taskId of missing) {
      const found = entries.get(`get ${taskId}`);
      const status = String(found?.value && pick(found.value, 'status'));
      const others = found?.value !== undefined && pick(found.value, 'agent_id') !== agentId;
      if (!others && !over.has(status)) continue;
      missing.delete(taskId);
      if (!working.delete(taskId)) continue;
      lost.add(taskId);
      const reason = over.has(status) ? `The server has it as ${status}.` : 'It was given to another agent.';
      words.push({ kind: 'cancel', taskId, reason });
    }
    const list = entries.get('ls')?.value;
    if (list) words.push(...fromList(list));
    return words;
  }

  function fromList(list: Fields): readonly Incoming[] {
    const given = pick(list, 'tasks');
    const tasks: readonly unknown[] = Array.isArray(given) ? given.slice(0, listed) : [];
    const ids = new Set<string>();
    const words: Incoming[] = [];
    for (const entry of tasks) {
      const fields = fieldsOf(entry);
      const taskId = readId(fields, ['id', 'task_id']);
      if (taskId === undefined) continue;
      ids.add(taskId);
      lost.delete(taskId);
      if (seen.has(taskId)) continue;
      const task = listedTask(fields);
      if (!task) continue;
      seen.add(taskId);
      working.add(taskId);
      words.push({ kind: 'task', task });
    }
    if (ids.size > 0) budget.sawWork();
    missing.clear();
    // Only a list that is complete says anything about what is not in it.
    if (tasks.length < listed) for (const taskId of working) if (!ids.has(taskId)) missing.add(taskId);
    return words;
  }

  function refused(id: string, reason: Refusal, text: string, registrationId: string): readonly Incoming[] {
    const one = asked.get(id);
    asked.delete(id);
    const no = (about: string): readonly Incoming[] => [{ kind: 'refused', reason, text, about }];
    if (one?.kind === 'result' || one?.kind === 'check') return no(id);
    // The first question is our registration; a later one is simply asked again.
    return one?.kind === 'question' && !registered ? no(registrationId) : [];
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
    answered,
    refused,
    goodbye: () => [send({ kind: 'goodbye' }, [heartbeat('offline')])],
  };
}
