import { parseServerUrl } from '../connection/serverUrl.ts';
import type { TaskHead } from '../events.ts';
import { failures } from '../failures.ts';
import type { Host } from '../host.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { headOf } from './job.ts';
import { Pace } from './pace.ts';
import type { Task } from './task.ts';
import type { Ending } from './taskResult.ts';
import { wishOf } from './wish.ts';

/** What a server may have done here. */
export interface Consent {
  /** Counts a task of the server; how it ends when it is one too many for this minute. */
  tooMany(): Ending | undefined;
  /**
   * Whether the task may be done: resolves with undefined when it may, else with how it ends. Undefined: nobody has to be
   * asked. Rejects with the signal's reason.
   */
  ask(task: Task, signal: AbortSignal): Promise<Ending | undefined> | undefined;
  /** What waits for the person's word goes on when the settings do not want it any more. */
  settingsChanged(): void;
}

/** The person is asked where the settings say so; where nobody can be asked nothing is allowed. */
export function createConsent(host: Pick<Host, 'mayRun'>, settings: () => Settings, clock: Clock): Consent {
  const open = new Set<() => void>();
  const pace = new Pace(clock);
  return {
    tooMany() {
      const { tasksPerMinute } = settings().server;
      if (pace.take(tasksPerMinute)) return undefined;
      return { status: 'failed', failure: failures.tooManyTasks(tasksPerMinute) };
    },
    ask(task, signal) {
      if (settings().server.tasks === 'allow') return undefined;
      const wish = wishOf(task);
      if (!wish.ok) return Promise.resolve({ status: 'failed', failure: wish.failure });
      if (!host.mayRun) return Promise.resolve({ status: 'failed', failure: failures.nobodyToAsk() });
      const server = parseServerUrl(settings().server.url);
      const request: TaskRequest = {
        task: headOf(task),
        wish: wish.value,
        ...(server.ok && { origin: server.value.origin, host: server.value.host }),
      };
      const question = new AbortController();
      const closed = AbortSignal.any([signal, question.signal]);
      const answered = host
        .mayRun(request, closed)
        .then((may): Ending | undefined => (may ? undefined : { status: 'failed', failure: failures.notAllowed() }));
      const unasked = new Promise<undefined>((resolve) => {
        const allow = () => resolve(undefined);
        open.add(allow);
        closed.addEventListener('abort', () => open.delete(allow), { once: true });
      });
      return Promise.race([answered, unasked]).finally(() => question.abort());
    },
    settingsChanged() {
      if (settings().server.tasks === 'allow') for (const allow of [...open]) allow();
    },
  };
}

/** What a person is asked about. */
export interface TaskRequest {
  readonly task: TaskHead;
  /** What the server wants, to go on after "asks to"; partly its own words. */
  readonly wish: string;
  /** `scheme://host:port`, and the host to read; absent when no server is signed in to. */
  readonly origin?: string;
  readonly host?: string;
}
