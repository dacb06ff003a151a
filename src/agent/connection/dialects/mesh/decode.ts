import * as z from 'zod/mini';
import { type Fields, fieldsOf, isObject, pick } from '../../fields.ts';
import type { AgentIdentity, Incoming } from '../../messages.ts';
import { refusalOf } from '../../refusal.ts';
import { parseJson } from '../../safeJson.ts';
import { type BadId, isMeant, readBadId, readId } from '../../taskFields.ts';
import type { Decoded } from '../dialect.ts';
import { readTask } from './task.ts';

interface DecodedFrame {
  readonly decoded: Decoded;
  /** The server said that it answers each result with an `ack`. */
  readonly acknowledges?: true;
  /** A task that can never be done, because nothing that is said of it could name it: the server is told. */
  readonly unnameable?: BadId;
}

/** Fits a header, so that a server-given id can go into `X-Agent-ID`. */
const agentId = z.string().check(z.regex(/^[\x21-\x7e]{1,255}$/));
const features = z.array(z.unknown()).check(z.maxLength(100));
const errorText = z.string();

const malformed = (problem: string): DecodedFrame => ({ decoded: { kind: 'malformed', problem, replies: [] } });
const said = (...words: readonly Incoming[]): DecodedFrame => ({ decoded: { kind: 'words', words, replies: [] } });

/** One frame of the server. `me` supplies what an old-style assignment leaves out. Never throws. */
export function decodeFrame(text: string, me: AgentIdentity): DecodedFrame {
  const json = parseJson(text);
  if (!json.ok) return malformed(json.problem);
  if (!isObject(json.value)) return malformed('not an object');
  const frame = fieldsOf(json.value);
  const type = pick(frame, 'type');
  if (typeof type !== 'string' || type === '') return malformed('no type');
  const given = pick(frame, 'payload');
  // Some servers put everything into `payload`, some put nothing there.
  const payload = isObject(given) ? fieldsOf(given) : frame;

  switch (type) {
    case 'agent.registered':
    case 'registration.confirmed':
      return registered(payload, frame);
    case 'task.assigned':
    case 'task.execute': {
      const fields = taskIn(frame);
      const task = readTask(fields, fields === frame, me);
      const meant = isMeant(fields, me) && isMeant(frame, me);
      if (!task.ok) return { ...malformed(task.problem), ...(meant && task.badId && { unnameable: task.badId }) };
      if (meant) return said({ kind: 'task', task: task.value });
      // Told to everybody. Where we had it before, it has been taken from us.
      const text = 'the server assigned it to another agent';
      return said({ kind: 'refused', reason: 'disowned', text, about: task.value.id });
    }
    case 'task.cancel':
    case 'task.cancelled':
    case 'task.canceled': {
      const id =
        readId(payload, payload === frame ? ['task_id'] : ['task_id', 'id']) ?? readId(frame, ['task_id', 'id']);
      if (id === undefined) return malformed('a cancellation without a task id');
      const reason = shortText(pick(payload, 'reason'));
      return said({ kind: 'cancel', taskId: id, ...(reason !== undefined && { reason }) });
    }
    case 'config.update':
      return said({
        kind: 'config',
        config: pick(payload, 'config') ?? (isObject(given) ? given : withoutHead(json.value)),
      });
    case 'health.check':
      return said({ kind: 'healthCheck' });
    case 'capability.query':
      return said({ kind: 'capabilityQuery' });
    case 'ack': {
      const id = messageId(payload) ?? messageId(frame);
      return id === undefined ? malformed('an ack without an id') : said({ kind: 'delivered', messageId: id });
    }
    case 'error':
      return refused(payload, frame);
    case 'ping': {
      const id = readId(frame, ['id']);
      return { decoded: { kind: 'words', words: [], replies: [JSON.stringify({ type: 'pong', ...(id && { id }) })] } };
    }
    case 'pong':
      return said();
    default:
      return { decoded: { kind: 'unknown', name: type.slice(0, 100) } };
  }
}

/** Where the task stands: in `payload`, as an object or as JSON text, in a `task` of either, or beside the frame's type. */
function taskIn(frame: Fields): Fields {
  const given = pick(frame, 'payload');
  const parsed = typeof given === 'string' ? parseJson(given) : undefined;
  const payload = fieldsOf(parsed?.ok ? parsed.value : given);
  const candidates = [payload, fieldsOf(pick(payload, 'task')), fieldsOf(pick(frame, 'task'))];
  const names = ['task_id', 'id'];
  // What cannot be an id is still a task's, and that of the frame around it is not.
  return (
    candidates.find((fields) => readId(fields, names) !== undefined) ??
    candidates.find((fields) => readBadId(fields, names)) ??
    frame
  );
}

function registered(payload: Fields, frame: Fields): DecodedFrame {
  const id = agentId.safeParse(pick(payload, 'agent_id') ?? pick(frame, 'agent_id'));
  const list = features.safeParse(pick(payload, 'features') ?? pick(frame, 'features'));
  const words = said({ kind: 'registered', ...(id.success && { agentId: id.data }) });
  return list.success && list.data.includes('ack') ? { ...words, acknowledges: true } : words;
}

/** `{error: "text", code}` beside each other, or `{error: {message, code}}`. */
function refused(payload: Fields, frame: Fields): DecodedFrame {
  const error = pick(payload, 'error', 'message');
  const inner = isObject(error) ? fieldsOf(error) : payload;
  const parsed = errorText.safeParse(isObject(error) ? pick(inner, 'message', 'error') : error);
  const code = pick(inner, 'code') ?? pick(payload, 'code');
  if (!parsed.success && code === undefined) return malformed('an error without a text or a code');
  const text = (parsed.success ? parsed.data : `error ${String(code)}`).slice(0, 1000);
  const about = messageId(payload) ?? messageId(frame) ?? readId(payload, ['task_id']);
  return said({ kind: 'refused', reason: refusalOf(code, text), text, ...(about !== undefined && { about }) });
}

function messageId(fields: Fields): string | undefined {
  return readId(fields, ['id', 'message_id']);
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 1000) : undefined;
}

/** A flat configuration: the frame without what makes it a frame. */
function withoutHead(frame: Readonly<Record<string, unknown>>): object {
  const head = new Set(['type', 'id', 'timestamp']);
  return Object.fromEntries(Object.entries(frame).filter(([key]) => !head.has(key.toLowerCase())));
}
