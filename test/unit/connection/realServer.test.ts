import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Connection, createConnection } from '../../../src/agent/connection/connection.ts';
import { mesh } from '../../../src/agent/connection/dialects/mesh.ts';
import type { Incoming } from '../../../src/agent/connection/messages.ts';
import type { ConnectionState } from '../../../src/agent/connection/state.ts';
import { createOpenSocket } from '../../../src/agent/connection/webSocket.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import { resultOf, self } from './connectionWorld.ts';

describe('over real sockets', () => {
  let server: MeshServer;
  let connections: Connection[];
  beforeEach(async () => {
    server = await MeshServer.start();
    connections = [];
  });
  afterEach(async () => {
    for (const connection of connections) connection.dispose();
    await server.stop();
  });

  function connect(key = server.key): { connection: Connection; words: Incoming[]; states: ConnectionState[] } {
    const connection = createConnection({
      server: { url: server.url, key },
      self,
      dialect: mesh,
      openSocket: createOpenSocket(systemClock),
      clock: systemClock,
      log: () => {},
      runningTasks: () => [],
      health: () => ({
        status: 'healthy',
        activeTasks: 0,
        queuedTasks: 0,
        completedTasks: 0,
        failedTasks: 0,
        uptimeSeconds: 0,
      }),
    });
    connections.push(connection);
    const words: Incoming[] = [];
    const states: ConnectionState[] = [];
    connection.onWord((word) => words.push(word));
    connection.onState((state) => states.push(state));
    connection.connect();
    return { connection, words, states };
  }
  const reached = <T>(subscribe: (listener: (value: T) => void) => unknown, fits: (value: T) => boolean) =>
    new Promise<T>((resolve) => subscribe((value) => fits(value) && resolve(value)));

  test('a task goes out, its result comes in, and the ack comes back', async () => {
    const { connection } = connect();
    await reached(connection.onState, (state) => state.kind === 'connected');
    const task = reached(connection.onWord, (word) => word.kind === 'task');
    const id = server.assign({ type: 'code_review', payload: { code: 'x' } });
    const word = await task;
    assert.equal(word.kind === 'task' && word.task.id, id);
    connection.send({ kind: 'accepted', taskId: id });
    const delivered = reached(connection.onWord, (heard) => heard.kind === 'delivered');
    const messageId = connection.send(resultOf(id));
    assert.deepEqual(await delivered, { kind: 'delivered', messageId });
    assert.equal(server.tasks.of(id).accepted.length, 1);
    assert.equal(server.tasks.effectiveResults(id), 1);
  });

  test('a server that knows no acks proves the result by its pong', async () => {
    server.ack = false;
    const { connection } = connect();
    await reached(connection.onState, (state) => state.kind === 'connected');
    const delivered = reached(connection.onWord, (word) => word.kind === 'delivered');
    const messageId = connection.send(resultOf('t-1'));
    assert.deepEqual(await delivered, { kind: 'delivered', messageId });
    assert.equal(server.tasks.of('t-1').results.length, 1);
  });

  test('the latency of a living connection becomes known', async () => {
    const { connection } = connect();
    const state = await reached(connection.onState, (one) => one.kind === 'connected' && one.latencyMs !== undefined);
    assert.ok(state.kind === 'connected' && (state.latencyMs ?? -1) >= 0);
  });

  test('a wrong key is presented once', async () => {
    const { connection } = connect('wrong');
    await reached(connection.onState, (state) => state.kind === 'attention');
    connection.connect();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(
      server.upgrades.map((upgrade) => upgrade.status),
      [401],
    );
  });

  test('a redirect is not followed, so the key reaches no other address', async () => {
    const elsewhere = await MeshServer.start();
    try {
      server.refuseUpgrades({ status: 302, location: elsewhere.url.replace('ws:', 'http:') });
      const { connection } = connect();
      const state = await reached(connection.onState, (one) => one.kind === 'waiting');
      assert.equal(state.kind === 'waiting' && state.failure.code, 'upgrade-refused');
      await server.waitFor(() => server.upgrades.length >= 2);
      assert.equal(elsewhere.upgrades.length, 0);
    } finally {
      await elsewhere.stop();
    }
  });

  test('it comes back after the server closed with 1000, cut the line, or was restarted', async () => {
    connect();
    await server.waitFor(() => server.received('agent.register').length === 1);
    server.closeAll(1000, 'Connection closed by server');
    await server.waitFor(() => server.received('agent.register').length === 2);
    server.cut();
    await server.waitFor(() => server.received('agent.register').length === 3);
    await server.stop();
    await server.listen();
    await server.waitFor(() => server.received('agent.register').length === 4);
    assert.equal(server.mostOpen, 1);
  });
});
