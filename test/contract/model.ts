import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Model, ModelEvent, ModelRequest } from '../../src/agent/models/model.ts';

/** What one implementation needs to be tried: the model, and a hand on the service behind it. */
export interface ModelWorld {
  readonly model: Model;
  /** The next call is answered with this form, in many small pieces. */
  answer(json: string): void;
  /** The next call is answered with pieces and never ends by itself. */
  answerWithoutEnd(): void;
  /** The next call gets one piece and then silence. */
  fallSilent(): void;
  /** The next call gets some pieces and then breaks. */
  breakOff(): void;
  /** Nobody answers the next call. */
  ignore(): void;
  /** Calls that the service saw being left before they were answered in full. */
  callsLeft(): number;
  /** Calls that the service was ever asked. */
  callsSeen(): number;
  dispose(): Promise<void>;
}

export const request: ModelRequest = {
  system: 'You review code.',
  prompt: 'const a = 1;',
  maxTokens: 2000,
  tool: { name: 'report', description: 'Reports findings.', schema: { type: 'object' } },
};

const longForm = JSON.stringify({
  findings: Array.from({ length: 30 }, (_, id) => ({ id, title: `größer → ${id} 🚀` })),
});

/** All events; asking on after the end must bring nothing more. */
async function collect(stream: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  for (let step = await iterator.next(); !step.done; step = await iterator.next()) events.push(step.value);
  assert.equal((await iterator.next()).done, true, 'something came after the end');
  return events;
}

function assertEndsOnce(events: readonly ModelEvent[]): ModelEvent {
  const terminal = events.filter(({ kind }) => kind === 'done' || kind === 'failed');
  assert.equal(terminal.length, 1, `${terminal.length} terminal events`);
  const last = events.at(-1);
  assert.ok(last && last === terminal[0], 'the terminal event is not the last');
  return last;
}

function assertCancelled(event: ModelEvent): void {
  assert.equal(event.kind === 'failed' ? event.failure.code : event.kind, 'cancelled');
}

function joined(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.kind === 'input' ? event.json : '')).join('');
}

/** Looks a bounded number of times. */
async function eventually(isTrue: () => boolean, what: string): Promise<void> {
  for (let polls = 0; polls < 200; polls += 1) {
    if (isTrue()) return;
    await pause(5);
  }
  assert.fail(what);
}

/** What every `Model` keeps. */
export function modelContract(name: string, open: () => Promise<ModelWorld>): void {
  describe(`a model (${name})`, () => {
    let world: ModelWorld;
    const free = new AbortController().signal;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.dispose());

    test('gives the pieces of the form in order and then says that it is done', async () => {
      world.answer(longForm);
      const events = await collect(world.model.stream(request, free));
      assert.equal(assertEndsOnce(events).kind, 'done');
      assert.equal(joined(events), longForm);
      assert.ok(events.length > 10, 'it came in one piece');
      assert.ok(events.every(({ kind }) => kind !== 'text'));
    });

    test('reports an answer that breaks off as a failure, and what came before stands', async () => {
      world.breakOff();
      const events = await collect(world.model.stream(request, free));
      const end = assertEndsOnce(events);
      assert.equal(end.kind, 'failed');
      assert.ok(joined(events).length > 0);
    });

    test('gives nothing when it is aborted beforehand', async () => {
      world.answer(longForm);
      const events = await collect(world.model.stream(request, AbortSignal.abort()));
      assertCancelled(assertEndsOnce(events));
      assert.equal(joined(events), '');
    });

    test('ends as cancelled when it is aborted before the first word', async () => {
      world.ignore();
      const abort = new AbortController();
      const ending = collect(world.model.stream(request, abort.signal));
      await eventually(() => world.callsSeen() === 1, 'the service was not called');
      abort.abort();
      assertCancelled(assertEndsOnce(await ending));
      await eventually(() => world.callsLeft() === 1, 'the call to the service goes on');
    });

    test('ends as cancelled when it is aborted while the service is silent', async () => {
      world.fallSilent();
      const abort = new AbortController();
      const events: ModelEvent[] = [];
      for await (const event of world.model.stream(request, abort.signal)) {
        events.push(event);
        if (event.kind === 'input') setImmediate(() => abort.abort());
      }
      assertCancelled(assertEndsOnce(events));
      await eventually(() => world.callsLeft() === 1, 'the call to the service goes on');
    });

    test('ends as cancelled when it is aborted between two pieces', async () => {
      world.answerWithoutEnd();
      const abort = new AbortController();
      const events: ModelEvent[] = [];
      for await (const event of world.model.stream(request, abort.signal)) {
        events.push(event);
        if (events.length === 3) abort.abort();
        assert.ok(events.length < 1000, 'the abort was not heard');
      }
      assertCancelled(assertEndsOnce(events));
      await eventually(() => world.callsLeft() === 1, 'the call to the service goes on');
    });

    test('lets the service go when the listener leaves early', async () => {
      world.answerWithoutEnd();
      let seen = 0;
      for await (const event of world.model.stream(request, free)) {
        assert.equal(event.kind, 'input');
        seen += 1;
        if (seen === 3) break;
      }
      await eventually(() => world.callsLeft() === 1, 'the call to the service goes on');
    });

    test('answers two requests at once without mixing them', async () => {
      const other = JSON.stringify({ other: Array.from({ length: 60 }, (_, id) => id) });
      world.answer(longForm);
      world.answer(other);
      const answers = await Promise.all([1, 2].map(() => collect(world.model.stream(request, free))));
      assert.deepEqual(answers.map(joined).sort(), [longForm, other].sort());
      for (const events of answers) assert.equal(assertEndsOnce(events).kind, 'done');
    });

    test('answers again after a failure, and an abort after the end does no harm', async () => {
      world.breakOff();
      world.answer(longForm);
      const abort = new AbortController();
      await collect(world.model.stream(request, abort.signal));
      const events = await collect(world.model.stream(request, abort.signal));
      abort.abort();
      assert.equal(assertEndsOnce(events).kind, 'done');
    });

    test('leaves no abort listener behind', async () => {
      const { signal } = new AbortController();
      const listeners = new Set<unknown>();
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners.add(args[1]);
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners.delete(args[1]);
        remove(...args);
      };
      for (let call = 0; call < 5; call += 1) {
        world.answer(longForm);
        await collect(world.model.stream(request, signal));
      }
      assert.equal(listeners.size, 0);
    });
  });
}
