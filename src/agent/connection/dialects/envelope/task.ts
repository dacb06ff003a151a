import type { Task } from '../../../tasks/task.ts';
import { described } from '../../described.ts';
import { type Fields, pick } from '../../fields.ts';
import type { AgentIdentity } from '../../messages.ts';
import { readId, readPriority, readTitle, typeByCapability } from '../../taskFields.ts';

/** From `task.assigned`, whose title is all there is. Undefined without an id. */
export function assignedTask(params: Fields, me: AgentIdentity): Task | undefined {
  return task(params, typeByCapability(params, me), readTitle(pick(params, 'title')));
}

/** From an entry of `task.list` or an answer to `task.status`: a type, and not even a title. */
export function listedTask(fields: Fields, me: AgentIdentity): Task | undefined {
  const type = pick(fields, 'type');
  return task(fields, typeof type === 'string' && type !== '' ? type.slice(0, 255) : typeByCapability(fields, me));
}

function task(fields: Fields, type: string, title?: string): Task | undefined {
  const id = readId(fields, ['task_id', 'id']);
  if (id === undefined) return undefined;
  const { named, meant, payload } = described(type, title ?? '');
  return {
    id,
    type: named ?? (type === '' ? meant : type),
    ...(title !== undefined && { title }),
    priority: readPriority(pick(fields, 'priority')),
    payload,
    origin: 'server',
  };
}
