import type { Memento } from 'vscode';
import type { Host } from '../agent/host.ts';
import type { TaskRequest } from '../agent/tasks/consent.ts';
import { plainLine } from './plainText.ts';

/** Asks the person whether a server's tasks may be done, one question at a time. */
export interface TaskConsent {
  readonly mayRun: NonNullable<Host['mayRun']>;
  /** For a task whose question was closed without an answer. */
  askAgain(taskId: string): void;
  /** The server of this origin is asked about again. */
  withdraw(origin: string): Promise<void>;
}

interface Question {
  readonly request: TaskRequest;
  readonly answer: (may: boolean) => void;
  state: 'waiting' | 'shown' | 'closed';
}

/** Origins that are always allowed. */
const memoryKey = 'developerMesh.allowedServers';
const once = 'Allow Once';
const always = 'Always Allow This Server';
const refuse = 'Refuse';

export interface TaskConsentParts {
  /** Of this installation, and never of a workspace. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
  /** Resolves with the button, or undefined when the question was closed. */
  ask(sentence: string, buttons: readonly string[]): PromiseLike<string | undefined>;
  /** A word in passing. */
  tell(sentence: string): void;
}

export function createTaskConsent({ memory, ask, tell }: TaskConsentParts): TaskConsent {
  const open = new Map<string, Question>();
  const allowed = () => memory.get<readonly string[]>(memoryKey, []);

  async function show(question: Question): Promise<void> {
    const { request } = question;
    question.state = 'shown';
    const buttons = request.origin === undefined ? [once, refuse] : [once, always, refuse];
    const pressed = await ask(sentence(request, open.size - 1), buttons);
    const { origin } = request;
    if (open.get(request.task.id) !== question) {
      if (pressed) tell('That task is over');
    } else if (pressed === always && origin !== undefined) {
      await memory.update(memoryKey, [...new Set([...allowed(), origin])]);
      for (const one of [...open.values()]) if (one.request.origin === origin) one.answer(true);
    } else if (pressed === once || pressed === refuse) question.answer(pressed === once);
    else question.state = 'closed';
  }

  function showNext(): void {
    const questions = [...open.values()];
    const next = questions.find(({ state }) => state === 'waiting');
    if (!next || questions.some(({ state }) => state === 'shown')) return;
    void show(next).then(showNext);
  }

  return {
    mayRun(request, signal) {
      signal.throwIfAborted();
      if (request.origin !== undefined && allowed().includes(request.origin)) return Promise.resolve(true);
      return new Promise((resolve, reject) => {
        const { id } = request.task;
        const gone = () => {
          open.delete(id);
          reject(signal.reason);
          showNext();
        };
        const answer = (may: boolean) => {
          open.delete(id);
          signal.removeEventListener('abort', gone);
          resolve(may);
        };
        open.set(id, { request, answer, state: 'waiting' });
        signal.addEventListener('abort', gone, { once: true });
        showNext();
      });
    },
    askAgain(taskId) {
      const question = open.get(taskId);
      if (question?.state === 'closed') void show(question).then(showNext);
    },
    async withdraw(origin) {
      if (allowed().includes(origin))
        await memory.update(
          memoryKey,
          allowed().filter((one) => one !== origin),
        );
    },
  };
}

/** `others`: how many more questions wait. */
function sentence({ host, wish }: TaskRequest, others: number): string {
  const asks = plainLine(`${host ?? 'A server'} asks to ${wish}`, 200);
  const more = others === 0 ? '' : others === 1 ? ' One more task waits.' : ` ${others} more tasks wait.`;
  return `${asks}. The result goes back to it.${more}`;
}
