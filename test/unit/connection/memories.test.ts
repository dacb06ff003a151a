import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
