import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDialectMemory } from '../../../src/agent/connection/memories.ts';

const folder = await mkdtemp(join(tmpdir(), 'dialects-'));
after(() => rm(folder, { recursive: true, force: true }));
const path = join(folder, 'dialects.json');
const open = (url: string) => openDialectMemory(folder, url, () => {});

async function kept(fits: (text: string) => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (fits(await readFile(path, 'utf8').catch(() => ''))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail('it was not written');
}

test('what a server speaks is known after a restart, for that server alone and without its query', async () => {
  const memory = await open('wss://a.example.com/ws?token=canary');
  assert.equal(memory.recall(), undefined);
  memory.remember('mcp');
  assert.equal(memory.recall(), 'mcp');
  await kept((text) => text.includes('mcp'));
  assert.equal((await open('wss://a.example.com/ws')).recall(), 'mcp');
  assert.equal((await open('wss://a.example.com/other')).recall(), undefined);
  assert.ok(!(await readFile(path, 'utf8')).includes('canary'));
  memory.forget();
  await kept((text) => !text.includes('mcp'));
  assert.equal((await open('wss://a.example.com/ws')).recall(), undefined);
});

test('a file that is none of ours is nothing known', async () => {
  await writeFile(path, '{"wss://a.example.com/ws":"klingon"}');
  assert.equal((await open('wss://a.example.com/ws')).recall(), undefined);
  await writeFile(path, '{');
  assert.equal((await open('wss://a.example.com/ws')).recall(), undefined);
});

test('many windows that write at once neither break the file nor stand in the way of each other', async () => {
  const shared = await mkdtemp(join(folder, 'shared-'));
  const logged: unknown[] = [];
  const memories = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      openDialectMemory(shared, `wss://${n}.example.com/ws`, (_level, message, fields) => logged.push(message, fields)),
    ),
  );
  const file = join(shared, 'dialects.json');
  for (const memory of memories) memory.remember('mcp');
  let found: string[] = [];
  for (let tries = 0; tries < 400 && (tries < 10 || found.length !== 1); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
    found = await readdir(shared);
  }
  assert.deepEqual(logged, []);
  assert.deepEqual(found, ['dialects.json']);
});

test('a word that cannot be kept leaves nothing behind but a line in the log', async () => {
  const blocked = await mkdtemp(join(folder, 'blocked-'));
  await mkdir(join(blocked, 'dialects.json', 'a folder in the way'), { recursive: true });
  let logged: () => void = () => {};
  const once = new Promise<void>((resolve) => {
    logged = resolve;
  });
  const memory = await openDialectMemory(blocked, 'wss://a.example.com/ws', () => logged());
  memory.remember('mcp');
  await once;
  assert.equal(memory.recall(), 'mcp');
  assert.deepEqual(await readdir(blocked), ['dialects.json']);
});
