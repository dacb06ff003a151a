import type { Clock } from '../../../shared/clock.ts';
import { type Fields, fieldsOf, isObject, pick } from '../../fields.ts';
import type { AgentIdentity, Incoming, Outgoing, Refusal } from '../../messages.ts';
import { refusalOf } from '../../refusal.ts';
import { parseJson } from '../../safeJson.ts';
import { plainResult, readBadId, readId } from '../../taskFields.ts';
import type { Decoded, DialectSession, Encoded } from '../dialect.ts';
import { capabilityNames, frameTypes, request } from './frames.ts';
import { assignedTask, listedTask } from './task.ts';

/** Pushes are dropped when a queue of the server is full, and a cancellation is told to nobody. */
const reconcileEveryMs = 60_000;
const mostAsked = 20;
const mostPending = 2000;

/** What a request of ours was for; its reply or its error is read accordingly. */
type Pending =
  | { readonly kind: 'initialize' | 'list' | 'other' }
  | { readonly kind: 'register'; readonly registrationId: string }
  | { readonly kind: 'result'; readonly taskId: string; readonly frame: string; readonly acceptedFirst: boolean }
  /** A task we know nothing of but its id. */
  | { readonly kind: 'delegated' }
  /** Whether a task that we work on is still wanted. */
  | { readonly kind: 'wanted'; readonly taskId: string }
  /** Whether a task is as finished as the refusal of its result said. */
  | { readonly kind: 'finished'; readonly messageId: string; readonly text: string };

const over = new Set(['completed', 'failed', 'cancelled', 'timeout']);
/** The server as it was shipped never moves a task on from here, whatever is sent. */
const stuckAt = /\bcannot be (completed|failed) in status accepted\b/;
const notYetAccepted = /\bcannot be (completed|failed) in status assigned\b/;
const unknownTask = /\btask not found\b/;

const said = (words: readonly Incoming[], replies: readonly string[] = []): Decoded => ({
  kind: 'words',
  words,
  replies,
});

export function openEnvelope(me: AgentIdentity, clock: Clock): DialectSession {
  const pending = new Map<string, Pending>();
  /** Tasks that were given, so that a list does not give them again. */
  const seen = new Set<string>();
  const working = new Set<string>();

  function ask(kind: Pending, method: string, params: object, id = clock.uuid()): string {
    pending.set(id, kind);
    // A server that never answers must not cost memory without end.
    for (const oldest of pending.keys()) {
      if (pending.size <= mostPending) break;
      pending.delete(oldest);
    }
    return request(id, method, params);
  }

  function encode(message: Outgoing): Encoded {
    const messageId = clock.uuid();
    const one = (frame: string, delivery: Encoded['delivery'] = 'none'): Encoded => ({
      messageId,
      frames: [frame],
      delivery,
    });
    const other = (method: string, params: object) => one(ask({ kind: 'other' }, method, params, messageId));
    switch (message.kind) {
      case 'register': {
        for (const id of message.runningTasks) {
          seen.add(id);
          working.add(id);
        }
        const metadata = { type: 'ide', agent_version: me.version };
        const params = { version: '1.0.0', name: me.name, agentId: me.id, capabilities: capabilityNames(me), metadata };
        return one(ask({ kind: 'initialize' }, 'initialize', params, messageId));
      }
      case 'heartbeat': {
        const { status, activeTasks, queuedTasks, completedTasks, failedTasks, uptimeSeconds } = message.health;
        const metrics = {
          active_tasks: activeTasks,
          queued_tasks: queuedTasks,
          completed_tasks: completedTasks,
          failed_tasks: failedTasks,
          uptime_seconds: uptimeSeconds,
        };
        const busy = status === 'draining' || activeTasks > 0;
        return other('agent.heartbeat', { status: busy ? 'busy' : 'available', metrics });
      }
      case 'accepted':
        working.add(message.taskId);
        return other('task.accept', { task_id: message.taskId });
      case 'progress': {
        const progress = Math.round(100 * Math.min(1, Math.max(0, message.progress)));
        const { taskId, message: text, stage } = message;
        return other('task.submit_result', { task_id: taskId, progress, message: text, result: { stage } });
      }
      case 'result': {
        const { task_id, status, error } = message.result;
        working.delete(task_id);
        const done = status === 'completed' || status === 'inconclusive';
        const frame = done
          ? request(messageId, 'task.complete', { task_id, result: plainResult(message.result) })
          : request(messageId, 'task.fail', { task_id, error: error || status, retry: false });
        pending.set(messageId, { kind: 'result', taskId: task_id, frame, acceptedFirst: false });
        return one(frame, 'reply');
      }
      case 'health':
      case 'capabilities':
      case 'configApplied':
      case 'error':
        // Nobody there asks for these, and what is no request is refused.
        return { messageId, frames: [], delivery: 'none' };
    }
  }

  function decode(text: string): Decoded {
    const json = parseJson(text);
    if (!json.ok) return { kind: 'malformed', problem: json.problem, replies: [] };
    if (!isObject(json.value)) return { kind: 'malformed', problem: 'not an object', replies: [] };
    const frame = fieldsOf(json.value);
    switch (pick(frame, 'type')) {
      case frameTypes.response: {
        const [id, asked] = take(frame);
        if (!asked) return { kind: 'unknown', name: 'a response to nothing' };
        return answered(id, asked, fieldsOf(pick(frame, 'result')));
      }
      case frameTypes.error: {
        const [id, asked] = take(frame);
        const error = fieldsOf(pick(frame, 'error'));
        const message = pick(error, 'message');
        const text = (typeof message === 'string' ? message : 'an error without a text').slice(0, 1000);
        return refused(id, asked, pick(error, 'code'), text);
      }
      case frameTypes.notification:
        return pushed(frame);
      case frameTypes.pong:
        return said([]);
      default:
        return typeof pick(frame, 'type') === 'number'
          ? { kind: 'unknown', name: `type ${String(pick(frame, 'type'))}` }
          : { kind: 'malformed', problem: 'no number in type', replies: [] };
    }
  }

  function take(frame: Fields): [string, Pending | undefined] {
    const id = readId(frame, ['id']) ?? '';
    const asked = pending.get(id);
    pending.delete(id);
    return [id, asked];
  }

  function answered(id: string, asked: Pending, result: Fields): Decoded {
    switch (asked.kind) {
      case 'initialize': {
        const capabilities = capabilityNames(me);
        const params = { name: me.name, capabilities, metadata: { type: 'ide' } };
        return said([], [ask({ kind: 'register', registrationId: id }, 'agent.register', params)]);
      }
      case 'register':
        return said([{ kind: 'registered' }]);
      case 'result':
        return said([{ kind: 'delivered', messageId: id }]);
      case 'list':
        return said(newlyListed(pick(result, 'tasks')));
      case 'delegated': {
        const task = listedTask(result, me);
        return said(task && !over.has(String(pick(result, 'status'))) ? given(task) : []);
      }
      case 'wanted': {
        const status = String(pick(result, 'status'));
        if (!over.has(status) || !working.delete(asked.taskId)) return said([]);
        return said([{ kind: 'cancel', taskId: asked.taskId, reason: `The server has it as ${status}.` }]);
      }
      case 'finished': {
        const reason: Refusal = over.has(String(pick(result, 'status'))) ? 'finished' : 'passing';
        return said([{ kind: 'refused', reason, text: asked.text, about: asked.messageId }]);
      }
      case 'other':
        return said([]);
    }
  }

  function refused(id: string, asked: Pending | undefined, code: unknown, text: string): Decoded {
    const reason = refusalOf(code, text);
    const no = (why: Refusal, about = id): Incoming => ({
      kind: 'refused',
      reason: why,
      text,
      ...(about !== '' && { about }),
    });
    switch (asked?.kind) {
      case 'register': {
        // Only an administrator's key may; `initialize` has registered us as well.
        if (code !== 4001 && code !== 4004) return said([no(reason, asked.registrationId)]);
        return said([{ kind: 'registered' }, no('final')]);
      }
      case 'result': {
        const { taskId, frame, acceptedFirst } = asked;
        if (notYetAccepted.test(text) && !acceptedFirst) {
          pending.set(id, { ...asked, acceptedFirst: true });
          return said([], [ask({ kind: 'other' }, 'task.accept', { task_id: taskId }), frame]);
        }
        if (reason === 'finished') {
          return said([], [ask({ kind: 'finished', messageId: id, text }, 'task.status', { task_id: taskId })]);
        }
        return said([no(stuckAt.test(text) || unknownTask.test(text) ? 'final' : reason)]);
      }
      case 'finished':
        return said([no(unknownTask.test(text) ? 'final' : 'passing', asked.messageId)]);
      case 'list':
      case 'wanted':
      case 'delegated':
        // Asked again before long.
        return { kind: 'unknown', name: `a refusal: ${text.slice(0, 100)}` };
      default:
        return said([no(reason)]);
    }
  }

  function pushed(frame: Fields): Decoded {
    const method = pick(frame, 'method');
    const params = fieldsOf(pick(frame, 'params'));
    const name = typeof method === 'string' ? method.slice(0, 100) : 'a notification without a method';
    if (method === 'task.assigned') {
      const task = assignedTask(params, me);
      if (!task) return nameless(params);
      return said(given(task));
    }
    if (method === 'task.delegated') {
      const taskId = readId(params, ['task_id']);
      if (taskId === undefined) return nameless(params);
      return said([], [ask({ kind: 'delegated' }, 'task.status', { task_id: taskId })]);
    }
    if (method === 'task.cancelled' || method === 'task.canceled' || method === 'task.cancel') {
      const taskId = readId(params, ['task_id']);
      if (taskId !== undefined) return said([{ kind: 'cancel', taskId }]);
    }
    return { kind: 'unknown', name };
  }

  function given(task: Extract<Incoming, { kind: 'task' }>['task']): readonly Incoming[] {
    seen.add(task.id);
    return [{ kind: 'task', task }];
  }

  function newlyListed(list: unknown): readonly Incoming[] {
    const entries: readonly unknown[] = Array.isArray(list) ? list.slice(0, 100) : [];
    return entries.flatMap((entry) => {
      const fields = fieldsOf(entry);
      const task = listedTask(fields, me);
      const ours = pick(fields, 'assigned_to') === me.id && pick(fields, 'status') === 'assigned';
      return task && ours && !seen.has(task.id) ? given(task) : [];
    });
  }

  return {
    silenceMeansRegistered: undefined,
    pollEvery: reconcileEveryMs,
    poll: () => [
      ask({ kind: 'list' }, 'task.list', { status: 'assigned', limit: 100 }),
      ...[...working]
        .slice(-mostAsked)
        .map((taskId) => ask({ kind: 'wanted', taskId }, 'task.status', { task_id: taskId })),
    ],
    encode,
    decode,
    goodbye: () => [ask({ kind: 'other' }, 'agent.update_status', { status: 'offline' })],
  };
}

/** There is no way to say it to the server. */
function nameless(params: Fields): Decoded {
  const problem = readBadId(params, ['task_id', 'id'])?.problem ?? 'a task without an id';
  return { kind: 'malformed', problem, replies: [] };
}
