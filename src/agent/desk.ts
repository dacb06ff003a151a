import type { AgentParts } from './agent.ts';
import type { Host } from './host.ts';
import { claimInstance, type Instance } from './instance.ts';
import type { Settings } from './settings.ts';
import type { Disposable } from './shared/disposables.ts';
import { createConsent } from './tasks/consent.ts';
import { type Journal, openJournal } from './tasks/journal.ts';
import { createTaskRunner, type TaskRunner, type TaskRunnerParts } from './tasks/taskRunner.ts';

/** What a window needs to take tasks: who it is, what it promised, and who does it. */
export interface Desk extends Disposable {
  readonly instance: Instance;
  readonly journal: Journal;
  readonly runner: TaskRunner;
  /** Other limits, or another answer to whether the server's tasks need a person's word. */
  settingsChanged(): void;
}

/** Claims this window's identity with its journal. The runner is not started. */
export async function openDesk(
  host: Host,
  parts: Pick<AgentParts, 'clock' | 'processId' | 'machineName'>,
  settings: () => Settings,
  runnerParts: Pick<TaskRunnerParts, 'workers' | 'emit' | 'send'>,
): Promise<Desk> {
  const { log, storage } = host;
  const { clock, processId, machineName } = parts;
  const instance = await claimInstance(storage, { clock, log, processId, hostName: machineName });
  const journal = await openJournal(instance.folder, { clock, log });
  const consent = createConsent(host, settings, clock);
  const limits = () => settings().limits;
  const runner = createTaskRunner({ ...runnerParts, journal, limits, consent, clock, log });
  return {
    instance,
    journal,
    runner,
    settingsChanged() {
      runner.limitsChanged();
      consent.settingsChanged();
    },
    dispose() {
      runner.dispose();
      instance.dispose();
    },
  };
}
