import { join } from 'node:path';
import type { AgentParts } from './agent.ts';
import { createChosenIds } from './chosenId.ts';
import type { Incoming } from './connection/messages.ts';
import { parseServerUrl } from './connection/serverUrl.ts';
import type { Host } from './host.ts';
import { claimInstance, type Instance } from './instance.ts';
import type { Settings } from './settings.ts';
import type { Disposable } from './shared/disposables.ts';
import { createClaims } from './tasks/claims.ts';
import { createConsent } from './tasks/consent.ts';
import { type Journal, openJournal } from './tasks/journal.ts';
import { openSharedTasks } from './tasks/sharedTasks.ts';
import { createTaskRunner, type TaskRunner, type TaskRunnerParts } from './tasks/taskRunner.ts';

/** What a window needs to take tasks: who it is, what it promised, and who does it. */
export interface Desk extends Disposable {
  readonly instance: Instance;
  readonly journal: Journal;
  readonly runner: TaskRunner;
  /** Of the id that a person chose: see `ChosenIds`. */
  idFor(origin: string, chosen: string): Promise<string>;
  /** What the server says to the runner goes this way: another window may have the task. */
  hear(word: Incoming): void;
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
  const lockParts = { clock, log, processId, hostName: machineName };
  const instance = await claimInstance(storage, lockParts);
  const { lock } = instance;
  const journal = await openJournal(instance.folder, { clock, log });
  const consent = createConsent(host, settings, clock);
  const limits = () => settings().limits;
  // Without a slot of its own nobody could tell whether this window lives.
  const claims =
    lock === undefined
      ? undefined
      : createClaims({ ...lockParts, lock, folder: join(host.sharedStorage ?? storage, 'claims') });
  const origin = () => {
    const server = parseServerUrl(settings().server.url);
    return server.ok ? server.value.origin : undefined;
  };
  const most = () => limits().queuedTasks;
  const shared = claims && (await openSharedTasks({ claims, journal, origin, most, clock, log }));
  const runner = createTaskRunner({
    ...runnerParts,
    journal: shared?.journal ?? journal,
    limits,
    consent,
    ...(shared && { mine: shared.mine }),
    clock,
    log,
  });
  shared?.attach(runner);
  return {
    instance,
    journal,
    runner,
    hear: shared?.hear ?? runner.hear,
    idFor: claims ? createChosenIds(claims).idFor : async (_, chosen) => chosen,
    settingsChanged() {
      runner.limitsChanged();
      consent.settingsChanged();
    },
    dispose() {
      shared?.dispose();
      runner.dispose();
      claims?.dispose();
      instance.dispose();
    },
  };
}
