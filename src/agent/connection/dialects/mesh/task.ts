import * as z from 'zod/mini';
import type { Task } from '../../../tasks/task.ts';
import { type Fields, isObject, pick } from '../../fields.ts';
import type { AgentIdentity } from '../../messages.ts';
import { parseJson } from '../../safeJson.ts';
import { readDeadline, readId, readPriority, readTitle, typeByCapability } from '../../taskFields.ts';

export type ReadTask = { readonly ok: true; readonly value: Task } | { readonly ok: false; readonly problem: string };

const typeName = z.string().check(z.minLength(1), z.maxLength(255));

/** `flat`: the task's fields stand beside the frame's own `type` and `id`, which are not the task's. */
export function readTask(fields: Fields, flat: boolean, me: AgentIdentity): ReadTask {
  const id = readId(fields, ['task_id', 'id']);
  if (id === undefined) return { ok: false, problem: 'a task without an id' };
  const title = readTitle(pick(fields, 'title'));
  const deadline = readDeadline(pick(fields, 'deadline'));
  return {
    ok: true,
    value: {
      id,
      type: readType(fields, flat) ?? typeByCapability(fields, me),
      ...(title !== undefined && { title }),
      priority: readPriority(pick(fields, 'priority')),
      ...(deadline !== undefined && { deadline }),
      payload: readPayload(fields),
      origin: 'server',
    },
  };
}

function readType(fields: Fields, flat: boolean): string | undefined {
  const parsed = typeName.safeParse(pick(fields, 'task_type') ?? (flat ? undefined : pick(fields, 'type')));
  return parsed.success ? parsed.data : undefined;
}

function readPayload(fields: Fields): unknown {
  const given = pick(fields, 'payload', 'params', 'parameters', 'context', 'content', 'description');
  if (typeof given !== 'string') return given ?? {};
  // The depth of the whole frame was bounded, that of a text inside it was not.
  const parsed = parseJson(given);
  return parsed.ok && isObject(parsed.value) ? parsed.value : { content: given };
}
