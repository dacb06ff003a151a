import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createStamp } from '../../../src/agent/tasks/stamp.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';

const root = await mkdtemp(join(tmpdir(), 'stamps-'));
after(() => rm(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = () => join(root, String(folders++), 'below');
const words = (id: string) => ({ id, mine: true });
const textAt = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

test('a name is given once, with its words, and many names are one file', async () => {
  const folder = newFolder();
  const stamp = createStamp(folder, words, new FakeClock());
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const id = await stamp.put(a);
  assert.equal(await stamp.put(b), id);
  assert.equal(await stamp.put(a), undefined);
  assert.deepEqual(await textAt(a), { id, mine: true });
  assert.equal((await stat(a)).ino, (await stat(b)).ino);
});

test('a file serves for an hour or a thousand names, and leaves no name of its own behind', async () => {
  const folder = newFolder();
  const clock = new FakeClock();
  const stamp = createStamp(folder, words, clock);
  const first = await stamp.put(join(folder, '0'));
  for (let n = 1; n < 1000; n++) assert.equal(await stamp.put(join(folder, String(n))), first);
  const second = await stamp.put(join(folder, '1000'));
  assert.notEqual(second, first);
  await clock.advance(60 * 60_000);
  assert.notEqual(await stamp.put(join(folder, '1001')), second);
  assert.equal((await readdir(folder)).filter((name) => name.startsWith('stamp-')).length, 1);
});

test('names that are put at one moment need one file', async () => {
  const folder = newFolder();
  const stamp = createStamp(folder, words, new FakeClock());
  const ids = await Promise.all(['a', 'b', 'c'].map((name) => stamp.put(join(folder, name))));
  assert.equal(new Set(ids).size, 1);
});

test('a file that somebody has cleared away is made anew, and so is its folder', async () => {
  const folder = newFolder();
  const stamp = createStamp(folder, words, new FakeClock());
  await stamp.put(join(folder, 'a'));
  for (const name of await readdir(folder)) await unlink(join(folder, name));
  assert.deepEqual(await textAt(join(folder, 'b')).catch(() => 'nothing'), 'nothing');
  const id = await stamp.put(join(folder, 'b'));
  assert.deepEqual(await textAt(join(folder, 'b')), { id, mine: true });
  await rm(folder, { recursive: true });
  assert.ok(await stamp.put(join(folder, 'c')));
});

test('on a disk without links each name is a file of its own', async () => {
  const folder = newFolder();
  const noLinks = async () => {
    throw Object.assign(new Error('operation not supported'), { code: 'ENOTSUP' });
  };
  const stamp = createStamp(folder, words, new FakeClock(), noLinks);
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  const id = await stamp.put(a);
  assert.notEqual(await stamp.put(b), id);
  assert.equal(await stamp.put(a), undefined);
  assert.deepEqual(await textAt(a), { id, mine: true });
});

test('what else the disk says is said', async () => {
  const full = async () => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };
  const folder = newFolder();
  await assert.rejects(createStamp(folder, words, new FakeClock(), full).put(join(folder, 'a')), /no space left/);
});
