import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dialect } from '../../../src/agent/connection/dialects/dialect.ts';
import { mesh } from '../../../src/agent/connection/dialects/mesh.ts';
import { key, makeWorld, resultOf, self, typesOf } from './connectionWorld.ts';

test('it presents the key and the agent in headers, without a subprotocol', async () => {
  const { network, established } = makeWorld();
  await established();
  assert.deepEqual(network.last.target, {
    url: 'wss://mesh.example.com/ws?token=query-canary',
    headers: { Authorization: `Bearer ${key}`, 'X-Agent-ID': self.id, 'X-Agent-Type': 'ide' },
    connectTimeoutMs: 10_000,
    maxIncomingBytes: 2 * 1024 * 1024,
  });
});

test('the registration is the first frame and names the running tasks', async () => {
  const { network, connection, clock } = makeWorld();
  connection.connect();
  await clock.advance(30);
  const [first] = network.last.texts;
  assert.equal(first?.['type'], 'agent.register');
  assert.deepEqual(first?.['running_tasks'], ['t-0']);
  assert.deepEqual(network.last.pings, ['1']);
});

test('it is connected when the server acknowledges the registration, and says so after the state', async () => {
  const { established, words, kinds, connection } = makeWorld();
  const order: string[] = [];
  connection.onState((state) => order.push(state.kind));
  connection.onWord((word) => order.push(word.kind));
  await established();
  assert.deepEqual(new Set(kinds()), new Set(['connecting', 'connected']));
  assert.deepEqual(words, [{ kind: 'registered', agentId: self.id }]);
  assert.deepEqual(order.slice(0, 3), ['connecting', 'connected', 'registered']);
});

test('a server that stays silent has registered us after two seconds', async () => {
  const { connection, clock, words } = makeWorld();
  connection.connect();
  await clock.advance(1900);
  assert.equal(connection.state.kind, 'connecting');
  await clock.advance(200);
  assert.equal(connection.state.kind, 'connected');
  assert.deepEqual(words, [{ kind: 'registered', agentId: self.id }]);
});

test('a late acknowledgement changes the agent id and does not register twice', async () => {
  const { connection, clock, network, words } = makeWorld();
  connection.connect();
  await clock.advance(2100);
  network.last.send('{"type":"agent.registered","agent_id":"server-7","features":["ack"]}');
  await clock.advance(10);
  assert.equal(connection.state.kind === 'connected' && connection.state.agentId, 'server-7');
  assert.equal(words.filter((word) => word.kind === 'registered').length, 1);
});

test('the agent id that the server gave is used for the next connection, too', async () => {
  const { established, clock, network } = makeWorld();
  (await established({ agent_id: 'server-7' })).cut();
  await clock.advance(400);
  assert.equal(network.peers.length, 2);
  assert.equal(network.last.target.headers['X-Agent-ID'], 'server-7');
  assert.equal(network.last.texts[0]?.['agent_id'], 'server-7');
});

test('work that comes before any acknowledgement proves the registration', async () => {
  const { connection, clock, network, words } = makeWorld();
  connection.connect();
  await clock.advance(20);
  network.last.send('{"type":"task.assigned","payload":{"id":"t-1","type":"analysis"}}');
  await clock.advance(10);
  assert.equal(connection.state.kind, 'connected');
  assert.deepEqual(
    words.map((word) => word.kind),
    ['registered', 'task'],
  );
});

test('nothing can be sent before the registration', async () => {
  const { connection, clock } = makeWorld();
  assert.equal(connection.send({ kind: 'capabilities' }), undefined);
  connection.connect();
  await clock.advance(20);
  assert.equal(connection.send({ kind: 'capabilities' }), undefined);
});

test('a heartbeat goes out at the registration and every 30 seconds', async () => {
  const { established, clock } = makeWorld();
  const peer = await established();
  const beats = () => typesOf(peer).filter((type) => type === 'agent.heartbeat').length;
  await clock.advance(10);
  assert.equal(beats(), 1);
  await clock.advance(29_000);
  assert.equal(beats(), 1);
  await clock.advance(1_100);
  assert.equal(beats(), 2);
  await clock.advance(300_000);
  assert.equal(beats(), 12);
});

test('the round trip of the pings is the latency of the state', async () => {
  const { established, clock, connection, network } = makeWorld();
  network.latencyMs = 40;
  connection.connect();
  await clock.advance(2500);
  assert.equal(connection.state.kind === 'connected' && connection.state.latencyMs, 80);
  await established();
});

test('a result is delivered by its ack and by nothing else', async () => {
  const { established, clock, connection, words } = makeWorld();
  const peer = await established();
  const id = connection.send(resultOf('t-1'));
  await clock.advance(20_000);
  const delivered = () => words.filter((word) => word.kind === 'delivered');
  assert.deepEqual(delivered(), []);
  peer.send(`{"type":"ack","id":"${id}"}`);
  peer.send(`{"type":"ack","id":"${id}"}`);
  peer.send('{"type":"ack","id":"somebody-else"}');
  await clock.advance(10);
  assert.deepEqual(delivered(), [{ kind: 'delivered', messageId: id }]);
});

test('without acks a result is delivered by the pong of a ping that was sent after it', async () => {
  const { established, clock, connection, words, network } = makeWorld();
  const peer = await established({});
  await clock.advance(20);
  peer.answersPings = false;
  const id = connection.send(resultOf('t-1'));
  await clock.advance(10);
  assert.deepEqual(peer.pings, ['1', '2']);
  assert.equal(typesOf(peer).at(-1), 'task.complete');
  peer.pong('1');
  peer.pong('99');
  peer.pong('nonsense');
  await clock.advance(10);
  assert.ok(!words.some((word) => word.kind === 'delivered'));
  peer.pong('2');
  await clock.advance(10);
  assert.deepEqual(words.at(-1), { kind: 'delivered', messageId: id });
  assert.equal(network.peers.length, 1);
});

test('a pong that was asked for before the result proves nothing about it', async () => {
  const { established, clock, connection, words } = makeWorld();
  const peer = await established({});
  await clock.advance(20);
  peer.answersPings = false;
  const first = connection.send(resultOf('t-1'));
  const second = connection.send(resultOf('t-2'));
  await clock.advance(10);
  peer.pong('2');
  await clock.advance(10);
  const delivered = () => words.flatMap((word) => (word.kind === 'delivered' ? [word.messageId] : []));
  assert.deepEqual(delivered(), [first]);
  assert.equal(peer.pings.at(-1), '3');
  peer.pong('3');
  await clock.advance(10);
  assert.deepEqual(delivered(), [first, second]);
});

test('a burst of results is proven by two pings, not by one each', async () => {
  const { established, clock, connection, words } = makeWorld();
  const peer = await established({});
  await clock.advance(20);
  for (let index = 0; index < 200; index++) connection.send(resultOf(`t-${index}`));
  await clock.advance(100);
  assert.equal(words.filter((word) => word.kind === 'delivered').length, 200);
  assert.deepEqual(peer.pings, ['1', '2', '3']);
});

test('a pong after a reconnect proves nothing about the connection before', async () => {
  const { established, clock, connection, words, network } = makeWorld();
  const peer = await established({});
  peer.answersPings = false;
  await clock.advance(20);
  connection.send(resultOf('t-1'));
  peer.cut();
  await clock.advance(3000);
  assert.equal(network.peers.length, 2);
  assert.ok(!words.some((word) => word.kind === 'delivered'));
});

test('an error about a result is passed on, and its pong delivers it no more', async () => {
  const { established, clock, connection, words } = makeWorld();
  const peer = await established({});
  await clock.advance(20);
  peer.answersPings = false;
  const id = connection.send(resultOf('t-1'));
  peer.send(`{"type":"error","error":"not assigned to this agent","code":403,"id":"${id}"}`);
  peer.pong('2');
  await clock.advance(20);
  assert.deepEqual(words.at(-1), {
    kind: 'refused',
    reason: 'disowned',
    text: 'not assigned to this agent',
    about: id,
  });
});

for (const [server, features] of [
  ['acknowledges', ['ack']],
  ['usually says nothing', []],
] as const) {
  test(`a server that ${server} may refuse a result for the moment and acknowledge it all the same`, async () => {
    const { established, clock, connection, words } = makeWorld();
    const peer = await established({ features });
    await clock.advance(20);
    peer.answersPings = false;
    const passing = connection.send(resultOf('t-1'));
    const final = connection.send(resultOf('t-2'));
    peer.send(`{"type":"error","error":"busy","code":503,"id":"${passing}"}`);
    peer.send(`{"type":"error","error":"bad field","code":400,"id":"${final}"}`);
    peer.pong('2');
    await clock.advance(500);
    for (const id of [passing, passing, final]) peer.send(`{"type":"ack","id":"${id}"}`);
    await clock.advance(20);
    const delivered = words.flatMap((word) => (word.kind === 'delivered' ? [word.messageId] : []));
    assert.deepEqual(delivered, [passing]);
  });
}

test('an application-level ping is answered', async () => {
  const { established, clock } = makeWorld();
  const peer = await established();
  peer.send('{"type":"ping"}');
  await clock.advance(20);
  assert.equal(peer.received.at(-1), '{"type":"pong"}');
});

test('nonsense is ignored, the connection lives, and a flood of it does not flood the log', async () => {
  const { established, clock, connection, log, network } = makeWorld();
  const peer = await established();
  const before = log.length;
  for (let index = 0; index < 1000; index++) {
    peer.send('not json');
    peer.send('{"type":"never.heard"}');
  }
  await clock.advance(10);
  assert.equal(connection.state.kind, 'connected');
  assert.equal(network.peers.length, 1);
  assert.ok(log.length - before <= 20, `${log.length - before} records`);
});

test('a result that is too large goes out shortened and under the limit', async () => {
  const { established, clock, connection } = makeWorld();
  const peer = await established();
  const findings = Array.from({ length: 3000 }, (_, id) => ({ id, severity: 'low', description: 'x'.repeat(500) }));
  assert.ok(connection.send(resultOf('t-1', { summary: 's', findings })));
  await clock.advance(20);
  const text = peer.received.at(-1) ?? '';
  assert.ok(Buffer.byteLength(text) <= mesh.maxFrameBytes);
  assert.ok(Buffer.byteLength(text) > mesh.maxFrameBytes - 2000);
  assert.ok(JSON.parse(text).payload.result.truncated.dropped > 0);
});

test('another message that is too large is not sent', async () => {
  const { established, clock, connection } = makeWorld();
  const peer = await established();
  await clock.advance(20);
  const before = peer.received.length;
  assert.equal(connection.send({ kind: 'error', code: 'x', text: 'y'.repeat(1_000_000) }), undefined);
  await clock.advance(20);
  assert.equal(peer.received.length, before);
});

test('a server that hangs up on a large frame gets smaller ones from then on', async () => {
  const { established, clock, connection, network } = makeWorld();
  const peer = await established();
  const body = {
    summary: 's',
    findings: Array.from({ length: 100 }, () => ({ severity: 'low', text: 'x'.repeat(1000) })),
  };
  connection.send(resultOf('t-1', body));
  await clock.advance(20);
  const size = Buffer.byteLength(peer.received.at(-1) ?? '');
  peer.close(1009);
  await clock.advance(2500);
  connection.send(resultOf('t-1', body));
  await clock.advance(20);
  const again = Buffer.byteLength(network.last.received.at(-1) ?? '');
  assert.ok(again <= size / 2 && again > size / 3, `${size}, then ${again}`);
});

test('while the line is full progress is dropped and results are not', async () => {
  const { established, connection } = makeWorld();
  const peer = await established();
  peer.stopsReading = true;
  const progress = { kind: 'progress', taskId: 't', progress: 0.5, message: 'm', stage: 's' } as const;
  assert.ok(connection.send(progress));
  for (let index = 0; index < 6; index++) connection.send(resultOf(`t-${index}`, { text: 'x'.repeat(800_000) }));
  assert.equal(connection.send(progress), undefined);
  assert.ok(connection.send(resultOf('t-9')));
});

test('a dialect that has to ask for news asks as often as it wants to', async () => {
  const polling: Dialect = {
    name: 'mcp',
    maxFrameBytes: 1000,
    open: (...given) => ({
      ...mesh.open(...given),
      pollEvery: 5000,
      poll: () => ['{"poll":true}'],
    }),
  };
  const { established, clock } = makeWorld({ dialect: polling });
  const peer = await established();
  await clock.advance(10_100);
  assert.equal(peer.received.filter((text) => text === '{"poll":true}').length, 3);
  peer.cut();
  await clock.advance(10);
  assert.equal(peer.received.filter((text) => text === '{"poll":true}').length, 3);
});

test('a dialect whose server always answers is registered by the answer alone, or not at all', async () => {
  const answering: Dialect = {
    ...mesh,
    open: (...given) => ({ ...mesh.open(...given), silenceMeansRegistered: undefined }),
  };
  const silent = makeWorld({ dialect: answering });
  silent.connection.connect();
  await silent.clock.advance(9_900);
  assert.deepEqual(silent.kinds(), ['connecting']);
  await silent.clock.advance(200);
  assert.equal(silent.states[1]?.kind === 'waiting' && silent.states[1].failure.code, 'connect-timeout');

  const answered = makeWorld({ dialect: answering });
  await answered.established();
  await answered.clock.advance(60_000);
  assert.equal(answered.network.peers.length, 1);
});

test('neither the key nor the query of the address is in a log, a state or a word', async () => {
  const { established, clock, connection, log, states, words, network } = makeWorld();
  const peer = await established();
  peer.send(`{"type":"error","error":"bad key ${key}","code":500}`);
  peer.send(`{"type":"${key}"}`);
  await clock.advance(10);
  peer.close(1012, `who is ${key}?`);
  network.reception = { kind: 'error', code: 'EODD', message: `cannot send ${key}` };
  await clock.advance(60_000);
  network.reception = 'accept';
  connection.connect();
  await clock.advance(20);
  network.last.send(`{"type":"error","error":"registration of ${key} failed","code":400}`);
  await clock.advance(10);
  const everything = JSON.stringify([log, states, words]);
  assert.ok(everything.includes('who is [key]?') && everything.includes('cannot send [key]'));
  assert.ok(everything.includes('registration of [key] failed') && everything.includes('bad key [key]'));
  assert.ok(!everything.includes(key));
  assert.ok(!everything.includes('query-canary'));
});
