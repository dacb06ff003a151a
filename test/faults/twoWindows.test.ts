import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, beforeEach, test } from 'node:test';
import { MeshServer } from '../fakes/meshServer.ts';
import type { WindowLife, WindowNews } from './windowAgent.ts';

/** Whole agents in processes of their own, which one server gives the same tasks. */

const root = await mkdtemp(join(tmpdir(), 'two-windows-'));
after(() => rm(root, { recursive: true, force: true }));

interface Window {
  readonly child: ChildProcess;
  readonly ran: string[];
  readonly delivered: Set<string>;
}

let server: MeshServer;
let workspace: string;
let worlds = 0;
const windows: Window[] = [];
const folder = (name: string) => join(root, String(worlds), name);

beforeEach(async () => {
  worlds += 1;
  server = await MeshServer.start();
  workspace = folder('workspace');
  await mkdir(workspace, { recursive: true });
});
afterEach(async () => {
  for (const { child } of windows.splice(0)) child.kill('SIGKILL');
  await server.stop();
});

async function openWindow(where: Pick<WindowLife, 'storage' | 'sharedStorage'>): Promise<Window> {
  const life: WindowLife = { url: server.url, key: server.key, workspace, ...where };
  const program = join(import.meta.dirname, 'windowAgent.ts');
  await mkdir(where.storage, { recursive: true });
  const child = spawn(process.execPath, [program, JSON.stringify(life)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const opened: Window = { child, ran: [], delivered: new Set() };
  windows.push(opened);
  assert.ok(child.stdout);
  await new Promise<void>((connected) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const news: WindowNews = JSON.parse(line);
      if ('connected' in news) connected();
      if ('ran' in news) opened.ran.push(news.ran);
      if ('delivered' in news) opened.delivered.add(news.delivered);
    });
  });
  return opened;
}

async function until(holds: () => boolean, what: string, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < end, `never ${what}`);
    await new Promise((later) => setTimeout(later, 5));
  }
}

async function assign(id: string): Promise<void> {
  await writeFile(join(workspace, `${id}.txt`), 'one line\n');
  server.assign({ id, type: 'code_review', payload: { files: [`${id}.txt`] } });
}
const assignAgain = (id: string) => server.assign({ id, type: 'code_review', payload: { files: [`${id}.txt`] } });
const runs = (id: string) => windows.flatMap(({ ran }) => ran.filter((each) => each === id)).length;
const resultsOf = (id: string) => server.tasks.of(id).results.length;

type Place = Pick<WindowLife, 'storage' | 'sharedStorage'>;

async function race(places: readonly [Place, Place], count: number): Promise<void> {
  const [one, other] = [await openWindow(places[0]), await openWindow(places[1])];
  const ids = Array.from({ length: count }, (_, n) => `task-${n}`);
  await Promise.all(ids.map((id) => writeFile(join(workspace, `${id}.txt`), 'one line\n')));
  for (const id of ids) assignAgain(id);
  await until(() => ids.every((id) => resultsOf(id) > 0), 'all done', 120_000);
  await until(() => one.delivered.size + other.delivered.size >= count, 'all delivered');
  // Once more, when all is over: whoever has it says the same again, and nobody else anything.
  for (const id of ids.slice(-20)) assignAgain(id);
  await new Promise((later) => setTimeout(later, 1500));
  assert.deepEqual(
    ids.filter((id) => runs(id) !== 1),
    [],
    'each was run once',
  );
  assert.deepEqual(
    ids.filter((id) => server.tasks.effectiveResults(id) !== 1),
    [],
    'each has one result',
  );
  const acceptedBy = (id: string) => new Set(server.tasks.of(id).accepted.map(({ connection }) => connection)).size;
  assert.deepEqual(
    ids.filter((id) => acceptedBy(id) !== 1),
    [],
    'each was accepted by one',
  );
}

test('of 1,000 tasks that two windows on one storage are given at once each is run by one of them', async () => {
  await race([{ storage: folder('storage') }, { storage: folder('storage') }], 1000);
});

test('of 100 tasks that windows on two storages with a shared one are given at once each is run by one', async () => {
  const sharedStorage = folder('shared');
  await race(
    [
      { storage: folder('one'), sharedStorage },
      { storage: folder('other'), sharedStorage },
    ],
    100,
  );
});

test('when the window that has a task is killed, the other that is given it again runs it', async () => {
  const sharedStorage = folder('shared');
  const one = await openWindow({ storage: folder('one'), sharedStorage });
  await assign('held-task');
  await until(() => one.ran.length === 1, 'running');
  const other = await openWindow({ storage: folder('other'), sharedStorage });
  assignAgain('held-task');
  await new Promise((later) => setTimeout(later, 300));
  assert.deepEqual(other.ran, []);
  one.child.kill('SIGKILL');
  await once(one.child, 'exit');
  // Not at once after the assignment before: a server that goes on assigning is looked at once a second.
  await new Promise((later) => setTimeout(later, 1000));
  assignAgain('held-task');
  await until(() => other.ran.length === 1, 'running there', 3000);
  await writeFile(join(workspace, 'go'), '');
  await until(() => other.delivered.has('held-task'), 'delivered');
  assert.equal(server.tasks.effectiveResults('held-task'), 1);
});

test('a task whose window was killed is run by another that was given it too, without being given it again', async () => {
  const storage = folder('storage');
  const one = await openWindow({ storage });
  await assign('held-task');
  await until(() => one.ran.length === 1, 'running');
  const other = await openWindow({ storage });
  assignAgain('held-task');
  await new Promise((later) => setTimeout(later, 300));
  one.child.kill('SIGKILL');
  await writeFile(join(workspace, 'go'), '');
  await until(() => other.delivered.has('held-task'), 'delivered');
  assert.equal(server.tasks.effectiveResults('held-task'), 1);
});

test('a result that a killed window could not deliver is delivered by the other, and nothing is run again', async () => {
  server.swallowResults = true;
  const storage = folder('storage');
  const one = await openWindow({ storage });
  await assign('task');
  await until(() => resultsOf('task') === 1, 'at the server');
  const other = await openWindow({ storage });
  assignAgain('task');
  await new Promise((later) => setTimeout(later, 300));
  one.child.kill('SIGKILL');
  server.swallowResults = false;
  await until(() => other.delivered.has('task'), 'delivered');
  assert.equal(runs('task'), 1);
  // Under another name, and the same result to the letter.
  const [first, ...again] = server.tasks.of('task').results.map(({ result: { agent_id: _, ...rest } }) => rest);
  assert.ok(again.length > 0);
  for (const each of again) assert.deepEqual(each, first);
});

test('a window that comes back leaves what another does in its place, and does not do it again later', async () => {
  const sharedStorage = folder('shared');
  const place = { storage: folder('one'), sharedStorage };
  const one = await openWindow(place);
  await assign('held-task');
  await until(() => one.ran.length === 1, 'running');
  const other = await openWindow({ storage: folder('other'), sharedStorage });
  assignAgain('held-task');
  await new Promise((later) => setTimeout(later, 300));
  one.child.kill('SIGKILL');
  await until(() => other.ran.length === 1, 'running there');
  const again = await openWindow(place);
  assignAgain('held-task');
  await new Promise((later) => setTimeout(later, 500));
  assert.deepEqual(again.ran, []);
  await writeFile(join(workspace, 'go'), '');
  await until(() => other.delivered.has('held-task'), 'delivered');
  again.child.kill('SIGKILL');
  const last = await openWindow(place);
  await new Promise((later) => setTimeout(later, 500));
  assert.deepEqual([again.ran, last.ran], [[], []]);
  assert.equal(server.tasks.effectiveResults('held-task'), 1);
});
