import * as z from 'zod/mini';
import { type Priority, taskTypes } from '../tasks/task.ts';
import { type Fields, pick } from './fields.ts';
import type { AgentIdentity } from './messages.ts';

/** What servers of every dialect write about a task, each in a spelling of its own. */

const longestId = 255;
/** Text without control characters, or a whole number. */
const identifier = z.union([z.string().check(z.maxLength(longestId), z.regex(/^[^\p{Cc}]+$/u)), z.int()]);

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

export interface BadId {
  readonly problem: string;
  /** As much of it as may be sent back. */
  readonly cut: string;
}

/** The first of the fields that is meant as a task's id, and cannot be one; undefined when there is none. */
export function readBadId(fields: Fields, names: readonly string[]): BadId | undefined {
  const given = names.map((name) => pick(fields, name)).find((value) => typeof value === 'string' && value !== '');
  if (typeof given !== 'string' || identifier.safeParse(given).success) return undefined;
  const { length } = given;
  const tooLong = `a task id of ${length} characters, ${longestId} are the most`;
  const problem = length > longestId ? tooLong : 'a task id with control characters';
  return { problem, cut: given.slice(0, longestId) };
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
