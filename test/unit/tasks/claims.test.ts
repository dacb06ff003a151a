import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type Claims, createClaims } from '../../../src/agent/tasks/claims.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';

const root = await mkdtemp(join(tmpdir(), 'claims-'));
after(() => rm(root, { recursive: true, force: true }));

let worlds = 0;
const clock = new FakeClock();

/** Windows that share one folder of claims; each lives as long as its lock is there. */
class World {
  readonly folder = join(root, String(worlds++), 'claims');
  readonly logged: string[] = [];
  #windows = 0;

  async open(slot = this.#windows + 1): Promise<Claims & { readonly lock: string; die(): Promise<void> }> {
    this.#windows += 1;
    const lock = join(dirname(this.folder), `agent-${slot}`, `lock-${process.ppid}-${'a'.repeat(16)}-${clock.uuid()}`);
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, '');
    await utimes(lock, clock.now() / 1000, clock.now() / 1000);
    const log = (level: string, message: string) => this.logged.push(`${level} ${message}`);
    const claims = createClaims({ clock, log, processId: process.pid, hostName: 'here', folder: this.folder, lock });
    return { ...claims, lock, die: () => unlink(lock) };
  }

  async files(): Promise<readonly string[]> {
    return (await readdir(this.folder)).filter((name) => !name.startsWith('stamp-')).sort();
  }
}

const kinds = async (takes: readonly Promise<{ readonly kind: string }>[]) =>
  (await Promise.all(takes)).map(({ kind }) => kind).sort();

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await holds()); turns++) assert.ok(turns < 10_000, 'it never came to that');
}

test('what one window has claimed no other gets, and the first keeps it', async () => {
  const world = new World();
  const [one, other] = [await world.open(), await world.open()];
  assert.deepEqual(await one.take('a'), { kind: 'ours', before: [] });
  assert.equal((await other.take('a')).kind, 'held');
  assert.equal((await one.take('a')).kind, 'ours');
  assert.equal((await other.take('b')).kind, 'ours');
});

test('of many that claim at one moment one gets it, a thousand times', async () => {
  const world = new World();
  const windows = await Promise.all([1, 2, 3].map(() => world.open()));
  for (let n = 0; n < 1000; n++) {
    assert.deepEqual(await kinds(windows.map((each) => each.take(`${n}`))), ['held', 'held', 'ours'], `round ${n}`);
  }
});

test('what is finished is over for everybody, and leaves a link alone', async () => {
  const world = new World();
  const [one, other] = [await world.open(), await world.open()];
  await one.take('a');
  await one.finish('a');
  assert.equal((await other.take('a')).kind, 'over');
  assert.equal((await one.take('a')).kind, 'over');
  const [only = '', ...more] = await world.files();
  assert.deepEqual(more, []);
  assert.ok((await stat(join(world.folder, only))).nlink > 1);
});

test('what is let go of is for whoever comes first, and leaves nothing', async () => {
  const world = new World();
  const [one, other] = [await world.open(), await world.open()];
  await one.take('a');
  await one.release('a');
  assert.deepEqual(await world.files(), []);
  assert.equal((await other.take('a')).kind, 'ours');
  assert.equal((await one.take('a')).kind, 'held');
});

test('what a dead window had passes to one of those who want it, with the slots of the dead', async () => {
  const world = new World();
  for (let n = 0; n < 100; n++) {
    const dead = await world.open(90_000);
    await dead.take(`${n}`);
    await dead.die();
    const windows = await Promise.all([1, 2, 3].map(() => world.open()));
    const takes = await Promise.all(windows.map((each) => each.take(`${n}`)));
    assert.deepEqual(takes.map(({ kind }) => kind).sort(), ['held', 'held', 'ours'], `round ${n}`);
    const winner = takes.findIndex(({ kind }) => kind === 'ours');
    assert.deepEqual(takes[winner], { kind: 'ours', before: [dirname(dead.lock)] });
    await windows[winner]?.release(`${n}`);
    assert.deepEqual(await world.files(), [], 'the whole chain is gone');
  }
});

test('a window that comes back to its own slot has its own claims again', async () => {
  const world = new World();
  const first = await world.open(1);
  await first.take('a');
  await first.die();
  assert.deepEqual(await (await world.open(1)).take('a'), { kind: 'ours', before: [] });
});

test('who was thought dead and is not takes nothing from who took over', async () => {
  const world = new World();
  const sleeper = await world.open();
  await sleeper.take('a');
  await sleeper.die();
  const other = await world.open();
  assert.equal((await other.take('a')).kind, 'ours');
  await sleeper.release('a');
  assert.equal((await (await world.open()).take('a')).kind, 'held');
});

test('a claim that does not say whose it is counts as held for ten seconds', async () => {
  const world = new World();
  const [one, other] = [await world.open(), await world.open()];
  await one.take('a');
  const path = join(world.folder, (await world.files())[0] ?? '');
  await unlink(path);
  await writeFile(path, '');
  assert.equal((await other.take('a')).kind, 'held');
  await clock.advance(9_900);
  assert.equal((await other.take('a')).kind, 'held');
  await clock.advance(200);
  assert.equal((await other.take('a')).kind, 'ours');
});

test('a folder that cannot be written keeps nobody from working, and is complained of once', async () => {
  const world = new World();
  const one = await world.open();
  await writeFile(world.folder, 'not a folder');
  assert.deepEqual(await kinds([one.take('a'), one.take('b')]), ['ours', 'ours']);
  await one.finish('a');
  await one.release('b');
  assert.deepEqual(world.logged, ['warn windows cannot agree on who takes a task']);
});

test('what is older than a day is cleared away, and what somebody holds stays', async () => {
  const world = new World();
  const [one, dead] = [await world.open(), await world.open()];
  await one.take('held');
  await one.take('finished');
  await one.finish('finished');
  const young = (await world.files()).length;
  await dead.take('left');
  await dead.die();
  for (const name of await world.files()) {
    const yesterday = clock.now() / 1000 - 25 * 60 * 60;
    await utimes(join(world.folder, name), yesterday, yesterday);
  }
  assert.equal((await world.files()).length, young + 1);
  await clock.advance(60_000);
  await eventually(async () => (await world.files()).length === 1);
  assert.equal((await (await world.open()).take('held')).kind, 'held');
});

test('a window that is closed leaves no timer, also when the last of many tasks ends after that', async () => {
  const own = new FakeClock();
  const folder = join(root, 'closed', 'claims');
  const lock = join(root, 'closed', 'agent-1', 'lock-1');
  const claims = createClaims({ clock: own, log: () => undefined, processId: 1, hostName: 'here', folder, lock });
  claims.dispose();
  for (let n = 0; n <= 2000; n++) await claims.finish(`${n}`);
  assert.equal(own.pending, 0);
});
