import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMcp } from '../../../src/agent/connection/dialects/mcp.ts';
import type { SocketEnd } from '../../../src/agent/connection/socket.ts';
import type { ConnectionState } from '../../../src/agent/connection/state.ts';
import { makeWorld, resultOf } from './connectionWorld.ts';

const waiting = (state: ConnectionState) => {
  assert.equal(state.kind, 'waiting');
  return state as Extract<ConnectionState, { kind: 'waiting' }>;
};

for (const code of [1000, 1001, 1006, 1012, 1013]) {
  test(`a close with ${code} is followed by a new connection within 250 ms, and a new registration`, async () => {
    const { established, clock, network } = makeWorld();
    const peer = await established();
    if (code === 1006) peer.cut();
    else peer.close(code);
    await clock.advance(300);
    assert.equal(network.peers.length, 2);
    assert.equal(network.last.texts[0]?.['type'], 'agent.register');
  });
}

test('the waits grow, stay within their windows, and are told with the failure', async () => {
  const { connection, clock, network, states } = makeWorld();
  network.reception = { kind: 'error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };
  connection.connect();
  await clock.advance(3_600_000);
  const waits = states.filter((state) => state.kind === 'waiting').map(waiting);
  assert.ok(waits.length >= 12, String(waits.length));
  for (const [index, wait] of waits.entries()) {
    const window = index === 0 ? 250 : Math.min(300_000, 500 * 2 ** (index - 1));
    assert.ok(wait.retryInMs >= 0 && wait.retryInMs <= window, `${wait.retryInMs} of ${window}`);
    assert.equal(wait.attempt, index + 1);
    assert.equal(wait.failure.code, 'unreachable');
    assert.equal(wait.failure.detail, 'connect ECONNREFUSED');
  }
});

/** Two hundred agents lose a healthy connection at once; milliseconds from the return of the server to each registration. */
async function backOnline(outageMs: number): Promise<number[]> {
  const after: number[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const { established, clock, network, connection } = makeWorld({ seed });
    await established();
    await clock.advance(31_000);
    network.reception = { kind: 'error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };
    network.last.cut();
    const seen = network.peers.length;
    await clock.advance(outageMs);
    network.reception = 'accept';
    const from = clock.monotonic();
    let peers = network.peers.length;
    assert.ok(peers > seen);
    let registeredAfter: number | undefined;
    connection.onState(({ kind }) => {
      if (kind === 'connected') registeredAfter ??= clock.monotonic() - from;
    });
    for (let step = 0; step < 600 && connection.state.kind !== 'connected'; step++) {
      await clock.advance(10);
      if (network.peers.length === peers) continue;
      peers = network.peers.length;
      network.last.onText = () => network.last.send('{"type":"agent.registered"}');
    }
    connection.dispose();
    assert.ok(registeredAfter !== undefined);
    after.push(registeredAfter);
  }
  return after.sort((a, b) => a - b);
}

for (const outageMs of [2_000, 8_000, 30_000]) {
  test(`after an outage of ${outageMs / 1000} s agents are registered within a second, at worst five, and not in one moment`, async () => {
    const times = await backOnline(outageMs);
    const perWindow = new Map<number, number>();
    for (const ms of times) perWindow.set(Math.floor(ms / 100), (perWindow.get(Math.floor(ms / 100)) ?? 0) + 1);
    const windows = Math.floor((times[199] ?? 0) / 100) + 1;
    assert.ok((times[100] ?? 0) <= 1_000, `p50 ${times[100]}`);
    assert.ok((times[198] ?? 0) <= 5_000, `p99 ${times[198]}`);
    const peak = Math.max(...perWindow.values()) / (200 / windows);
    assert.ok(peak <= 3, `max/mean ${peak}`);
  });
}

test('two hundred agents that lost one server do not come back in one moment, even when it is there at once', async () => {
  const first: number[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const { established, clock, connection } = makeWorld({ seed });
    (await established()).cut();
    await clock.advance(10);
    // Some were so quick that they are connecting again.
    first.push(connection.state.kind === 'waiting' ? connection.state.retryInMs : 0);
  }
  const perWindow = [0, 50, 100, 150, 200].map((from) => first.filter((ms) => ms >= from && ms < from + 50).length);
  assert.ok(Math.max(...perWindow) <= 80, perWindow.join(' '));
});

test('an outage of minutes is met within seconds, and by windows that double after five of them', async () => {
  const { established, clock, network, states } = makeWorld();
  await established();
  await clock.advance(31_000);
  network.reception = { kind: 'error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' };
  network.last.cut();
  const lostAt = clock.monotonic();
  let soonest = 0;
  let soon = 0;
  const later: number[] = [];
  while (clock.monotonic() < lostAt + 3_600_000) {
    const seen = states.length;
    await clock.advance(250);
    for (const state of states.slice(seen)) {
      if (state.kind !== 'waiting') continue;
      const since = clock.monotonic() - lostAt;
      if (since > 300_250) later.push(state.retryInMs);
      else if (since > 60_250) soon = Math.max(soon, state.retryInMs);
      else soonest = Math.max(soonest, state.retryInMs);
    }
  }
  assert.ok(soonest > 1_000 && soonest <= 2_000, String(soonest));
  assert.ok(soon > 2_000 && soon <= 6_000, String(soon));
  for (const [index, ms] of later.entries()) assert.ok(ms <= Math.min(300_000, 8_000 * 2 ** index), `${index}: ${ms}`);
  assert.ok(Math.max(...later) > 100_000);
});

test('a server that takes everybody in and throws everybody out is hurried for one minute only', async () => {
  const { connection, clock, network } = makeWorld();
  connection.connect();
  for (let step = 0; step < 3_600; step++) {
    await clock.advance(1_000);
    if (network.live === 0) continue;
    network.last.send('{"type":"agent.registered"}');
    await clock.advance(10);
    network.last.close(1000);
  }
  assert.ok(network.peers.length < 100, String(network.peers.length));
});

test('a line that is cut again and again is met by quick tries each time, however short it held', async () => {
  const { established, clock, network, states } = makeWorld();
  await established();
  for (let cut = 0; cut < 6; cut++) {
    await clock.advance(5_000);
    network.reception = { kind: 'error', code: 'ENETUNREACH', message: 'connect ENETUNREACH' };
    network.last.silent = true;
    await clock.advance(25_000);
    const seen = states.length;
    network.reception = 'accept';
    await clock.advance(2_100);
    assert.equal(network.last.texts[0]?.['type'], 'agent.register', `cut ${cut}`);
    network.last.send('{"type":"agent.registered"}');
    await clock.advance(10);
    assert.equal(states.at(-1)?.kind, 'connected', `cut ${cut}: ${JSON.stringify(states.slice(seen))}`);
  }
});

test('a server that takes everybody in and never answers a ping is hurried for one minute only', async () => {
  const { connection, clock, network } = makeWorld();
  connection.onState(({ kind }) => {
    if (kind === 'connecting') network.last.answersPings = false;
  });
  connection.connect();
  for (let step = 0; step < 3_600; step++) {
    await clock.advance(1_000);
    if (connection.state.kind === 'connecting') network.last.send('{"type":"agent.registered"}');
  }
  assert.ok(network.peers.length < 100, String(network.peers.length));
});

for (const code of [1002, 1011, 4004, 4400, 4429, 4500]) {
  test(`after a close with ${code} the next try comes after a minute, or when the person says so`, async () => {
    const { established, connection, clock, network } = makeWorld();
    (await established()).close(code, 'why');
    await clock.advance(10);
    const { retryInMs, failure } = waiting(connection.state);
    assert.ok(retryInMs >= 60_000 && retryInMs <= 120_000, String(retryInMs));
    assert.match(failure.message, new RegExp(String(code)));
    await clock.advance(59_000);
    assert.equal(network.peers.length, 1);
    connection.connect();
    await clock.advance(20);
    assert.equal(network.peers.length, 2);
  });
}

const broken: SocketEnd = { kind: 'error', code: 'WS_ERR_INVALID_OPCODE', message: 'Invalid opcode' };
test('the third protocol error in a row is answered by slow tries, and a sound connection in between starts the count anew', async () => {
  const { connection, clock, network, states } = makeWorld();
  const ends: string[] = [];
  connection.connect();
  const breakIt = async () => {
    while (network.live === 0) await clock.advance(50);
    await clock.advance(20);
    network.last.end(broken);
    await clock.advance(0);
    const { failure, retryInMs } = waiting(connection.state);
    ends.push(failure.code);
    return retryInMs;
  };
  assert.ok((await breakIt()) < 60_000);
  assert.ok((await breakIt()) < 60_000);
  assert.ok((await breakIt()) >= 60_000);
  assert.deepEqual(ends, ['connection-lost', 'connection-lost', 'protocol-broken']);
  assert.ok((await breakIt()) >= 60_000);
  while (network.live === 0) await clock.advance(50);
  await clock.advance(20);
  network.last.close(1001);
  await clock.advance(10);
  assert.ok((await breakIt()) < 60_000);
  assert.ok(states.length > 0);
});

test('lines that break before every registration are taken for a fault of the server at the third', async () => {
  const { connection, clock, network } = makeWorld();
  connection.connect();
  const waits: number[] = [];
  for (let round = 0; round < 3; round++) {
    while (network.live === 0) await clock.advance(50);
    await clock.advance(20);
    network.last.cut();
    await clock.advance(6);
    waits.push(connection.state.kind === 'waiting' ? connection.state.retryInMs : 0);
  }
  assert.ok((waits[0] ?? 0) < 60_000 && (waits[1] ?? 0) < 60_000 && (waits[2] ?? 0) >= 60_000, waits.join(' '));
});

test('a busy server that names no time is not hurried', async () => {
  const { established, clock, network } = makeWorld();
  await established();
  await clock.advance(31_000);
  network.reception = { kind: 'upgradeRefused', status: 429 };
  network.last.cut();
  await clock.advance(60_000);
  assert.ok(network.peers.length < 16, String(network.peers.length));
});

test('only thirty healthy seconds start the count anew', async () => {
  const { connection, clock, network, established } = makeWorld();
  network.reception = { kind: 'closed', code: 1006, reason: '' };
  connection.connect();
  while (network.peers.length < 6) await clock.advance(100);
  network.reception = 'accept';
  connection.connect();
  await clock.advance(20);
  await established();
  network.last.cut();
  await clock.advance(6);
  assert.ok(waiting(connection.state).attempt > 6);
  await established();
  await clock.advance(31_000);
  network.reception = 'never answer';
  network.last.cut();
  await clock.advance(6);
  assert.equal(waiting(connection.state).attempt, 1);
});

const refusals: readonly [string, SocketEnd][] = [
  ['HTTP 401', { kind: 'upgradeRefused', status: 401 }],
  ['HTTP 403', { kind: 'upgradeRefused', status: 403 }],
  ['close 4001', { kind: 'closed', code: 4001, reason: '' }],
  ['close 1008', { kind: 'closed', code: 1008, reason: '' }],
  ['close 4401', { kind: 'closed', code: 4401, reason: '' }],
  ['close 4403', { kind: 'closed', code: 4403, reason: '' }],
  ['a key that fits into no header', { kind: 'error', code: 'ERR_INVALID_CHAR', message: 'Invalid character' }],
];
for (const [what, end] of refusals) {
  test(`after ${what} the key is never tried again`, async () => {
    const { connection, clock, network, kinds } = makeWorld();
    network.reception = end;
    connection.connect();
    await clock.advance(3_600_000);
    connection.connect();
    connection.disconnect();
    connection.connect();
    await clock.advance(3_600_000);
    assert.equal(network.peers.length, 1);
    assert.deepEqual(kinds(), ['connecting', 'attention', 'off', 'attention']);
    assert.equal(connection.state.kind === 'attention' && connection.state.failure.code, 'key-rejected');
    assert.equal(clock.pending, 0);
  });
}

test('a key that is revoked in the middle of a session stops the tries as well', async () => {
  const { established, clock, network, connection } = makeWorld();
  (await established()).close(4001, 'revoked');
  await clock.advance(600_000);
  assert.equal(network.peers.length, 1);
  assert.equal(connection.state.kind, 'attention');
});

test('an error message that refuses the key does so, too, before and after the registration', async () => {
  for (const registered of [false, true]) {
    const { established, clock, network, connection } = makeWorld();
    if (registered) await established();
    else connection.connect();
    await clock.advance(20);
    network.last.send('{"type":"error","error":"invalid api key","code":4001}');
    await clock.advance(600_000);
    assert.equal(network.peers.length, 1);
    assert.equal(connection.state.kind, 'attention');
    assert.equal(network.live, 0);
  }
});

test('any other error in answer to the registration is tried again later', async () => {
  const { clock, network, connection, states } = makeWorld();
  connection.connect();
  await clock.advance(20);
  network.last.send('{"type":"error","error":"registry is full","code":400}');
  await clock.advance(10);
  const wait = states.filter((state) => state.kind === 'waiting').map(waiting)[0];
  assert.deepEqual([wait?.failure.code, wait?.failure.detail], ['registration-refused', 'registry is full']);
  await clock.advance(300);
  assert.equal(network.peers.length, 2);
});

test('a server whose quota is gone when we come is called busy, and left alone for as long as it asked', async () => {
  const { connection, clock, network } = makeWorld({ dialect: createMcp() });
  connection.connect();
  await clock.advance(20);
  const welcome = { protocolVersion: '2025-06-18', serverInfo: { name: 'edge-mcp', version: '1.0.0' } };
  network.last.send(JSON.stringify({ jsonrpc: '2.0', id: network.last.texts[0]?.['id'], result: welcome }));
  await clock.advance(20);
  const error = { code: 429, message: 'quota', data: { retry_after: 200 } };
  network.last.send(JSON.stringify({ jsonrpc: '2.0', id: network.last.texts[2]?.['id'], error }));
  await clock.advance(20);
  assert.equal(waiting(connection.state).failure.code, 'server-resting');
  await clock.advance(199_000);
  assert.equal(network.peers.length, 1);
  await clock.advance(2_000);
  assert.equal(network.peers.length, 2);
});

test('a busy server is left alone for as long as it asked', async () => {
  const { connection, clock, network } = makeWorld();
  network.reception = { kind: 'upgradeRefused', status: 429, retryAfterMs: 60_000 };
  connection.connect();
  await clock.advance(59_000);
  assert.equal(network.peers.length, 1);
  assert.equal(waiting(connection.state).failure.code, 'server-busy');
  await clock.advance(2_000);
  assert.equal(network.peers.length, 2);
});

test('a connection that died without a word is found within 20 seconds', async () => {
  const { established, clock, network, states } = makeWorld();
  const peer = await established();
  await clock.advance(20);
  peer.silent = true;
  await clock.advance(20_000);
  const wait = states.filter((state) => state.kind === 'waiting').map(waiting)[0];
  assert.equal(wait?.failure.detail, 'no pong within 5000 ms');
  await clock.advance(300);
  assert.equal(network.peers.length, 2);
  assert.equal(network.mostLive, 1);
});

test('a ping that waits for its pong is not replaced by the next one, so a death is not found later', async () => {
  const { established, clock, network, connection } = makeWorld();
  const peer = await established({});
  await clock.advance(14_900 - clock.monotonic());
  peer.answersPings = false;
  connection.send(resultOf('t-1'));
  await clock.advance(4_900);
  assert.deepEqual(peer.pings, ['1', '2']);
  await clock.advance(400);
  assert.equal(network.peers.length, 2);
});

test('a slow pong within five seconds is no death', async () => {
  const { established, clock, network } = makeWorld();
  const peer = await established();
  await clock.advance(20);
  peer.answersPings = false;
  await clock.advance(15_000);
  const mark = peer.pings.at(-1) ?? '';
  await clock.advance(4_500);
  peer.pong(mark);
  await clock.advance(10_000);
  assert.equal(network.peers.length, 1);
});

test('our own standstill is not blamed on the peer: it is asked again at once', async () => {
  const { established, clock, network, connection } = makeWorld();
  const peer = await established();
  await clock.advance(20);
  peer.answersPings = false;
  await clock.advance(15_000);
  assert.equal(peer.pings.length, 2);
  peer.answersPings = true;
  clock.stall(2 * 3_600_000);
  await clock.advance(50);
  assert.ok(peer.pings.length >= 3, 'no probe after waking up');
  assert.equal(connection.state.kind, 'connected');
  await clock.advance(60_000);
  assert.equal(network.peers.length, 1);
});

test('a machine that slept with its monotonic clock stopped is not blamed on the peer either', async () => {
  const { established, clock, network } = makeWorld();
  const peer = await established();
  await clock.advance(20);
  peer.answersPings = false;
  await clock.advance(15_000);
  clock.setWall(clock.now() + 7_200_000);
  peer.answersPings = true;
  await clock.advance(5_100);
  assert.equal(peer.pings.length, 3);
  assert.equal(network.peers.length, 1);
});

test('a peer that is gone after our standstill is found by the probe', async () => {
  const { established, clock, network } = makeWorld();
  const peer = await established();
  await clock.advance(20);
  peer.silent = true;
  clock.stall(3_600_000);
  await clock.advance(6_000);
  assert.equal(network.peers.length, 2);
});

test('a wall clock that is set back or forward changes nothing', async () => {
  for (const jump of [-86_400_000, 86_400_000]) {
    const { established, clock, network } = makeWorld();
    await established();
    clock.setWall(clock.now() + jump);
    await clock.advance(120_000);
    assert.equal(network.peers.length, 1);
  }
});

test('a machine that slept through a wait with its timers stopped tries again within seconds of waking up', async () => {
  const { connection, clock, network } = makeWorld();
  network.reception = { kind: 'upgradeRefused', status: 503, retryAfterMs: 290_000 };
  connection.connect();
  await clock.advance(1_000);
  assert.equal(network.peers.length, 1);
  clock.setWall(clock.now() + 3_600_000);
  await clock.advance(5_000);
  assert.equal(network.peers.length, 2);
});

test('a wall clock that is set back makes no wait longer', async () => {
  const { connection, clock, network } = makeWorld();
  network.reception = { kind: 'upgradeRefused', status: 503, retryAfterMs: 60_000 };
  connection.connect();
  await clock.advance(1_000);
  clock.setWall(clock.now() - 86_400_000);
  await clock.advance(58_000);
  assert.equal(network.peers.length, 1);
  await clock.advance(1_500);
  assert.equal(network.peers.length, 2);
});

test('connecting twice is connecting once', async () => {
  const { connection, clock, network } = makeWorld();
  connection.connect();
  connection.connect();
  await clock.advance(2500);
  connection.connect();
  await clock.advance(100);
  assert.equal(network.peers.length, 1);
});

test('connecting while waiting tries at once', async () => {
  const { connection, clock, network } = makeWorld();
  network.reception = { kind: 'upgradeRefused', status: 503, retryAfterMs: 200_000 };
  connection.connect();
  await clock.advance(20);
  network.reception = 'accept';
  connection.connect();
  await clock.advance(20);
  assert.equal(network.peers.length, 2);
  assert.equal(connection.state.kind, 'connecting');
});

test('disconnecting while waiting, connecting or connected ends it, and nothing is tried again', async () => {
  for (const when of ['waiting', 'connecting', 'connected']) {
    const { connection, clock, network, established } = makeWorld();
    if (when === 'waiting') network.reception = { kind: 'closed', code: 1006, reason: '' };
    if (when === 'connected') await established();
    else connection.connect();
    await clock.advance(when === 'connecting' ? 1 : 10);
    connection.disconnect();
    assert.deepEqual(connection.state, { kind: 'off' });
    const opened = network.peers.length;
    await clock.advance(600_000);
    assert.equal(network.peers.length, opened, when);
    assert.equal(network.live, 0, when);
    assert.equal(clock.pending, 0, when);
  }
});

test('however it is started and stopped, there are never two live sockets', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { connection, clock, network } = makeWorld({ seed });
    for (let step = 0; step < 200; step++) {
      const chance = clock.random();
      if (chance < 0.3) connection.connect();
      else if (chance < 0.5) connection.disconnect();
      else if (chance < 0.6) network.peers.at(-1)?.cut();
      else if (chance < 0.65) network.reception = 'never answer';
      else if (chance < 0.75) network.reception = 'accept';
      else if (chance < 0.8) network.reception = { kind: 'closed', code: 1000, reason: '' };
      else if (chance < 0.85 && network.peers.length > 0) network.last.silent = true;
      await clock.advance(Math.floor(clock.random() * (chance > 0.9 ? 30_000 : 20)));
      assert.ok(network.live <= 1, `seed ${seed}, step ${step}`);
    }
    assert.equal(network.mostLive, 1);
    connection.dispose();
    await clock.advance(2000);
    assert.equal(network.live, 0);
    assert.equal(clock.pending, 0, `seed ${seed}`);
  }
});

test('reconnecting while the old socket still closes waits for its end', async () => {
  const { established, connection, clock, network } = makeWorld();
  const old = await established();
  old.silent = true;
  connection.disconnect();
  connection.connect();
  assert.equal(connection.state.kind, 'connecting');
  await clock.advance(50);
  assert.equal(network.peers.length, 2);
  assert.equal(network.mostLive, 1);
});

test('disposing leaves no timer and no socket, says nothing more, and cannot be undone', async () => {
  const { established, connection, clock, network, states, words } = makeWorld();
  const peer = await established();
  connection.dispose();
  const told = [states.length, words.length];
  peer.send('{"type":"health.check"}');
  connection.connect();
  await clock.advance(1500);
  assert.equal(clock.pending, 0);
  assert.equal(network.live, 0);
  assert.equal(network.peers.length, 1);
  assert.deepEqual([states.length, words.length], told);
});

test('a listener that disconnects in the middle of everything is heeded', async () => {
  const { connection, clock, network, words } = makeWorld();
  connection.onState((state) => {
    if (state.kind === 'connected') connection.disconnect();
  });
  connection.connect();
  await clock.advance(20);
  network.last.send('{"type":"task.assigned","payload":{"id":"t-1","type":"analysis"}}');
  await clock.advance(5000);
  assert.deepEqual(connection.state, { kind: 'off' });
  assert.deepEqual(words, []);
  assert.equal(clock.pending, 0);
});

test('every change of state is logged once', async () => {
  const { established, clock, log, connection } = makeWorld();
  (await established()).cut();
  await clock.advance(2500);
  await clock.advance(120_000);
  connection.disconnect();
  const logged = log.map((record) => /connection: (\w+)/.exec(record)?.[1]).filter((kind) => kind !== undefined);
  assert.deepEqual(logged, ['connecting', 'connected', 'waiting', 'connecting', 'connected', 'off']);
});
