import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { claimInstance, type Instance } from '../../src/agent/instance.ts';
import type { Clock } from '../../src/agent/shared/clock.ts';
import { openJournal } from '../../src/agent/tasks/journal.ts';
import { FakeClock } from '../fakes/fakeClock.ts';

const root = await mkdtemp(join(tmpdir(), 'slots-'));
after(() => rm(root, { recursive: true, force: true }));

let storages = 0;
const newStorage = () => join(root, String(storages++));
const silent = () => undefined;
/** Lives as long as this test does, and is not us. */
const livingProcess = process.ppid;
/** Beyond what any system gives out. */
const deadProcess = 2 ** 31 - 2;

interface Given {
  readonly clock?: FakeClock;
  readonly processId?: number;
  readonly hostName?: string;
}

/** Claims; time passes only while the claim waits for it. `waited`: how much of it, in milliseconds. */
async function claim(storage: string, given: Given = {}): Promise<Instance & { waited: number }> {
  const clock = given.clock ?? new FakeClock();
  const before = clock.monotonic();
  let asleep = false;
  const impatient: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    random: () => clock.random(),
    uuid: () => clock.uuid(),
    after: (ms, callback) => {
      asleep ||= ms <= 100;
      return clock.after(ms, callback);
    },
  };
  let claimed: Instance | undefined;
  const parts = { clock: impatient, log: silent, processId: given.processId ?? process.pid };
  void claimInstance(storage, { ...parts, hostName: given.hostName ?? 'here' }).then((instance) => {
    claimed = instance;
  });
  while (!claimed) {
    if (asleep) {
      asleep = false;
      await clock.advance(100);
    } else await turn();
  }
  return { ...claimed, waited: clock.monotonic() - before };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    assert.ok(turns < 100_000, 'it never came to that');
    await turn();
  }
}
const locks = async ({ folder }: Instance) => (await readdir(folder)).filter((name) => name.startsWith('lock-'));
const name = ({ folder }: Instance) => basename(folder);

test('an installation keeps its identity from one life to the next', async () => {
  const storage = newStorage();
  const first = await claim(storage);
  first.dispose();
  const second = await claim(storage);
  assert.equal(second.agentId, first.agentId);
  assert.match(first.agentId, /^[0-9a-f]{8}-/);
  assert.equal(second.waited, 0);
  second.dispose();
  assert.deepEqual(await locks(second), []);
});

test('what it writes is for this user alone', async () => {
  const instance = await claim(newStorage());
  const modes = process.platform === 'win32' ? [0o666, 0o666] : [0o700, 0o600];
  const paths = [instance.folder, join(instance.folder, 'agent-id')];
  assert.deepEqual(await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o777)), modes);
  instance.dispose();
});

test('a second window waits for the first to let go, as in a reload, and then is another agent', async () => {
  const storage = newStorage();
  const clock = new FakeClock();
  const first = await claim(storage, { clock });
  const second = await claim(storage, { clock });
  assert.deepEqual([name(first), name(second)], ['agent-1', 'agent-2']);
  assert.notEqual(first.agentId, second.agentId);
  assert.equal(second.waited, 2000);
  first.dispose();
  second.dispose();
});

test('a window that reloads gets its place back when the old one lets go in time', async () => {
  const storage = newStorage();
  const clock = new FakeClock();
  const old = await claim(storage, { clock });
  clock.after(1000, () => old.dispose());
  const next = await claim(storage, { clock });
  assert.equal(next.agentId, old.agentId);
  next.dispose();
});

/** A lock that somebody else left, last refreshed `age` milliseconds ago. */
async function leave(instance: Instance, clock: FakeClock, age: number): Promise<string> {
  const [lock = ''] = await locks(instance);
  const path = join(instance.folder, lock);
  instance.dispose();
  await writeFile(path, '');
  const seconds = (clock.now() - age) / 1000;
  await utimes(path, seconds, seconds);
  return path;
}

for (const [what, left, waits] of [
  ['of a process that is dead', { processId: deadProcess }, false],
  ['with our own process id from an earlier life, as in a container', {}, false],
  ['of another machine that was not refreshed for two minutes', { hostName: 'elsewhere' }, true],
  ['of a process id that now belongs to something else', { processId: livingProcess }, true],
] as const) {
  test(`a lock ${what} is taken over`, async () => {
    const storage = newStorage();
    const clock = new FakeClock();
    const earlier = await claim(storage, { clock, ...left });
    const path = await leave(earlier, clock, waits ? 121_000 : 0);
    const next = await claim(storage, { clock });
    assert.equal(next.agentId, earlier.agentId);
    assert.equal((await locks(next)).includes(basename(path)), false);
    assert.equal(next.waited > 10_000, waits, `${next.waited} ms`);
    next.dispose();
  });
}

for (const [what, left] of [
  ['another machine', { hostName: 'elsewhere' }],
  ['another process that lives', { processId: livingProcess }],
] as const) {
  test(`a fresh lock of ${what} is respected`, async () => {
    const storage = newStorage();
    const clock = new FakeClock();
    await leave(await claim(storage, { clock, ...left }), clock, 60_000);
    const next = await claim(storage, { clock });
    assert.equal(name(next), 'agent-2');
    next.dispose();
  });
}

test('a holder that wakes up in time keeps its place although its lock looked stale', async () => {
  const storage = newStorage();
  const clock = new FakeClock();
  const sleeper = await claim(storage, { clock, processId: livingProcess });
  const path = await leave(sleeper, clock, 3_600_000);
  clock.after(5000, () => void utimes(path, clock.now() / 1000, clock.now() / 1000));
  const next = await claim(storage, { clock });
  assert.equal(name(next), 'agent-2');
  next.dispose();
});

test('a holder refreshes its lock, and learns when it was taken', async () => {
  const storage = newStorage();
  const clock = new FakeClock();
  const instance = await claim(storage, { clock });
  const [lock = ''] = await locks(instance);
  const path = join(instance.folder, lock);
  for (let refreshes = 0; refreshes < 30; refreshes++) {
    await clock.advance(10_000);
    await until(() => clock.pending === 1);
  }
  assert.ok(clock.now() - (await stat(path)).mtimeMs <= 10_000);
  assert.equal(instance.lost.aborted, false);
  await rm(path);
  await clock.advance(10_000);
  await until(() => instance.lost.aborted);
  assert.equal(clock.pending, 0);
});

test('of the free slots the one with unfinished work is taken first', async () => {
  const storage = newStorage();
  const clock = new FakeClock();
  const [first, second] = [await claim(storage, { clock }), await claim(storage, { clock })];
  const journal = await openJournal(second.folder, { clock, log: silent });
  await journal.record({
    kind: 'received',
    task: { id: 'a', type: 'analysis', priority: 'normal', payload: null, origin: 'server' },
  });
  journal.dispose();
  first.dispose();
  second.dispose();
  const next = await claim(storage, { clock });
  assert.equal(next.agentId, second.agentId);
  next.dispose();
});

test('an identity that cannot be read is replaced', async () => {
  const storage = newStorage();
  const first = await claim(storage);
  first.dispose();
  await writeFile(join(first.folder, 'agent-id'), 'not an id\u0000');
  const clock = new FakeClock({ seed: 7 });
  const second = await claim(storage, { clock });
  assert.notEqual(second.agentId, 'not an id\u0000');
  assert.equal((await readFile(join(second.folder, 'agent-id'), 'utf8')).trim(), second.agentId);
  second.dispose();
});

test('where nothing can be written there is still an identity', async () => {
  const blocked = newStorage();
  await writeFile(blocked, 'a file where the folder should be');
  const instance = await claim(join(blocked, 'storage'), { hostName: hostname() });
  assert.match(instance.agentId, /^[0-9a-f]{8}-/);
  instance.dispose();
});
