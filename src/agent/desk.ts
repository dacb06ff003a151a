import type { AgentParts } from './agent.ts';
import type { Host } from './host.ts';
import { claimInstance, type Instance } from './instance.ts';
import type { Disposable } from './shared/disposables.ts';
import { type Journal, openJournal } from './tasks/journal.ts';
import { createTaskRunner, type TaskRunner, type TaskRunnerParts } from './tasks/taskRunner.ts';

/** What a window needs to take tasks: who it is, what it promised, and who does it. */
export interface Desk extends Disposable {
  readonly instance: Instance;
  readonly journal: Journal;
  readonly runner: TaskRunner;
}

/** Claims this window's identity with its journal. The runner is not started. */
export async function openDesk(
  host: Host,
  parts: Pick<AgentParts, 'clock' | 'processId' | 'machineName'>,
  runnerParts: Pick<TaskRunnerParts, 'workers' | 'limits' | 'emit' | 'send'>,
): Promise<Desk> {
  const { log, storage } = host;
  const { clock, processId, machineName } = parts;
  const instance = await claimInstance(storage, { clock, log, processId, hostName: machineName });
  const journal = await openJournal(instance.folder, { clock, log });
  const runner = createTaskRunner({ ...runnerParts, journal, clock, log });
  return {
    instance,
    journal,
    runner,
    dispose() {
      runner.dispose();
      instance.dispose();
    },
  };
}
