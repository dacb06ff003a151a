import { createServer } from 'node:net';
import type { ServerKind } from './matrixServers.ts';
import type { Fault } from './matrixTable.ts';
import { type FaultWorld, pause } from './matrixWorld.ts';

/** Faults of the server: F03 to F05, F14, F17, F21 to F23, F25, F27 to F30. */

const withWork: readonly ServerKind[] = ['mesh', 'envelope', 'mcp'];
const noTask = 'there is no task that could meet the fault';

/** Milliseconds of the agent's clock. */
const agentTime = (world: FaultWorld, ms: number) => pause(ms / world.clock.factor);
const waits = (world: FaultWorld) => world.events.filter(({ type }) => type === 'waiting').length;

const closes: readonly Fault[] = [
  ...[1000, 1001, 1011, 1012, 1013, 1014, 4008].map((code) => ({ code, server: 'mesh' as ServerKind })),
  { code: 1000, server: 'envelope' as ServerKind },
  { code: 1000, server: 'mcp' as ServerKind },
].map(({ code, server }) => ({
  fault: 'F03',
  what: `the server closes with ${code} (${server})`,
  server,
  async inject(world) {
    await world.strike(() => world.server.closeAll(code));
    await world.noticed();
    // After some it is tried again in a minute at the earliest; a person need not wait for that.
    if (code === 1011) world.agent.connect();
  },
}));

/** The agent asks for help, and asks the server nothing, until the person acts. */
async function stopped(world: FaultWorld): Promise<void> {
  const { agent, server, events } = world;
  await world.until(() => agent.state.connection.kind === 'attention', 'asking for a key');
  const tried = server.upgrades();
  await agentTime(world, 20_000);
  if (server.upgrades() !== tried) world.problems.push('F04: a refused key was shown again');
  const asked = events.filter(({ type }) => type === 'attention').length;
  if (asked !== 1) world.problems.push(`I7: the key was asked for ${asked} times`);
  await world.heal();
  agent.connect();
}
const keys: readonly Fault[] = [
  ...[401, 403].map(
    (status): Fault => ({
      fault: 'F04',
      what: `the key is refused with ${status}`,
      async inject(world) {
        const { server, proxy } = world;
        server.refuseUpgrades({ status });
        const before = server.upgrades();
        await proxy.listen();
        proxy.cut('reset');
        await stopped(world);
        if (server.upgrades() < before + 1) world.problems.push('it never came to the refusal');
      },
    }),
  ),
  ...[4001, 1008].map(
    (code): Fault => ({
      fault: 'F04',
      what: `the key is refused with close ${code} in the middle`,
      async inject(world) {
        await world.strike(() => world.server.closeAll(code));
        await stopped(world);
      },
    }),
  ),
];

const busy: readonly Fault[] = [
  { status: 429, retryAfter: '15' },
  { status: 503, retryAfter: '15' },
].map(({ status, retryAfter }) => ({
  fault: 'F05',
  what: `upgrades are refused with ${status}, Retry-After ${retryAfter} s`,
  async inject(world) {
    const { server, proxy, agent, clock } = world;
    server.refuseUpgrades({ status, retryAfter });
    const before = server.upgrades();
    await proxy.listen();
    proxy.cut('reset');
    await world.until(() => server.upgrades() > before, 'refused');
    const refusedAt = clock.monotonic();
    await world.until(() => agent.state.connection.kind === 'waiting', 'waiting');
    const { connection } = agent.state;
    if (connection.kind !== 'waiting' || connection.failure.code !== 'server-busy') {
      world.problems.push(`I7: shown as ${JSON.stringify(connection)}`);
    }
    await world.until(() => server.upgrades() > before + 1, 'tried again');
    const waited = clock.monotonic() - refusedAt;
    if (waited < 15_000) world.problems.push(`F05: it came back after ${Math.round(waited)} ms`);
  },
}));

/** A hotel's login page in place of the server. */
const portal: readonly Fault[] = [
  {
    fault: 'F14',
    what: 'a captive portal answers with a page',
    async inject(world) {
      const { proxy } = world;
      if (world.state !== 'result unsent') await world.lose();
      const before = waits(world);
      proxy.intercept = (client) => {
        const page = '<html><body>Please sign in to the network.</body></html>';
        client.on('data', () => {
          client.end(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`);
        });
      };
      await proxy.listen();
      await world.until(() => waits(world) >= before + 2, 'tried twice');
    },
  },
  {
    fault: 'F14',
    what: 'a captive portal sends elsewhere',
    async inject(world) {
      const { server, proxy } = world;
      let visits = 0;
      const elsewhere = createServer((socket) => {
        visits += 1;
        socket.destroy();
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const address = elsewhere.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      server.refuseUpgrades({ status: 302, location: `http://127.0.0.1:${port}/login` });
      const before = server.upgrades();
      await proxy.listen();
      proxy.cut('reset');
      await world.until(() => server.upgrades() >= before + 2, 'refused twice');
      if (visits > 0) world.problems.push(`I6: the key went elsewhere ${visits} times`);
      await new Promise((resolve) => elsewhere.close(resolve));
    },
  },
];

const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
const nonsense: readonly string[] = [
  '',
  '{',
  'null',
  '42',
  '"text"',
  '[]',
  '[{"type":"task.assigned"}]',
  '{}',
  '{"type":null}',
  '{"type":"no.such.thing","payload":{}}',
  '{"type":"task.assigned"}',
  '{"type":"task.assigned","payload":[]}',
  '{"type":"task.assigned","payload":{"id":{},"type":[]}}',
  '{"type":"task.cancel","payload":{"task_id":["a"]}}',
  '{"type":"config.update","payload":"x"}',
  '{"type":"agent.registered","features":"ack","agent_id":{"a":1}}',
  '{"type":"ack","id":{"__proto__":1}}',
  '{"__proto__":{"type":"task.assigned"},"constructor":{"prototype":{"polluted":true}}}',
  '{"type":"toString"}',
  '{"type":"error","error":{"message":{"toString":1}},"code":1e400}',
  '{"jsonrpc":"2.0","id":1e400,"result":{}}',
  '{"jsonrpc":"2.0","method":"notifications/none","params":{}}',
  '{"jsonrpc":"2.0","id":"never-asked","result":{"batch_results":[{"id":1}]}}',
  '{"id":"","type":200,"method":[],"params":null}',
  '{"id":"x","type":3,"error":"no object"}',
  '{"type":"ack","id":"\\ud800"}',
  '{"type":"ack","type":"no.such.thing","id":"a","id":"b"}',
  `{"type":"no.such.thing","payload":${deep}}`,
  deep,
  `{"type":"${'x'.repeat(500_000)}"}`,
];
const malformed: readonly Fault[] = withWork.map((server) => ({
  fault: 'F17',
  what: `thirty malformed messages (${server})`,
  server,
  async inject(world) {
    const before = waits(world);
    await world.strike(() => {
      for (const text of nonsense) world.server.sendText(text);
    });
    await agentTime(world, 2000);
    // Where the answer to the result is held back on the wire, so are the pongs.
    const mute = world.state === 'result unacknowledged' && server !== 'mesh';
    if (!mute && waits(world) !== before) world.problems.push('F17: the connection did not live through it');
  },
}));

const strangeAcks: Fault = {
  fault: 'F21',
  what: 'acks for nothing, for other messages, and twice',
  async inject(world) {
    const { meshServer, subject } = world;
    const { mesh } = meshServer;
    const before = waits(world);
    await world.strike(() => {
      for (const frame of mesh.received()) {
        if (frame.type !== 'task.complete') mesh.send({ type: 'ack', id: frame.json['id'] ?? 'none' });
      }
      for (const id of ['', 'nobody', subject, '0', 'undefined']) mesh.send({ type: 'ack', id });
      // A pong that nobody asked for.
      world.proxy.inject(Buffer.from([0x8a, 0x03, 0x39, 0x39, 0x39]));
    });
    await agentTime(world, 1000);
    if (world.state !== 'idle' && world.state !== 'result unsent' && world.told('task-delivered', subject)) {
      world.problems.push('F21: an ack for something else counted');
    }
    await world.release();
    if (subject !== '') await world.delivered(subject);
    for (const frame of mesh.received('task.complete')) mesh.send({ type: 'ack', id: frame.json['id'] });
    await agentTime(world, 500);
    if (waits(world) !== before) world.problems.push('F21: the connection did not live through it');
    if (world.events.filter((event) => event.type === 'task-delivered' && event.taskId === subject).length > 1) {
      world.problems.push('I7: one delivery was told twice');
    }
  },
};

const duplicates: readonly Fault[] = (['mesh', 'envelope'] as const).map((server) => ({
  fault: 'F22',
  what: `the task is assigned again, and again when it is done, and after a restart (${server})`,
  server,
  async inject(world) {
    if (world.state === 'idle') world.subject = world.assign({ gated: true });
    const { subject } = world;
    await world.strike(() => {
      for (let time = 0; time < 5; time++) world.assignAgain(subject);
    });
    await agentTime(world, 1000);
    await world.release();
    await world.delivered(subject);
    for (let time = 0; time < 5; time++) world.assignAgain(subject);
    await agentTime(world, 3000);
    await world.restart();
    world.assignAgain(subject);
    await agentTime(world, 3000);
  },
}));

const cancels: readonly Fault[] = [
  {
    fault: 'F23',
    what: 'the task is cancelled, before it comes where there is none yet, and then assigned again',
    async inject(world) {
      const { server } = world;
      const done = world.state === 'result unsent' || world.state === 'result unacknowledged';
      const subject = world.subject || '00000000-0000-4000-8000-000000000001';
      await world.strike(() => server.cancel(subject));
      if (world.state === 'idle') {
        await agentTime(world, 500);
        world.assign({ id: subject });
      }
      world.expect(subject, {
        status: done ? 'inconclusive' : 'cancelled',
        mostRuns: world.state === 'idle' || world.state === 'queued' ? 0 : 1,
      });
      if (!done) await world.until(() => world.told('task-end', subject), 'cancelled');
      await world.release();
      await world.delivered(subject);
      world.assignAgain(subject);
      await agentTime(world, 3000);
    },
  },
  {
    fault: 'F23',
    what: 'the configuration changes in the middle',
    async inject(world) {
      const { mesh } = world.meshServer;
      await world.strike(() => {
        mesh.updateConfig({ version: 2, constraints: { rate_limits: { concurrent_requests: 1 } } });
        mesh.updateConfig({ version: 3, constraints: { rate_limits: { concurrent_requests: 1000 } }, nonsense: 1 });
      });
      await world.until(() => mesh.received('config.applied').length === 2, 'applied');
    },
  },
];

const takenAway: Fault = {
  fault: 'F25',
  what: 'the task is given to another agent',
  notIn: { idle: noTask },
  async inject(world) {
    const { meshServer, subject, state, host } = world;
    const { mesh } = meshServer;
    const error = 'task is not assigned to this agent';
    world.expect(subject, { fate: 'dropped' });
    mesh.swallowResults = false;
    mesh.resultError = { error, code: 4003 };
    if (state === 'result unacknowledged') {
      for (const { json } of mesh.received('task.complete'))
        mesh.send({ type: 'error', id: json['id'], error, code: 4003 });
    } else if (state === 'result unsent') {
      await world.heal();
      await world.until(() => meshServer.arrivals(subject) > 0, 'refused');
    } else {
      mesh.send({ type: 'error', payload: { task_id: subject, error, code: 4003 } });
      await world.until(() => world.told('task-end', subject), 'told');
      host.open(world.pathOf(subject));
    }
    await agentTime(world, 2000);
    mesh.resultError = undefined;
    if (state === 'queued' || state === 'running') {
      if (meshServer.arrivals(subject) > 0) world.problems.push('F25: a result was sent all the same');
    }
  },
};

const restarts: readonly Fault[] = [
  ...withWork.map((server) => ({ server, memory: 'kept' as const })),
  { server: 'mesh' as const, memory: 'lost' as const },
  { server: 'mcp' as const, memory: 'lost' as const },
].map(({ server, memory }) => ({
  fault: 'F27',
  what: `the server restarts, its state ${memory} (${server})`,
  server,
  async inject(world) {
    await world.strike(() => world.server.stop());
    await world.noticed();
    await agentTime(world, 3000);
    await world.server.restart(memory);
    if (memory === 'kept' || server === 'mesh') return;
    // There nobody can take the result any more: it stays here, and the person is told.
    for (const id of world.expected.keys()) world.expect(id, { fate: 'kept' });
    await world.release();
    if (world.subject === '') return;
    await world.until(() => world.told('task-end', world.subject), 'done');
    const refused = () =>
      world.events.some((event) => event.type === 'notice' && event.failure.code === 'result-refused');
    await world.until(refused, 'told that nobody wants the result');
  },
}));

const tooLarge: readonly Fault[] = withWork.map((server) => ({
  fault: 'F28',
  what: `the result is larger than the server takes (${server})`,
  server,
  notIn: { idle: noTask },
  prepare: (world) => {
    world.host.noisy = true;
  },
  async inject(world) {
    await world.release();
    await world.delivered(world.subject);
    if (!/truncated/.test(world.server.text(world.subject))) world.problems.push('F28: nothing says that it was cut');
    world.host.noisy = false;
  },
}));

const floods: readonly (readonly [string, number, (n: number) => string, string])[] = [
  ['10,000 tasks in one burst', 10_000, (n) => `flood-${n}`, 'total = 1\n'],
  ['200 tasks of 100 kB in one burst', 200, (n) => `large-${n}`, '# text\n'.repeat(14_000)],
  ['one task 10,000 times', 10_000, () => 'same', 'total = 1\n'],
];
const flood: readonly Fault[] = floods.map(([what, count, idOf, code]) => ({
  fault: 'F29',
  what,
  // The server of the flood lives in this process, and must have the time for its pongs.
  hurry: 3,
  notInShare: 'a flood takes seconds',
  async inject(world) {
    await world.heal();
    await world.connected();
    const ids = new Set<string>();
    for (let n = 0; n < count; n++) {
      const id = idOf(n);
      ids.add(id);
      world.assignCode(id, code);
    }
    await world.release();
    await world.allDelivered(ids, 60_000);
  },
}));

const deadlines: Fault = {
  fault: 'F30',
  what: 'the deadline passes',
  prepare: (world) => {
    world.deadlineInMs = world.state === 'idle' ? -1000 : 15_000;
  },
  async inject(world) {
    const { state, server } = world;
    if (state === 'idle') world.subject = world.assign();
    const { subject } = world;
    world.deadlineInMs = undefined;
    const done = state === 'result unsent' || state === 'result unacknowledged';
    world.expect(subject, {
      status: done ? 'inconclusive' : 'failed',
      mostRuns: state === 'idle' || state === 'queued' ? 0 : 1,
    });
    await agentTime(world, 16_000);
    if (!done) await world.until(() => server.effective(subject) === 1, 'answered in time');
  },
};

export const serverFaults: readonly Fault[] = [
  ...closes,
  ...keys,
  ...busy,
  ...portal,
  ...malformed,
  strangeAcks,
  ...duplicates,
  ...cancels,
  takenAway,
  ...restarts,
  ...tooLarge,
  ...flood,
  deadlines,
];
