import { failures } from '../failures.ts';
import type { Jobs } from './job.ts';
import { type Task, type TaskType, taskTypes } from './task.ts';
import type { Ending } from './taskResult.ts';

const maxPayloadBytes = 2 * 1024 * 1024;
/** Of all payloads together; the queue's limit counts tasks only. */
const maxHeldBytes = 64 * 1024 * 1024;
const notJson = Number.POSITIVE_INFINITY;
const mostAttempts = 3;

/** Why a task cannot be done at all, whoever asks; undefined when it can. `now`: wall clock. */
export function unfit(task: Task, now: number): Ending | undefined {
  if (!isTaskType(task.type)) return { status: 'failed', failure: failures.unsupportedTask(task.type) };
  if (task.deadline !== undefined && task.deadline <= now) {
    return { status: 'failed', failure: failures.taskTimedOut() };
  }
  return undefined;
}

/** Why a task is not tried once more; undefined when it is. `attempts`: those that ended with the process. */
export function givenUp(attempts: number): Ending | undefined {
  return attempts < mostAttempts ? undefined : { status: 'failed', failure: failures.tooManyAttempts(attempts) };
}

/**
 * Why there is no room for this task; undefined when there is. `bytes`: of its payload. What waits for the person's word
 * takes room from the server's tasks alone.
 */
export function noRoom({ origin }: Task, jobs: Jobs, limit: number, bytes = 0): Ending | undefined {
  // Without a look at each of them, as a rule: ten thousand that come at once would be looked at ten thousand times.
  if (jobs.size < limit && jobs.bytes + bytes <= maxHeldBytes) return undefined;
  let queued = 0;
  let held = bytes;
  for (const job of jobs.values()) {
    if (origin === 'local' && job.stage === 'asking') continue;
    if (job.stage !== 'running') queued += 1;
    held += job.bytes;
  }
  const full = queued >= limit || held > maxHeldBytes;
  return full ? { status: 'failed', failure: failures.queueFull(queued) } : undefined;
}

/** Why a payload is not kept; undefined when it is. */
export function unkeepable(bytes: number): Ending | undefined {
  if (bytes <= maxPayloadBytes) return undefined;
  const reason = bytes === notJson ? 'it is not JSON' : 'it is larger than 2 MB';
  return { status: 'failed', failure: failures.malformedPayload(reason) };
}

/** As JSON; infinite when it is none, or nested too deeply to be written as such. */
export function payloadBytes(payload: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(payload) ?? '');
  } catch {
    // A bigint, a cycle, or a nesting beyond the stack: all the same to us.
    return notJson;
  }
}

export function isTaskType(type: string): type is TaskType {
  return taskTypes.some((known) => known === type);
}
