import type { Clock } from '../../../shared/clock.ts';
import type { Fields } from '../../fields.ts';
import { batchIdOf } from './rpc.ts';

/** What a batch was for. */
export type Purpose =
  | { readonly kind: 'question'; readonly at: number }
  | { readonly kind: 'result'; readonly taskId: string; readonly tool: Tool }
  /**
   * How a task stands before its result counts: `text` is the refusal that said it was finished; without one it is not
   * certain that the task is still ours, and the server would take a result from anybody. `sent`: the result has had an
   * answer, and that was lost.
   */
  | {
      readonly kind: 'check';
      readonly taskId: string;
      readonly tool: Tool;
      readonly text?: string;
      readonly sent?: true;
    }
  | { readonly kind: 'goodbye' };

export interface Tool {
  readonly id: string;
  readonly name: string;
  readonly arguments: object;
}

interface Batch {
  readonly purpose: Purpose;
  readonly tools: readonly Tool[];
  readonly nameless: boolean;
}

/** The batches that have no answer yet. */
export interface Batches {
  /** As a frame. */
  send(purpose: Purpose, tools: readonly Tool[], id?: string): string;
  /** What was sent about this task and has no answer: nobody waits for that any more. */
  forget(taskId: string): void;
  /** It has its answer. */
  end(id: string): Purpose | undefined;
  /** Of a batch that was sent without an id: what it is called here. Of a refused one, undefined: the next in turn. */
  idOf(result: Fields | undefined): string | undefined;
  /** There was an answer, and it was lost on the way: once more, in another way. Undefined when there is none left. */
  lost(
    id: string,
    tools: (purpose: Purpose) => { purpose: Purpose; tools: readonly Tool[] } | undefined,
  ): string | undefined;
  /** A question is waiting for its answer; one without any for so long is given up. */
  isAsking(): boolean;
  /** What an answer may hold at most, in tasks. */
  readonly mostListed: number;
}

const mostListed = 50;
const unansweredMs = 60_000;

/** `write`: a batch of at most ten tools as a frame, whose answer comes back under `id`; undefined: without one. */
export function createBatches(
  clock: Clock,
  write: (id: string | undefined, tools: readonly object[]) => string,
): Batches {
  /** In the order in which they are answered. */
  const open = new Map<string, Batch>();
  let limit = mostListed;
  /**
   * The server loses an answer of more than 32 KiB, or breaks characters in it. It cuts up answers to an id only, and
   * answers notifications as well, so those come whole.
   */
  let nameless = false;

  function send(purpose: Purpose, tools: readonly Tool[], id = clock.uuid(), again = false): string {
    const short = purpose.kind === 'result' || purpose.kind === 'goodbye';
    const withoutId = again || (nameless && !short);
    open.delete(id);
    open.set(id, { purpose, tools, nameless: withoutId });
    if (!withoutId) return write(id, tools);
    return write(
      undefined,
      tools.map((tool) => ({ ...tool, id: `${id} ${tool.id}` })),
    );
  }

  return {
    send: (purpose, tools, id) => send(purpose, tools, id),
    forget: (taskId) => {
      for (const [id, { purpose }] of open) if ('taskId' in purpose && purpose.taskId === taskId) open.delete(id);
    },
    end: (id) => {
      const batch = open.get(id);
      open.delete(id);
      return batch?.purpose;
    },
    idOf: (result) => {
      const id = result ? batchIdOf(result) : [...open].find(([, batch]) => batch.nameless)?.[0];
      return id !== undefined && open.get(id)?.nameless === true ? id : undefined;
    },
    lost: (id, instead) => {
      const batch = open.get(id);
      if (!batch || batch.nameless) return undefined;
      nameless = true;
      const { purpose, tools } = instead(batch.purpose) ?? batch;
      return send(purpose, tools, id, true);
    },
    isAsking: () => {
      for (const [id, batch] of open) {
        if (batch.purpose.kind !== 'question') continue;
        if (clock.monotonic() - batch.purpose.at < unansweredMs) return true;
        open.delete(id);
        if (!batch.nameless) continue;
        // It does not answer notifications after all; then the answer must become shorter.
        nameless = false;
        limit = Math.max(1, Math.floor(limit / 2));
      }
      return false;
    },
    get mostListed() {
      return limit;
    },
  };
}
