import * as z from 'zod/mini';
import type { Task, TaskType } from '../../../tasks/task.ts';
import { described } from '../../described.ts';
import { type Fields, fieldsOf, isObject, pick } from '../../fields.ts';
import type { AgentIdentity } from '../../messages.ts';
import {
  type BadId,
  readBadId,
  readDeadline,
  readId,
  readPriority,
  readTitle,
  typeByCapability,
} from '../../taskFields.ts';

export type ReadTask =
  | { readonly ok: true; readonly value: Task }
  | { readonly ok: false; readonly problem: string; readonly badId?: BadId };

const typeName = z.string().check(z.minLength(1), z.maxLength(255));

/** `flat`: the task's fields stand beside the frame's own `type` and `id`, which are not the task's. */
export function readTask(fields: Fields, flat: boolean, me: AgentIdentity): ReadTask {
  const id = readId(fields, ['task_id', 'id']);
  if (id === undefined) {
    const badId = readBadId(fields, ['task_id', 'id']);
    return { ok: false, problem: badId?.problem ?? 'a task without an id', ...(badId && { badId }) };
  }
  const title = readTitle(pick(fields, 'title'));
  const deadline = readDeadline(pick(fields, 'deadline'));
  const type = readType(fields, flat);
  const asked = pick(fields, 'capabilities', 'capability') === undefined ? undefined : typeByCapability(fields, me);
  const { named, meant, payload } = readPayload(fields, type ?? asked ?? '');
  return {
    ok: true,
    value: {
      id,
      type: type ?? named ?? asked ?? meant ?? typeByCapability(fields, me),
      ...(title !== undefined && { title }),
      priority: readPriority(pick(fields, 'priority')),
      ...(deadline !== undefined && { deadline }),
      payload,
      origin: 'server',
    },
  };
}

function readType(fields: Fields, flat: boolean): string | undefined {
  const parsed = typeName.safeParse(pick(fields, 'task_type') ?? (flat ? undefined : pick(fields, 'type')));
  return parsed.success ? parsed.data : undefined;
}

interface ReadPayload {
  readonly payload: unknown;
  /** The type that a text names, and the one that its words mean. */
  readonly named?: TaskType | undefined;
  readonly meant?: TaskType;
}

const texts = ['content', 'description', 'text', 'prompt'] as const;
/** Any of them says by itself what a task is about. */
const subjects = ['code', 'file', 'filename', 'path', 'files', 'paths', 'diff', 'changes', 'question', 'instructions'];

/** An object stands as it is, unless all that it says is a text. Code in a text is told by its language. */
function readPayload(fields: Fields, type: string): ReadPayload {
  const given = pick(fields, 'payload', 'params', 'parameters', 'context', ...texts);
  if (given === undefined) return { payload: {} };
  if (typeof given === 'string') return fromText(given, pick(fields, 'language'), type);
  const inner = fieldsOf(given);
  const text = subjects.some((name) => pick(inner, name) !== undefined) ? undefined : pick(inner, ...texts);
  if (typeof text !== 'string' || !isObject(given)) return { payload: given };
  const read = fromText(text, pick(inner, 'language'), type);
  return { ...read, payload: { ...given, ...(isObject(read.payload) && read.payload) } };
}

function fromText(text: string, language: unknown, type: string): ReadPayload {
  if (typeof language === 'string' && language !== '') return { payload: { code: text, language } };
  return described(type, text);
}
