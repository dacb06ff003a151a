import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type Connection, createConnection } from '../../src/agent/connection/connection.ts';
import type { Dialect } from '../../src/agent/connection/dialects/dialect.ts';
import type { Incoming } from '../../src/agent/connection/messages.ts';
import type { ConnectionState } from '../../src/agent/connection/state.ts';
import { createOpenSocket } from '../../src/agent/connection/webSocket.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import type { TaskResult } from '../../src/agent/tasks/task.ts';
import { self } from './dialect.ts';

/** One kind of server on a real socket, told what to do and asked what it saw, in the same words for all of them. */
export interface ServerUnderTest {
  readonly url: string;
  readonly key: string;
  stop(): Promise<void>;
  waitFor(isTrue: () => boolean): Promise<void>;
  /** Agents that are registered or known, over all time. */
  registrations(): number;
  heartbeats(): number;
  /** Cuts the TCP connections: no close frame. */
  cut(): void;
  closeAll(code: number): void;
  refuseUpgrades(...refusals: readonly { readonly status: number; readonly retryAfter?: string }[]): void;
  /** Times it hung up on a client for what the client sent. */
  hangUps(): number;
  upgrades(): number;
  /** Undefined for a server that can give none. */
  readonly work?: WorkOfServer;
}

export interface WorkOfServer {
  /** A review of `code` in Go. Returns the task's id. */
  assign(code: string): string;
  /** The same task said once more. */
  assignAgain(id: string): void;
  cancel(id: string): void;
  /** Undefined where the server is never told. */
  accepted: ((id: string) => number) | undefined;
  progress: ((id: string) => number) | undefined;
  /** Results that took effect: text to look for findings in, and how it stands. */
  results(id: string): readonly { readonly status: 'completed' | 'failed' | 'cancelled'; readonly text: string }[];
  /** Refuses the next result for now. */
  throttle(): void;
  /** The largest frame it takes. */
  readonly mostBytes: number;
  /** The result after the first was taken is confirmed or refused as finished. */
  readonly tellsFinished: boolean;
}

export interface Client {
  readonly connection: Connection;
  readonly states: ConnectionState[];
  readonly words: Incoming[];
  readonly running: Set<string>;
  until(isTrue: () => boolean, what: string): Promise<void>;
}

/**
 * The same scenarios over every kind of server; `dialect` makes a new one for each. Over 300 lines, because one list of
 * scenarios is what makes the servers comparable.
 */
export function serverContract(
  name: string,
  start: () => Promise<ServerUnderTest>,
  dialect: () => Dialect,
  expected: Dialect['name'],
  givesWork = true,
): void {
  describe(`server contract: ${name}`, () => {
    const open: (() => unknown)[] = [];
    after(async () => {
      for (const end of open.reverse()) await end();
    });

    /** A scenario that only a server with work can be put through; another has none of it, rather than one that says nothing. */
    const withWork = (title: string, run: () => Promise<void>) => {
      if (givesWork) test(title, run);
    };
    async function world(key?: string): Promise<{ server: ServerUnderTest; client: Client }> {
      const server = await start();
      open.push(() => server.stop());
      const client = connect(server, dialect(), key ?? server.key);
      open.push(() => client.connection.dispose());
      return { server, client };
    }
    async function registered() {
      const { server, client } = await world();
      client.connection.connect();
      await client.until(() => heard(client, 'registered').length === 1, 'registered');
      return { server, client };
    }
    test('connects and registers, and neither side hangs up on the other', async () => {
      const { server, client } = await registered();
      assert.equal(client.connection.state.kind === 'connected' && client.connection.state.dialect, expected);
      await server.waitFor(() => server.registrations() > 0);
      assert.equal(server.hangUps(), 0);
    });

    test('shows sign of life', async () => {
      const { server } = await registered();
      await server.waitFor(() => server.heartbeats() > 0);
    });

    test('registers again after a close with 1000 and after a cut, on one connection at a time', async () => {
      const { server, client } = await registered();
      server.closeAll(1000);
      await client.until(() => heard(client, 'registered').length === 2, 'registered twice');
      server.cut();
      await client.until(() => heard(client, 'registered').length === 3, 'registered three times');
      assert.equal(server.hangUps(), 0);
    });

    test('presents a wrong key once', async () => {
      const { server, client } = await world('wrong');
      client.connection.connect();
      await client.until(() => client.connection.state.kind === 'attention', 'attention');
      client.connection.connect();
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.equal(server.upgrades(), 1);
    });

    test('comes back after it was asked to wait', async () => {
      const { server, client } = await world();
      server.refuseUpgrades({ status: 429, retryAfter: '1' });
      const since = performance.now();
      client.connection.connect();
      await client.until(() => heard(client, 'registered').length === 1, 'registered');
      assert.ok(performance.now() - since >= 990);
    });

    test('gives tasks, or says in so many words that it cannot', async () => {
      const { server, client } = await registered();
      assert.equal(server.work !== undefined, givesWork);
      if (!server.work) {
        await client.until(() => heard(client, 'noTasks').length === 1, 'noTasks');
        assert.equal(client.connection.send({ kind: 'result', result: resultOf('t-1') }), undefined);
        return;
      }
      const id = server.work.assign('func main(){}');
      await client.until(() => heard(client, 'task').length === 1, 'a task');
      const [word] = heard(client, 'task');
      assert.equal(word?.task.id, id);
      assert.equal(word?.task.type, 'code_review');
      assert.match(JSON.stringify(word?.task.payload), /func main/);
      assert.equal(heard(client, 'noTasks').length, 0);
    });

    withWork('hears that a task is accepted and how far it is, where it can', async () => {
      const { server, client } = await registered();
      assert.ok(server.work);
      const id = server.work.assign('x');
      await client.until(() => heard(client, 'task').length === 1, 'a task');
      const { accepted, progress } = server.work;
      client.connection.send({ kind: 'accepted', taskId: id });
      client.connection.send({ kind: 'progress', taskId: id, progress: 0.5, message: 'half', stage: 'model' });
      if (accepted) await server.waitFor(() => accepted(id) === 1);
      if (progress) await server.waitFor(() => progress(id) === 1);
      assert.equal(server.hangUps(), 0);
    });

    for (const status of ['completed', 'failed'] as const) {
      withWork(`takes a result that is ${status}, and says that it has it`, async () => {
        const { server, client } = await registered();
        assert.ok(server.work);
        const id = server.work.assign('x');
        await client.until(() => heard(client, 'task').length === 1, 'a task');
        client.connection.send({ kind: 'accepted', taskId: id });
        const messageId = client.connection.send({ kind: 'result', result: resultOf(id, status) });
        await client.until(() => heard(client, 'delivered').some((word) => word.messageId === messageId), 'delivered');
        assert.deepEqual(
          server.work.results(id).map((result) => result.status),
          [status],
        );
      });
    }

    withWork('a cancelled task is heard of', async () => {
      const { server, client } = await registered();
      assert.ok(server.work);
      const { work } = server;
      const id = work.assign('x');
      await client.until(() => heard(client, 'task').length === 1, 'a task');
      client.running.add(id);
      client.connection.send({ kind: 'accepted', taskId: id });
      if (work.accepted) await server.waitFor(() => work.accepted?.(id) === 1);
      work.cancel(id);
      await client.until(() => heard(client, 'cancel').some(({ taskId }) => taskId === id), 'a cancellation');
    });

    withWork('a result that is sent again after a lost connection takes effect once', async () => {
      const { server, client } = await registered();
      assert.ok(server.work);
      const { work } = server;
      const id = work.assign('x');
      await client.until(() => heard(client, 'task').length === 1, 'a task');
      client.connection.send({ kind: 'accepted', taskId: id });
      client.connection.send({ kind: 'result', result: resultOf(id) });
      await server.waitFor(() => work.results(id).length === 1);
      server.cut();
      await client.until(() => heard(client, 'registered').length === 2, 'registered twice');
      const again = client.connection.send({ kind: 'result', result: resultOf(id) });
      await client.until(
        () =>
          heard(client, 'delivered').some(({ messageId }) => messageId === again) ||
          heard(client, 'refused').some(({ about, reason }) => about === again && reason === 'finished'),
        'the second answer',
      );
      assert.equal(work.results(id).length, 1);
      assert.equal(heard(client, 'refused').filter(({ about }) => about === again).length, work.tellsFinished ? 1 : 0);
    });

    withWork('a task that is said twice is the same task', async () => {
      const { server, client } = await registered();
      assert.ok(server.work);
      const id = server.work.assign('x');
      await client.until(() => heard(client, 'task').length >= 1, 'a task');
      server.work.assignAgain(id);
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.deepEqual([...new Set(heard(client, 'task').map(({ task }) => task.id))], [id]);
    });

    withWork('a result that is too large is cut by severity with a mark, and nobody hangs up', async () => {
      const { server, client } = await registered();
      assert.ok(server.work);
      const { work } = server;
      const id = work.assign('x');
      await client.until(() => heard(client, 'task').length === 1, 'a task');
      client.connection.send({ kind: 'accepted', taskId: id });
      const finding = (severity: string) => ({ severity, description: 'd'.repeat(work.mostBytes / 40) });
      const findings = [...Array.from({ length: 79 }, () => finding('low')), finding('critical')];
      client.connection.send({ kind: 'result', result: resultOf(id, 'completed', { summary: 's', findings }) });
      await server.waitFor(() => work.results(id).length === 1);
      const text = work.results(id)[0]?.text ?? '';
      assert.ok(text.length < work.mostBytes);
      assert.match(text, /"severity":"critical"/);
      assert.match(text, /"truncated":\{"dropped":\d+/);
      assert.equal(server.hangUps(), 0);
    });

    withWork('a result that is refused for the moment is told to be so, and passes later', async () => {
      const { server, client } = await registered();
      assert.ok(server.work);
      const { work } = server;
      const id = work.assign('x');
      await client.until(() => heard(client, 'task').length === 1, 'a task');
      client.connection.send({ kind: 'accepted', taskId: id });
      if (work.accepted) await server.waitFor(() => work.accepted?.(id) === 1);
      work.throttle();
      const first = client.connection.send({ kind: 'result', result: resultOf(id) });
      await client.until(
        () => heard(client, 'refused').some(({ about, reason }) => about === first && reason === 'rate'),
        'a refusal',
      );
      const second = client.connection.send({ kind: 'result', result: resultOf(id) });
      await client.until(() => heard(client, 'delivered').some(({ messageId }) => messageId === second), 'delivered');
      assert.equal(work.results(id).length, 1);
    });

    test('says goodbye without making the server angry', async () => {
      const { server, client } = await registered();
      client.connection.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(server.hangUps(), 0);
      assert.equal(client.connection.state.kind, 'off');
    });
  });
}

export function connect(server: { readonly url: string }, dialect: Dialect, key: string): Client {
  const states: ConnectionState[] = [];
  const words: Incoming[] = [];
  const running = new Set<string>();
  const watchers = new Set<() => void>();
  const connection = createConnection({
    server: { url: server.url, key },
    self,
    dialect,
    openSocket: createOpenSocket(systemClock),
    clock: systemClock,
    log: () => {},
    runningTasks: () => [...running],
    health: () => ({
      status: 'healthy',
      activeTasks: 0,
      queuedTasks: 0,
      completedTasks: 0,
      failedTasks: 0,
      uptimeSeconds: 0,
    }),
  });
  const changed = () => {
    for (const look of [...watchers]) look();
  };
  connection.onWord((word) => {
    words.push(word);
    changed();
  });
  connection.onState((state) => {
    states.push(state);
    changed();
  });
  return {
    connection,
    states,
    words,
    running,
    until: (isTrue, what) =>
      new Promise((resolve, reject) => {
        const done = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const look = () => {
          if (!isTrue()) return;
          done();
          resolve();
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`not within 8 s: ${what}; heard ${words.map(({ kind }) => kind).join(', ')}`));
        }, 8000);
        watchers.add(look);
        look();
      }),
  };
}

export function heard<K extends Incoming['kind']>(client: Client, kind: K): Extract<Incoming, { kind: K }>[] {
  return client.words.filter((word): word is Extract<Incoming, { kind: K }> => word.kind === kind);
}

function resultOf(
  taskId: string,
  status: 'completed' | 'failed' = 'completed',
  result: object = { summary: 's', findings: [] },
): TaskResult {
  return {
    task_id: taskId,
    status,
    result: status === 'completed' ? result : null,
    metadata: { static_issues: 0, ai_suggestions: 0, confidence: 1, duration_ms: 1, not_reviewed: [] },
    ...(status === 'failed' && { error: 'The model was not available.' }),
    completed_at: '2025-11-10T09:00:00.000Z',
  };
}
