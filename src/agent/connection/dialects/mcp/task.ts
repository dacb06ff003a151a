import type { Task } from '../../../tasks/task.ts';
import { described } from '../../described.ts';
import { type Fields, pick } from '../../fields.ts';
import { readDeadline, readId, readPriority, readTitle } from '../../taskFields.ts';

/** From an entry of `task_list`. There is no payload: what is to be done stands in `description`. */
export function listedTask(fields: Fields): Task | undefined {
  const id = readId(fields, ['id', 'task_id']);
  if (id === undefined) return undefined;
  const given = pick(fields, 'type');
  const type = typeof given === 'string' ? given.slice(0, 255) : '';
  const description = pick(fields, 'description');
  const title = readTitle(pick(fields, 'title'));
  const text = typeof description === 'string' && description.trim() !== '' ? description : (title ?? '');
  const { named, meant, payload } = described(type, text);
  const deadline = readDeadline(pick(fields, 'deadline'));
  return {
    id,
    // `general` is what a task is called there when nobody called it anything.
    type: named ?? (type === '' || type === 'general' ? meant : type),
    ...(title !== undefined && { title }),
    priority: readPriority(pick(fields, 'priority')),
    ...(deadline !== undefined && { deadline }),
    payload,
    origin: 'server',
  };
}
