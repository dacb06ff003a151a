import * as z from 'zod/mini';
import { type Priority, taskTypes } from '../tasks/task.ts';
import { type Fields, pick } from './fields.ts';
import type { AgentIdentity } from './messages.ts';

/** What servers of every dialect write about a task, each in a spelling of its own. */

/** Text without control characters, or a whole number. */
const identifier = z.union([z.string().check(z.regex(/^[^\p{Cc}]{1,255}$/u)), z.int()]);

const priorityWords: Readonly<Record<string, Priority>> = {
  low: 'low',
  normal: 'normal',
  medium: 'normal',
  high: 'high',
  critical: 'critical',
};
const priorityNumbers: readonly Priority[] = ['low', 'normal', 'high', 'critical'];

/** The first of the fields that can be an id. */
export function readId(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const parsed = identifier.safeParse(pick(fields, name));
    if (parsed.success) return String(parsed.data);
  }
  return undefined;
}

const nobody: ReadonlySet<string> = new Set(['', '00000000-0000-0000-0000-000000000000']);

/** False when the fields name an assignee, and it is not us under any of our names. */
export function isMeant(fields: Fields, me: AgentIdentity): boolean {
  const named = pick(fields, 'assigned_to', 'assignee_id', 'assigned_agent_id', 'assignee', 'agent_id');
  if (typeof named !== 'string' || nobody.has(named)) return true;
  return [me.id, me.assignedId, me.readableId, me.name].includes(named);
}

/** Some servers name only the capability they want, some not even that: then it is what we do first. */
export function typeByCapability(fields: Fields, me: AgentIdentity): string {
  const wanted = pick(fields, 'capabilities', 'capability');
  const names: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const known = taskTypes.find((type) => names.includes(type));
  const asked = me.capabilities.find((capability) => names.includes(capability.name)) ?? me.capabilities[0];
  return known ?? asked?.taskTypes[0] ?? '';
}

export function readPriority(value: unknown): Priority {
  if (typeof value === 'string') {
    return priorityWords[value.toLowerCase()] ?? priorityNumbers[/^\d$/.test(value) ? Number(value) : -1] ?? 'normal';
  }
  return (typeof value === 'number' ? priorityNumbers[value] : undefined) ?? 'normal';
}

/** RFC 3339, or seconds or milliseconds since 1970. Go writes the year 1 for "none"; what cannot be read is none as well. */
export function readDeadline(value: unknown): number | undefined {
  let moment = Number.NaN;
  if (typeof value === 'number') moment = value < 1e11 ? value * 1000 : value;
  else if (typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/i.test(value)) moment = Date.parse(value);
  return moment > 0 && moment < 8.64e15 ? Math.round(moment) : undefined;
}

/** At most 500 characters; undefined when there is none. */
export function readTitle(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 500) : undefined;
}

/** What a finished task says in dialects whose results are one plain object. JSON only. */
export function plainResult(result: {
  readonly status: string;
  readonly result: unknown;
  readonly metadata: unknown;
  readonly error?: string;
  readonly completed_at: string;
}): Readonly<Record<string, unknown>> {
  const { status, result: body, metadata, error, completed_at } = result;
  const own = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : body === null ? {} : { body };
  return { ...own, status, metadata, ...(error !== undefined && { error }), completed_at };
}
