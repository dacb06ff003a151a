import * as z from 'zod/mini';
import { type Priority, type Task, taskTypes } from '../../../tasks/task.ts';
import { type Fields, isObject, pick } from '../../fields.ts';
import type { AgentIdentity } from '../../messages.ts';
import { parseJson } from '../../safeJson.ts';

export type ReadTask = { readonly ok: true; readonly value: Task } | { readonly ok: false; readonly problem: string };

/** Text without control characters, or a whole number. */
const identifier = z.union([z.string().check(z.regex(/^[^\p{Cc}]{1,255}$/u)), z.int()]);
const typeName = z.string().check(z.minLength(1), z.maxLength(255));

const priorityWords: Readonly<Record<string, Priority>> = {
  low: 'low',
  normal: 'normal',
  medium: 'normal',
  high: 'high',
  critical: 'critical',
};
const priorityNumbers: readonly Priority[] = ['low', 'normal', 'high', 'critical'];

/** `flat`: the task's fields stand beside the frame's own `type` and `id`, which are not the task's. */
export function readTask(fields: Fields, flat: boolean, me: AgentIdentity): ReadTask {
  const id = taskId(fields, ['task_id', 'id']);
  if (id === undefined) return { ok: false, problem: 'a task without an id' };
  const title = pick(fields, 'title');
  const deadline = readDeadline(pick(fields, 'deadline'));
  return {
    ok: true,
    value: {
      id,
      type: readType(fields, flat) ?? typeByCapability(fields, me),
      ...(typeof title === 'string' && title !== '' && { title: title.slice(0, 500) }),
      priority: readPriority(pick(fields, 'priority')),
      ...(deadline !== undefined && { deadline }),
      payload: readPayload(fields),
      origin: 'server',
    },
  };
}

export function taskId(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const parsed = identifier.safeParse(pick(fields, name));
    if (parsed.success) return String(parsed.data);
  }
  return undefined;
}

function readType(fields: Fields, flat: boolean): string | undefined {
  const parsed = typeName.safeParse(pick(fields, 'task_type') ?? (flat ? undefined : pick(fields, 'type')));
  return parsed.success ? parsed.data : undefined;
}

/** Some servers name only the capability they want, some not even that: then it is what we do first. */
function typeByCapability(fields: Fields, me: AgentIdentity): string {
  const wanted = pick(fields, 'capabilities', 'capability');
  const names: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const known = taskTypes.find((type) => names.includes(type));
  const asked = me.capabilities.find((capability) => names.includes(capability.name)) ?? me.capabilities[0];
  return known ?? asked?.taskTypes[0] ?? '';
}

function readPriority(value: unknown): Priority {
  if (typeof value === 'string') {
    return priorityWords[value.toLowerCase()] ?? priorityNumbers[/^\d$/.test(value) ? Number(value) : -1] ?? 'normal';
  }
  return (typeof value === 'number' ? priorityNumbers[value] : undefined) ?? 'normal';
}

/** RFC 3339, or seconds or milliseconds since 1970. Go writes the year 1 for "none"; what cannot be read is none as well. */
function readDeadline(value: unknown): number | undefined {
  let moment = Number.NaN;
  if (typeof value === 'number') moment = value < 1e11 ? value * 1000 : value;
  else if (typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/i.test(value)) moment = Date.parse(value);
  return moment > 0 && moment < 8.64e15 ? Math.round(moment) : undefined;
}

function readPayload(fields: Fields): unknown {
  const given = pick(fields, 'payload', 'params', 'parameters', 'context', 'content', 'description');
  if (typeof given !== 'string') return given ?? {};
  // The depth of the whole frame was bounded, that of a text inside it was not.
  const parsed = parseJson(given);
  return parsed.ok && isObject(parsed.value) ? parsed.value : { content: given };
}
