import type { Task, TaskResult } from '../../../src/agent/tasks/task.ts';

export function task(id: string, more: Partial<Task> = {}): Task {
  return { id, type: 'code_review', priority: 'normal', payload: { files: ['a.ts'] }, origin: 'server', ...more };
}

export function result(id: string, more: Partial<TaskResult> = {}): TaskResult {
  return {
    task_id: id,
    status: 'completed',
    result: { summary: 'fine' },
    metadata: {
      static_issues: 0,
      ai_suggestions: 0,
      confidence: 1,
      duration_ms: 5,
      tokens: { input: 0, output: 0, cache_read: 0, cache_write: 0 },
      model: null,
      not_reviewed: [],
    },
    completed_at: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
