import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { EdgeServer1 } from '../fakes/edgeServer1.ts';
import { EdgeServer2 } from '../fakes/edgeServer2.ts';
import { EnvelopeServer } from '../fakes/envelopeServer.ts';
import { McpServer } from '../fakes/mcpServer.ts';
import type { WireDoor } from '../fakes/wireDoor.ts';
import { root } from '../setup/paths.ts';
import { type BuiltProgram, buildProgram, RunningProgram } from './headlessProgram.ts';

let program: BuiltProgram;
let folder: string;
const running: RunningProgram[] = [];
const doors: WireDoor[] = [];

before(async () => {
  program = await buildProgram();
});
after(() => program.remove());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dialects-'));
  await cp(join(root, 'test', 'demo', 'workspace'), join(folder, 'workspace'), { recursive: true });
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.kill('SIGKILL');
  for (const door of doors.splice(0)) await door.stop();
  await rm(folder, { recursive: true, force: true });
});

function start(server: { readonly door: WireDoor; readonly key: string }, ...args: readonly string[]): RunningProgram {
  doors.push(server.door);
  const started = new RunningProgram(program, {
    args: [
      ...['--server', server.door.url, '--workspace', join(folder, 'workspace'), '--no-model'],
      ...['--storage', join(folder, 'storage'), '--dialect', 'auto', '--agent-id', 'ide-nova-1', ...args],
    ],
    environment: { MCP_API_KEY: server.key },
  });
  running.push(started);
  return started;
}

async function event(run: RunningProgram, type: string) {
  for (let tries = 0; tries < 1000; tries++) {
    const found = run.events.find((one) => one.type === type);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return assert.fail(`no ${type}; log: ${run.log.slice(-2000)}`);
}

test('the edge server with work: a task in prose is asked for, done on the files it names, and completed', async () => {
  const server = await EdgeServer2.start({ chunked: true });
  const description = 'Please review src/parcels.ts, we go live tomorrow.';
  const id = server.assign({ agentId: 'ide-nova-1', type: 'general', description });
  const run = start(server, '--once');
  const { code } = await run.exited();
  assert.equal(code, 0, run.log);
  const task = server.tools.tasks.get(id);
  assert.equal(task?.status, 'completed');
  assert.ok(Array.isArray(task?.result?.['findings']));
  assert.equal(server.tools.agents.get('ide-nova-1')?.status, 'offline', 'it said goodbye');
  assert.deepEqual(server.door.hangUps, []);
  assert.match(await readFile(join(folder, 'storage', 'dialects.json'), 'utf8'), /"mcp"/);
});

test('the numeric envelope: a title is all there is, and the task is accepted and completed', async () => {
  const server = await EnvelopeServer.start({ admin: false });
  const run = start(server, '--once');
  await server.door.waitFor(() => server.agents.length === 1, 20_000);
  await event(run, 'connected');
  const id = server.assign({ title: 'Review src/parcels.ts' });
  const { code } = await run.exited();
  assert.equal(code, 0, run.log);
  const task = server.tasks.get(id);
  assert.equal(task?.accepts, 1);
  assert.equal(task?.results.length, 1);
  assert.deepEqual(server.door.hangUps, []);
});

test('the edge server with work: that the quota is gone is a notice, and at the next start the state', async () => {
  const server = await EdgeServer2.start({ quota: 1 });
  const run = start(server);
  const notice = await event(run, 'notice');
  assert.match(JSON.stringify(notice), /wants no questions for 60 minutes; tasks come again then/);
  await run.kill('SIGKILL');
  const again = start(server);
  const waiting = await event(again, 'waiting');
  assert.match(JSON.stringify(waiting), /wants no questions for 60 minutes/);
  assert.ok(Number(waiting['retryInMs']) >= 5 * 60_000);
});

for (const [name, make] of [
  ['the older MCP server', () => McpServer.start()],
  ['the edge server without work', () => EdgeServer1.start()],
] as const) {
  test(`${name}: the person is told once, in one sentence, that there will be no tasks`, async () => {
    const server = await make();
    const run = start(server);
    const connected = await event(run, 'connected');
    assert.equal(connected['dialect'], 'mcp');
    assert.equal(connected['agentId'], 'ide-nova-1');
    const notice = await event(run, 'notice');
    assert.match(JSON.stringify(notice), /give no tasks/);
    server.door.cut();
    await server.door.waitFor(() => server.door.upgrades.length === 2, 20_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(run.events.filter(({ type }) => type === 'notice').length, 1);
    assert.deepEqual(server.door.hangUps, []);
  });
}
