import { failures } from '../../src/agent/failures.ts';
import { type Model, type ModelEvent, type ModelRequest, noTokens } from '../../src/agent/models/model.ts';

/** One answer: the events as they are to come. `hang` waits for the abort. */
export type Script = readonly (ModelEvent | 'hang')[];

/** A model without a service: gives the queued answers in order, or what `onRequest` makes of a request. */
export class ScriptedModel implements Model {
  readonly id: string;
  readonly requests: ModelRequest[] = [];
  /** Calls under way now, and the most there ever were. */
  active = 0;
  mostActive = 0;
  /** Calls that got to the end of their script; the others were aborted, or left early. */
  completed = 0;
  onRequest: ((request: ModelRequest) => Script | Promise<Script>) | undefined;
  readonly #queue: Script[] = [];

  constructor(id = 'scripted-model', ...answers: readonly Script[]) {
    this.id = id;
    this.queue(...answers);
  }

  queue(...answers: readonly Script[]): void {
    this.#queue.push(...answers);
  }

  async *stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    this.requests.push(request);
    this.active += 1;
    this.mostActive = Math.max(this.mostActive, this.active);
    try {
      const script = this.#queue.shift() ?? (await this.onRequest?.(request));
      if (!script) throw new Error('No answer is scripted.');
      for (const step of script) {
        // A turn of the event loop, as a network has between two events.
        await new Promise((resolve) => setImmediate(resolve));
        if (step === 'hang') await aborted(signal);
        if (signal.aborted || step === 'hang') {
          return yield { kind: 'failed', failure: failures.cancelled(), tokens: noTokens };
        }
        const isEnd = step.kind === 'done' || step.kind === 'failed';
        if (isEnd) this.completed += 1;
        yield step;
        if (isEnd) return;
      }
      throw new Error('The script has no terminal event.');
    } finally {
      this.active -= 1;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** An answer that fills in the form with `input`, in pieces of `length` characters. */
export function formAnswer(input: unknown, length = 40): Script {
  const json = typeof input === 'string' ? input : JSON.stringify(input);
  const pieces = json.match(new RegExp(`[^]{1,${length}}`, 'gu')) ?? [];
  const tokens = { input: 100, output: pieces.length, cache_read: 0, cache_write: 0 };
  return [...pieces.map((piece) => ({ kind: 'input', json: piece }) as const), { kind: 'done', tokens }];
}
