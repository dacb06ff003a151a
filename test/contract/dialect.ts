import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Decoded, Dialect, DialectSession, Encoded } from '../../src/agent/connection/dialects/dialect.ts';
import type { AgentIdentity, Incoming, Outgoing } from '../../src/agent/connection/messages.ts';
import type { Clock } from '../../src/agent/shared/clock.ts';
import { FakeClock } from '../fakes/fakeClock.ts';

/** What went before on the same connection. */
type Step = { readonly say: Outgoing } | { readonly hear: unknown } | { readonly poll: true };

/**
 * One real message of a dialect, with what it means: a file of test/fixtures/<dialect>/. `<1>` stands for the first id
 * that the session made, `<2>` for the second, and so on.
 */
type Fixture =
  | {
      readonly direction: 'in';
      readonly before?: readonly Step[];
      readonly text?: string;
      readonly frame?: unknown;
      readonly decoded: Decoded;
    }
  | {
      readonly direction: 'out';
      readonly before?: readonly Step[];
      readonly say: Outgoing;
      /** The frames as JSON; `<id>` stands for the message id. None where the dialect has no way to say it. */
      readonly frames: readonly unknown[];
      readonly delivery: Encoded['delivery'];
    };

export const self: AgentIdentity = {
  id: '2f4f7a3e-8c0e-4e0b-9d52-2a3f7f3a7b10',
  name: 'Visual Studio Code on nova',
  version: '1.0.0',
  capabilities: [
    {
      name: 'code_analysis',
      confidence: 0.92,
      taskTypes: ['code_review'],
      languages: ['go'],
      specialties: ['security'],
    },
  ],
  config: { agent_id: '2f4f7a3e-8c0e-4e0b-9d52-2a3f7f3a7b10', version: 1 },
};

const outgoingKinds: Readonly<Record<Outgoing['kind'], true>> = {
  register: true,
  heartbeat: true,
  accepted: true,
  progress: true,
  result: true,
  health: true,
  capabilities: true,
  configApplied: true,
  error: true,
};

export interface DialectUnderTest {
  readonly dialect: Dialect;
  /** What a server of this dialect can say at all. */
  readonly hears: readonly Incoming['kind'][];
}

/** What every dialect owes the connection. Returns its fixtures' texts, for a fuzzer to start from. */
export function dialectContract({ dialect, hears }: DialectUnderTest): void {
  const folder = join(import.meta.dirname, '..', 'fixtures', dialect.name);
  const fixtures = readdirSync(folder).map((file) => ({ name: file.replace(/\.json$/, ''), ...read(folder, file) }));
  const open = (): DialectSession => prepared(dialect, []).session;

  describe(`dialect contract: ${dialect.name}`, () => {
    for (const fixture of fixtures) {
      if (fixture.direction === 'in') {
        test(`reads ${fixture.name}`, () => {
          const { session, fill, blank } = prepared(dialect, fixture.before ?? []);
          assert.deepEqual(blank(session.decode(fill(textOf(fixture)))), fixture.decoded);
        });
      } else {
        test(`writes ${fixture.name}`, () => {
          const { session, blank } = prepared(dialect, fixture.before ?? []);
          const { messageId, frames, delivery } = session.encode(fixture.say);
          const read = frames.map((frame) => blank(JSON.parse(frame.replaceAll(messageId, '<id>'))));
          assert.deepEqual(read, fixture.frames);
          assert.equal(delivery, fixture.delivery);
        });
      }
    }

    test('has a real message for everything we say', () => {
      const said = new Set(fixtures.map((fixture) => (fixture.direction === 'out' ? fixture.say.kind : undefined)));
      assert.deepEqual(
        Object.keys(outgoingKinds).filter((kind) => !said.has(kind as Outgoing['kind'])),
        [],
      );
    });

    test('has a real message for everything its server says, an unknown one and a malformed one', () => {
      const decoded = fixtures.flatMap((fixture) => (fixture.direction === 'in' ? [fixture.decoded] : []));
      const heard = new Set<string>();
      for (const one of decoded) {
        heard.add(one.kind);
        if (one.kind === 'words') for (const word of one.words) heard.add(word.kind);
      }
      assert.deepEqual(
        [...hears, 'unknown', 'malformed'].filter((kind) => !heard.has(kind)),
        [],
      );
    });

    test('gives every message an id of its own', () => {
      const session = open();
      const ids = Array.from({ length: 100 }, () => session.encode({ kind: 'capabilities' }).messageId);
      assert.equal(new Set(ids).size, 100);
    });

    test('writes text that breaks no frame: line breaks, lone surrogates, quotes', () => {
      const text = '\ud800 \u2028 "\n\u0000';
      const session = open();
      session.encode({ kind: 'register', runningTasks: [] });
      for (const frame of session.encode({ kind: 'error', code: 'x', text }).frames) {
        assert.equal(Buffer.from(frame, 'utf8').toString('utf8'), frame);
        assert.ok(!frame.includes('\n'));
        assert.ok(JSON.stringify(JSON.parse(frame)).includes(JSON.stringify(text).slice(1, -1)));
      }
    });

    test('never throws, whatever arrives, and gives nothing but words, unknown or malformed', () => {
      const real = fixtures.flatMap((fixture) => (fixture.direction === 'in' ? [textOf(fixture)] : []));
      const changed = fc
        .tuple(
          fc.constantFrom(...real.filter((text) => text.length < 1000)),
          fc.nat(),
          fc.string({ unit: 'binary', maxLength: 4 }),
        )
        .map(([text, at, piece]) => {
          const place = at % (text.length + 1);
          return text.slice(0, place) + piece + text.slice(place + piece.length);
        });
      const keyed = fc.dictionary(
        fc.constantFrom(
          'jsonrpc',
          'method',
          'params',
          'result',
          'status',
          'type',
          'Type',
          'payload',
          'id',
          'task_id',
          'error',
          'code',
          'priority',
          'deadline',
          '__proto__',
        ),
        fc.jsonValue(),
      );
      const typed = fc
        .tuple(fc.constantFrom('', ...typesOf(real)), keyed)
        .map(([type, rest]) => JSON.stringify({ ...rest, type }));
      const frame = fc.oneof(
        changed,
        typed,
        fc.string({ unit: 'binary' }),
        fc.json(),
        keyed.map((value) => JSON.stringify(value)),
      );
      let { session, fill } = prepared(dialect, []);
      let runs = 0;
      fc.assert(
        fc.property(frame, (text) => {
          // Each time at another point of a conversation.
          if (++runs % 20 === 0) {
            const fixture = fixtures[(runs / 20) % fixtures.length];
            ({ session, fill } = prepared(dialect, fixture?.before ?? []));
          }
          const decoded = session.decode(fill(text));
          assert.ok(['words', 'unknown', 'malformed'].includes(decoded.kind));
          if (decoded.kind === 'words') for (const word of decoded.words) checkWord(word);
          if (decoded.kind !== 'unknown') for (const reply of decoded.replies) JSON.parse(reply);
          assert.equal(Reflect.get({}, 'polluted'), undefined);
        }),
        { numRuns: 20_000, seed: 20251110 },
      );
    });
  });
}

interface Prepared {
  readonly session: DialectSession;
  /** Puts the session's ids where a fixture has their numbers. */
  fill(text: string): string;
  /** The other way round, in everything that is JSON. */
  blank<T>(value: T): T;
}

function prepared(dialect: Dialect, before: readonly Step[]): Prepared {
  const clock = new FakeClock({ start: Date.UTC(2025, 10, 10, 9) });
  const ids: string[] = [];
  const watched: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, callback) => clock.after(ms, callback),
    random: () => clock.random(),
    uuid: () => {
      const id = clock.uuid();
      ids.push(id);
      return id;
    },
  };
  const session = dialect.open(self, watched, () => dialect.maxFrameBytes);
  const fill = (text: string) => text.replace(/<(\d+)>/g, (token, number) => ids[Number(number) - 1] ?? token);
  const blank = <T>(value: T): T =>
    JSON.parse(ids.reduce((text, id, index) => text.replaceAll(id, `<${index + 1}>`), JSON.stringify(value)));
  for (const step of before) {
    if ('say' in step) session.encode(step.say);
    else if ('poll' in step) session.poll();
    else {
      const decoded = session.decode(fill(JSON.stringify(step.hear)));
      assert.equal(decoded.kind, 'words', `what went before is not understood: ${JSON.stringify(decoded)}`);
    }
  }
  return { session, fill, blank };
}

function checkWord(word: Incoming): void {
  if (word.kind === 'task') {
    const { id, priority, deadline, origin } = word.task;
    assert.ok(id.length > 0 && id.length <= 255);
    assert.ok(['low', 'normal', 'high', 'critical'].includes(priority));
    assert.ok(deadline === undefined || (Number.isInteger(deadline) && deadline > 0));
    assert.equal(origin, 'server');
  }
  if (word.kind === 'cancel') assert.ok(word.taskId.length > 0);
  if (word.kind === 'registered' && word.agentId !== undefined) assert.match(word.agentId, /^[\x21-\x7e]+$/);
}

function read(folder: string, file: string): Fixture {
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

function textOf(fixture: Extract<Fixture, { direction: 'in' }>): string {
  return fixture.text ?? JSON.stringify(fixture.frame);
}

function typesOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => /"[Tt]ype":"([a-z.]+)"/.exec(text)?.[1] ?? []))];
}
