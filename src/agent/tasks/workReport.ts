import type { Outgoing } from '../connection/messages.ts';
import type { AgentEvent } from '../events.ts';
import type { Clock } from '../shared/clock.ts';
import type { Job } from './job.ts';
import { ProgressValve } from './progress.ts';
import type { WorkReport } from './task.ts';

export interface ReportParts {
  readonly clock: Clock;
  tell(event: AgentEvent): void;
  send(message: Outgoing): string | undefined;
  /** What is reported after the end is dropped. */
  isOver(job: Job): boolean;
}

/** What a worker says of its job, passed on: to whoever watches, and progress to the server that gave the task. */
export function reportOf(job: Job, { clock, tell, send, isOver }: ReportParts): WorkReport {
  const taskId = job.task.id;
  const valve = new ProgressValve(clock, (progress) => {
    tell({ type: 'task-progress', taskId, ...progress });
    if (job.task.origin === 'server') job.progressMessageId = send({ kind: 'progress', taskId, ...progress });
  });
  job.progress = valve;
  return {
    progress: (progress, message, stage) => {
      if (!isOver(job)) valve.report({ progress, message, stage });
    },
    found: (findings) => {
      for (const finding of findings) if (!isOver(job)) tell({ type: 'finding', taskId, finding });
    },
    replaceFindings: (findings, reviewed, hidden = [], partly = {}) => {
      if (isOver(job)) return;
      const some = Object.keys(partly).length > 0 && { partly };
      tell({ type: 'findings', taskId, findings, reviewed, ...some, ...(hidden.length > 0 && { hidden }) });
    },
  };
}
