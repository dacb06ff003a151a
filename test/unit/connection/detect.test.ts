import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DialectMemory, detecting } from '../../../src/agent/connection/dialects/detect.ts';
import type { Dialect } from '../../../src/agent/connection/dialects/dialect.ts';
import { envelope } from '../../../src/agent/connection/dialects/envelope.ts';
import { createMcp } from '../../../src/agent/connection/dialects/mcp.ts';
import { mesh } from '../../../src/agent/connection/dialects/mesh.ts';
import { makeWorld } from './connectionWorld.ts';

function detection(known?: Dialect['name']) {
  const memory = { known };
  const kept: DialectMemory = {
    recall: () => memory.known,
    remember: (name) => {
      memory.known = name;
    },
    forget: () => {
      memory.known = undefined;
    },
  };
  return { memory, world: makeWorld({ dialect: detecting({ mesh, envelope, mcp: createMcp() }, kept) }) };
}
const greeted = (frame: Readonly<Record<string, unknown>> | undefined) => frame?.['method'] === 'initialize';
const byGuide = (frame: Readonly<Record<string, unknown>> | undefined) => frame?.['type'] === 'agent.register';

test('a silent server is spoken to by the guide on the same connection, and remembered as soon as it bore that', async () => {
  const { memory, world } = detection();
  world.connection.connect();
  await world.clock.advance(2_900);
  assert.deepEqual(world.network.last.texts.map(greeted), [true]);
  await world.clock.advance(300);
  assert.ok(byGuide(world.network.last.texts[1]));
  assert.deepEqual(world.kinds(), ['connecting']);
  await world.clock.advance(2_100);
  assert.equal(world.connection.state.kind === 'connected' && world.connection.state.dialect, 'mesh');
  assert.equal(world.network.peers.length, 1);
  assert.equal(memory.known, 'mesh', 'before the connection ends: a process may end first');
  world.network.last.cut();
  await world.clock.advance(2_000);
  assert.ok(byGuide(world.network.last.texts[0]), 'the second connection asks nothing');
});

test('a server that answers the hello in the words of the guide gets the registration at once', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.send('{"type":"error","error":"no type","code":400}');
  await world.clock.advance(20);
  assert.ok(byGuide(world.network.last.texts[1]));
  world.network.last.send('{"type":"agent.registered","features":["ack"]}');
  await world.clock.advance(20);
  assert.equal(world.connection.state.kind, 'connected');
});

for (const code of [1000, 1002, 1003, 1007, 1008]) {
  test(`a server that closes with ${code} on the hello is met by the guide at once, and once`, async () => {
    const { world } = detection();
    world.connection.connect();
    await world.clock.advance(20);
    world.network.last.close(code);
    await world.clock.advance(30);
    assert.equal(world.network.peers.length, 2);
    assert.ok(byGuide(world.network.last.texts[0]));
    world.network.last.close(1000);
    await world.clock.advance(10);
    const { state } = world.connection;
    assert.equal(state.kind === 'waiting' && state.failure.code, 'no-dialect-fits');
    await world.clock.advance(2_000);
    assert.ok(greeted(world.network.peers[2]?.texts[0]), 'then it begins anew');
  });
}

test('a key that the server refuses by a close after the guide still stops the tries', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.close(1000);
  await world.clock.advance(30);
  world.network.last.close(1008);
  await world.clock.advance(10);
  assert.equal(world.connection.state.kind, 'attention');
});

for (const code of [1005, 1011, 4000, 4004, 4400]) {
  test(`a server that wants the registration first and closes with ${code} on the hello is registered on the second connection, and remembered`, async () => {
    const { memory, world } = detection();
    world.connection.connect();
    await world.clock.advance(20);
    world.network.last.close(code);
    await world.clock.advance(30);
    world.network.last.send('{"type":"agent.registered"}');
    await world.clock.advance(20);
    assert.equal(world.connection.state.kind, 'connected');
    assert.equal(world.network.peers.length, 2);
    assert.ok(!world.kinds().includes('waiting'));
    assert.equal(memory.known, 'mesh');
  });
}

test('a server that says what is wrong and then hangs up is registered on the second connection as well', async () => {
  for (const code of [1000, 1008, 4400]) {
    const { memory, world } = detection();
    world.connection.connect();
    await world.clock.advance(20);
    world.network.last.send('{"type":"error","error":"expected agent.register","code":401}');
    world.network.last.close(code);
    await world.clock.advance(30);
    assert.ok(byGuide(world.network.last.texts[0]));
    world.network.last.send('{"type":"agent.registered"}');
    await world.clock.advance(20);
    assert.equal(world.connection.state.kind, 'connected');
    assert.equal(world.network.peers.length, 2);
    assert.equal(memory.known, 'mesh');
  }
});

test('a server that answers the hello by refusing the key has refused the key', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.send('{"type":"error","error":"invalid api key","code":401}');
  world.network.last.close(1008);
  await world.clock.advance(60_000);
  assert.equal(world.connection.state.kind, 'attention');
  assert.equal(world.network.peers.length, 1);
});

for (const code of [1001, 1012, 1013]) {
  test(`a server that goes away with ${code} after the hello is greeted again`, async () => {
    const { world } = detection();
    world.connection.connect();
    await world.clock.advance(20);
    world.network.last.close(code);
    await world.clock.advance(300);
    assert.ok(greeted(world.network.last.texts[0]));
    assert.equal(world.network.peers.length, 2);
  });
}

test('a line that breaks on the hello may be an answer: next is the guide, and after that the hello again', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.cut();
  await world.clock.advance(30);
  assert.equal(world.network.peers.length, 2);
  assert.ok(byGuide(world.network.last.texts[0]));
  world.network.last.close(1000);
  await world.clock.advance(10);
  const { state } = world.connection;
  assert.equal(state.kind === 'waiting' && state.failure.code, 'connection-lost', 'the hello was never refused');
  await world.clock.advance(2_000);
  assert.ok(greeted(world.network.peers[2]?.texts[0]));
});

test('what is remembered is not asked again, and forgotten after two connections in vain', async () => {
  const { memory, world } = detection('mcp');
  world.connection.connect();
  await world.clock.advance(20);
  assert.equal(world.network.last.texts[0]?.['type'], undefined, 'no hello, but its own first message');
  world.network.last.close(1000);
  await world.clock.advance(2_000);
  assert.equal(memory.known, 'mcp');
  world.network.last.close(1000);
  await world.clock.advance(3_000);
  assert.equal(memory.known, undefined);
  assert.equal(world.network.last.texts[0]?.['type'], 0, 'the hello');
});

for (const known of ['envelope', 'mcp'] as const) {
  test(`a server remembered as ${known} that is silent on its registration is asked anew at once`, async () => {
    const { memory, world } = detection(known);
    world.connection.connect();
    await world.clock.advance(9_900);
    assert.equal(memory.known, known);
    await world.clock.advance(300);
    assert.equal(memory.known, undefined);
    assert.equal(world.network.peers.length, 2);
    assert.equal(world.network.last.texts[0]?.['type'], 0, 'the hello');
    assert.equal(world.network.live, 1);
    await world.clock.advance(5_100);
    assert.equal(world.connection.state.kind === 'connected' && world.connection.state.dialect, 'mesh');
    assert.ok(!world.kinds().includes('waiting'));
  });
}

test('a server remembered for the guide that now speaks otherwise is asked anew', async () => {
  const { memory, world } = detection('mesh');
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.send('{"jsonrpc":"2.0","error":{"code":-32600,"message":"Method not found"}}\n');
  await world.clock.advance(2_000);
  assert.equal(memory.known, undefined);
  assert.ok(greeted(world.network.last.texts[0]));
});

test('a refused hello is a refused registration', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  const id = world.network.last.texts[0]?.['id'];
  world.network.last.send(JSON.stringify({ id, type: 3, error: { code: 4001, message: 'Unauthorized' } }));
  await world.clock.advance(20);
  assert.equal(world.connection.state.kind, 'attention');
});

test('an MCP server that wants another form of the hello gets its own', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  const { id } = world.network.last.texts[0] ?? {};
  world.network.last.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message: 'capabilities' } }));
  await world.clock.advance(20);
  const second = world.network.last.texts[1];
  assert.ok(greeted(second));
  assert.deepEqual(Object.keys(second ?? {}), ['jsonrpc', 'id', 'method', 'params']);
});

test('an MCP server that cannot even read the id of the hello gets its own', async () => {
  const { world } = detection();
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.send('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}');
  await world.clock.advance(20);
  assert.deepEqual(Object.keys(world.network.last.texts[1] ?? {}), ['jsonrpc', 'id', 'method', 'params']);
});

test('the three seconds of silence are waited for once, whoever restarts', async () => {
  const { memory, world } = detection();
  world.connection.connect();
  await world.clock.advance(3_100);
  const given = '{"type":"task.assigned","payload":{"id":"t-1","type":"code_review","payload":{}}}';
  world.network.last.send(given);
  await world.clock.advance(20);
  assert.ok(world.words.some(({ kind }) => kind === 'task'));
  assert.equal(memory.known, 'mesh');
  const later = detection(memory.known);
  later.world.connection.connect();
  await later.world.clock.advance(20);
  assert.ok(byGuide(later.world.network.last.texts[0]), 'the next life asks nothing');
  later.world.network.last.send(given);
  await later.world.clock.advance(20);
  assert.ok(later.world.words.some(({ kind }) => kind === 'task'));
});

test('a remembered server that does not understand its dialect any more is asked anew without a wait', async () => {
  const { memory, world } = detection('mcp');
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.close(1003);
  await world.clock.advance(30);
  assert.equal(memory.known, 'mcp', 'once may be an accident');
  world.network.last.close(1003);
  await world.clock.advance(30);
  assert.equal(memory.known, undefined);
  assert.equal(world.network.last.texts[0]?.['type'], 0, 'the hello');
  world.network.last.close(1003);
  await world.clock.advance(30);
  assert.ok(byGuide(world.network.last.texts[0]));
  world.network.last.close(1003);
  await world.clock.advance(10);
  const { state } = world.connection;
  assert.equal(state.kind === 'waiting' && state.failure.code, 'no-dialect-fits');
  assert.ok(state.kind === 'waiting' && state.retryInMs >= 60_000);
  assert.equal(world.network.peers.length, 4);
});

test('a remembered server that closes for its policy has refused the key, but is asked anew by the next try', async () => {
  const { memory, world } = detection('mcp');
  world.connection.connect();
  await world.clock.advance(20);
  world.network.last.close(1008);
  await world.clock.advance(60_000);
  assert.equal(world.connection.state.kind, 'attention');
  assert.equal(world.network.peers.length, 1);
  assert.equal(memory.known, undefined);
});
