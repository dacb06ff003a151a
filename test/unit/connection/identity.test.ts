import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { detecting } from '../../../src/agent/connection/dialects/detect.ts';
import { envelope } from '../../../src/agent/connection/dialects/envelope.ts';
import { createMcp } from '../../../src/agent/connection/dialects/mcp.ts';
import { mesh } from '../../../src/agent/connection/dialects/mesh.ts';
import { openNameMemory } from '../../../src/agent/connection/memories.ts';
import { makeWorld, resultOf, self } from './connectionWorld.ts';

const readableId = 'ide-nova-2f4f7a3e';

test('the name a server gave is used in the next life, in the header, the registration and every message', async () => {
  const names: (string | undefined)[] = [];
  const first = makeWorld({ assigned: (id) => names.push(id) });
  await first.established({ agent_id: 'server-7' });
  await first.established({ agent_id: 'server-7' });
  assert.deepEqual([...names], ['server-7']);

  const next = makeWorld({ self: { assignedId: 'server-7' }, assigned: (id) => names.push(id) });
  const peer = await next.established({});
  assert.equal(next.connection.state.kind === 'connected' && next.connection.state.agentId, 'server-7');
  assert.equal(peer.target.headers['X-Agent-ID'], 'server-7');
  next.connection.send(resultOf('t-1'));
  await next.clock.advance(10);
  assert.deepEqual([...new Set(peer.texts.map((frame) => frame['agent_id']))], ['server-7']);
  assert.deepEqual([...names], ['server-7']);
});

test('a server that takes the name back, or does not know it any more, gets our own', async () => {
  const names: (string | undefined)[] = [];
  const world = makeWorld({ self: { assignedId: 'server-7' }, assigned: (id) => names.push(id) });
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.send('{"type":"error","error":"unknown agent","code":404}');
  await world.clock.advance(300);
  assert.deepEqual([...names], [undefined]);
  assert.equal(world.network.last.texts[0]?.['agent_id'], self.id);

  const other = makeWorld({ self: { assignedId: 'server-7' }, assigned: (id) => names.push(id) });
  await other.established({ agent_id: self.id });
  assert.deepEqual([...names], [undefined, undefined]);
});

test('what a server calls us is kept beside the journal, for that server alone', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'names-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const open = (url: string) => openNameMemory(folder, url, () => {});
  (await open('wss://a.example.com/ws?token=x')).remember('server-7');
  for (let tries = 0; tries < 200 && (await open('wss://a.example.com/ws')).recall() === undefined; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal((await open('wss://a.example.com/ws')).recall(), 'server-7');
  assert.equal((await open('wss://b.example.com/ws')).recall(), undefined);
});

for (const [name, then] of [
  ['mesh', 'mesh'],
  ['the numeric envelope', 'envelope'],
] as const) {
  test(`a server that spoke MCP and now speaks ${name} never hears the readable id where a UUID is wanted`, async () => {
    const kept: { known: typeof mesh.name | undefined } = { known: 'mcp' };
    const memory = {
      recall: () => kept.known,
      remember: (word: typeof mesh.name) => {
        kept.known = word;
      },
      forget: () => {
        kept.known = undefined;
      },
    };
    const dialect = detecting({ mesh, envelope, mcp: createMcp() }, memory);
    const world = makeWorld({ dialect, self: { readableId } });
    const { connection, clock, network } = world;
    connection.connect();
    await clock.advance(20);
    const older = {
      jsonrpc: '2.0',
      id: network.last.texts[0]?.['id'],
      result: { serverInfo: { name: 'developer-mesh-mcp' } },
    };
    network.last.send(JSON.stringify(older));
    await clock.advance(20);
    const asked = network.last.texts.find((frame) => frame['method'] === 'x-devmesh/agent/register');
    network.last.send(JSON.stringify({ jsonrpc: '2.0', id: asked?.['id'], result: {} }));
    await clock.advance(20);
    assert.equal(connection.state.kind === 'connected' && connection.state.agentId, readableId);

    // Another server took the place of the first.
    network.last.close(1001);
    while (kept.known === 'mcp') {
      await clock.advance(100);
      if (network.live > 0) network.last.close(1000);
    }
    const from = network.peers.length - 1;
    for (let step = 0; step < 100 && connection.state.kind !== 'connected'; step++) {
      await clock.advance(100);
      const last = network.last.texts.at(-1);
      if (network.live === 0 || last === undefined) continue;
      if (then === 'mesh') network.last.send('{"type":"agent.registered"}');
      else network.last.send(JSON.stringify({ id: last['id'], type: 1, result: {} }));
    }
    assert.equal(connection.state.kind === 'connected' && connection.state.dialect, then);
    assert.equal(connection.state.kind === 'connected' && connection.state.agentId, self.id);
    const frames = network.peers.slice(from).flatMap(({ texts }) => texts);
    for (const frame of frames) {
      const { agentId, clientInfo, ...params } = Object(frame['params']);
      // Only who speaks MCP may read the readable one, in the hello.
      assert.ok(!JSON.stringify([{ ...frame, params }, agentId]).includes(readableId), JSON.stringify(frame));
    }
    assert.equal(network.last.target.headers['X-Agent-ID'], self.id);
  });
}

test('acknowledgements of what nobody waits for are nothing odd, and those of nothing are', async () => {
  const { established, connection, clock, log } = makeWorld();
  const peer = await established();
  const ids = [connection.send({ kind: 'accepted', taskId: 't-1' })];
  ids.push(connection.send({ kind: 'progress', taskId: 't-1', progress: 0.5, message: 'm', stage: 's' }));
  for (const frame of peer.texts) ids.push(String(frame['id']));
  for (const id of ids) peer.send(JSON.stringify({ type: 'ack', id }));
  await clock.advance(20);
  assert.deepEqual(
    log.filter((line) => line.includes('ack')),
    [],
  );
  peer.send('{"type":"ack","id":"never-sent"}');
  await clock.advance(20);
  assert.equal(log.filter((line) => line.includes('an ack for nothing')).length, 1);
});

test('a server that acknowledges without having said so has the result all the same, once', async () => {
  const { established, connection, clock, words } = makeWorld();
  const peer = await established({});
  peer.answersPings = false;
  const id = connection.send(resultOf('t-1'));
  peer.send(JSON.stringify({ type: 'ack', id }));
  await clock.advance(20);
  peer.pong(peer.pings.at(-1) ?? '');
  await clock.advance(20);
  assert.equal(words.filter(({ kind }) => kind === 'delivered').length, 1);
});

test('a registration that is too large names fewer tasks, and goes out in any case', async () => {
  const world = makeWorld({ dialect: { ...mesh, maxFrameBytes: 2_000 } });
  world.running = Array.from({ length: 500 }, (_, n) => `task-${n}`);
  world.connection.connect();
  await world.clock.advance(20);
  const [frame] = world.network.last.texts;
  const named = Object(frame)['running_tasks'];
  assert.ok(Array.isArray(named) && named.length > 50 && named.length < 500);
  assert.ok(Buffer.byteLength(world.network.last.received[0] ?? '') <= 2_000);
  world.network.last.close(1009);
  await world.clock.advance(300);
  assert.ok(Buffer.byteLength(world.network.last.received[0] ?? '') <= 1_100, 'never the same again');
});

test('a task that is told to everybody and meant for another agent is not taken, and does not end the registration', async () => {
  const world = makeWorld();
  const { connection, clock, network, words } = world;
  connection.connect();
  await clock.advance(20);
  const others =
    '{"type":"task.assigned","payload":{"id":"t-1","type":"analysis","agent_id":"somebody-else","payload":{}}}';
  network.last.send(others);
  await clock.advance(20);
  assert.equal(connection.state.kind, 'connecting');
  await world.established();
  network.last.send(others);
  await clock.advance(20);
  assert.deepEqual(
    words.filter(({ kind }) => kind === 'task'),
    [],
  );
});
