import type { Failure } from '../failures.ts';
import type { Ended } from './journalState.ts';
import type { TaskResult, WorkMetadata, WorkOutcome } from './task.ts';

/** How a task came to its end. */
export type Ending = WorkOutcome | { readonly status: 'cancelled'; readonly reason?: string };

export function cancellation(reason: string | undefined): Ending {
  return { status: 'cancelled', ...(reason && { reason }) };
}

/** Every field that a result has, so that a server finds each where no model or no worker put it. */
const nothing: WorkMetadata = {
  static_issues: 0,
  ai_suggestions: 0,
  confidence: 0,
  tokens: { input: 0, output: 0, cache_read: 0, cache_write: 0 },
  model: null,
  not_reviewed: [],
};

/** `completedAt`: wall clock, milliseconds since 1970. */
export function taskResult(
  id: string,
  ending: Ending,
  times: { readonly durationMs: number; readonly completedAt: number },
): TaskResult {
  const worked = ending.status === 'completed' || ending.status === 'inconclusive';
  const error = sentence(ending);
  return {
    task_id: id,
    status: ending.status,
    result: worked ? ending.result : null,
    metadata: { ...nothing, ...(worked && ending.metadata), duration_ms: Math.round(times.durationMs) },
    ...(error && { error }),
    completed_at: new Date(times.completedAt).toISOString(),
  };
}

export function failureOf(ending: Ending): Failure | undefined {
  return ending.status === 'failed' || ending.status === 'inconclusive' ? ending.failure : undefined;
}

function sentence(ending: Ending): string | undefined {
  switch (ending.status) {
    case 'completed':
      return undefined;
    case 'inconclusive':
      return ending.failure.message;
    case 'failed':
      return ending.failure.retryable
        ? `${ending.failure.message} The same task may succeed later.`
        : ending.failure.message;
    case 'cancelled':
      return ending.reason;
  }
}

/** What can still be said about a task whose result the server has had: the result itself, or its status alone. */
export function repeatedResult(id: string, ended: Ended): TaskResult {
  if (ended.result) return ended.result;
  return {
    task_id: id,
    status: ended.status ?? 'inconclusive',
    result: null,
    metadata: { ...nothing, duration_ms: 0 },
    error: 'The result of this task was delivered before; only its status is still known.',
    completed_at: new Date(ended.at).toISOString(),
  };
}
