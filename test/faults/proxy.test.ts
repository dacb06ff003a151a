import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { authorityPath, certificate } from '../fakes/certificates.ts';
import { ConnectProxy } from '../fakes/connectProxy.ts';
import { MeshServer } from '../fakes/meshServer.ts';
import { TlsFront } from '../fakes/tlsFront.ts';
import { root } from '../setup/paths.ts';
import { type BuiltProgram, buildProgram, RunningProgram } from './headlessProgram.ts';

let program: BuiltProgram;
let folder: string;
let mesh: MeshServer;
let front: TlsFront;
let proxy: ConnectProxy;
let running: RunningProgram | undefined;
before(async () => {
  program = await buildProgram();
});
after(() => program.remove());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proxied-'));
  await cp(join(root, 'test', 'demo', 'workspace'), join(folder, 'workspace'), { recursive: true });
  mesh = await MeshServer.start();
  front = await TlsFront.start(certificate('good'), Number(new URL(mesh.url).port));
  proxy = await ConnectProxy.start();
});
afterEach(async () => {
  await running?.kill('SIGKILL');
  running = undefined;
  await Promise.all([proxy.stop(), front.stop(), mesh.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** Only the proxy knows the server's name. */
function start(environment: Readonly<Record<string, string>>): RunningProgram {
  running = new RunningProgram(program, {
    args: [
      ...['--server', `wss://one.mesh.test:${front.port}/ws`, '--workspace', join(folder, 'workspace')],
      ...['--storage', join(folder, 'storage'), '--no-model'],
    ],
    environment: {
      MCP_API_KEY: mesh.key,
      NODE_EXTRA_CA_CERTS: authorityPath,
      HTTPS_PROXY: `http://me:secret@127.0.0.1:${proxy.port}`,
      ...environment,
    },
  });
  return running;
}
const registered = (after = 0) => mesh.nextFrame(({ type }) => type === 'agent.register', { after, withinMs: 20_000 });

/** What the next connection failed with. */
async function failure(started: RunningProgram): Promise<string> {
  for (let polls = 0; polls < 1000; polls += 1) {
    const waiting = started.events.find(({ type }) => type === 'waiting');
    if (waiting) return JSON.stringify(waiting['failure']);
    await pause(20);
  }
  assert.fail(`nothing failed: ${started.log}`);
}

test('the program works through the proxy of its environment, and a proxy that dies loses no result', async () => {
  const started = start({});
  await registered();
  assert.deepEqual(
    proxy.connects.map(({ target }) => target),
    [`one.mesh.test:${front.port}`],
  );
  const task = { type: 'code_review', payload: { files: ['src/orders.ts'] } };
  const first = mesh.assign(task);
  const { order } = await mesh.nextFrame(({ type }) => type === 'task.accepted', { withinMs: 20_000 });
  proxy.cut();
  await registered(order);
  const second = mesh.assign(task);
  await mesh.nextFrame(() => [first, second].every((id) => mesh.tasks.result(id) !== undefined), { withinMs: 30_000 });
  assert.equal(proxy.connects.length, 2);
  assert.doesNotMatch(started.log + JSON.stringify(started.events), /secret/);
});

test('a proxy that wants another sign-in is said with what mends it, without the password, and tried again', async () => {
  proxy.answer = { status: 407 };
  const started = start({});
  const said = await failure(started);
  assert.match(said, /"proxy-authentication"/);
  assert.match(said, /HTTPS_PROXY/);
  proxy.answer = 'connect';
  await registered();
  assert.doesNotMatch(started.log + JSON.stringify(started.events), /secret/);
});

test('without the authority the server is refused, with what mends it', async () => {
  const said = await failure(start({ NODE_EXTRA_CA_CERTS: '' }));
  assert.match(said, /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  assert.match(said, /NODE_EXTRA_CA_CERTS/);
  assert.deepEqual(mesh.upgrades, []);
});

test('NO_PROXY goes past the proxy', async () => {
  const said = await failure(start({ NO_PROXY: '.mesh.test' }));
  assert.match(said, /"unreachable"/);
  assert.deepEqual(proxy.connects, []);
});
