import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

const root = await mkdtemp(join(tmpdir(), 'instance-'));
after(() => rm(root, { recursive: true, force: true }));

interface Claimed {
  readonly folder?: string;
  readonly agentId?: string;
  readonly error?: string;
}

function start(storage: string, rounds: number): { child: ChildProcess; claims: AsyncIterableIterator<Claimed> } {
  const program = join(import.meta.dirname, 'instanceHolder.ts');
  const child = spawn(process.execPath, [program, storage, String(rounds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function* claims(): AsyncGenerator<Claimed> {
    for (let line = await lines.next(); !line.done; line = await lines.next()) yield JSON.parse(line.value);
  }
  return { child, claims: claims() };
}

async function all(claims: AsyncIterableIterator<Claimed>): Promise<Claimed[]> {
  const found: Claimed[] = [];
  for await (const claim of claims) found.push(claim);
  return found;
}

test('processes that claim at one moment, again and again, never share a slot', async () => {
  const storage = join(root, 'race');
  const claims = (await Promise.all(Array.from({ length: 4 }, () => all(start(storage, 8).claims)))).flat();
  assert.deepEqual(
    claims.filter(({ error }) => error !== undefined),
    [],
  );
  assert.equal(claims.length, 32);
  const idOf = new Map<string, Set<string | undefined>>();
  for (const { folder = '', agentId } of claims) idOf.set(folder, (idOf.get(folder) ?? new Set()).add(agentId));
  for (const [folder, ids] of idOf) assert.equal(ids.size, 1, `${folder} had one id all along`);
  assert.equal(new Set([...idOf.values()].flatMap((ids) => [...ids])).size, idOf.size);
});

test('the slot of a process that was killed is taken over with its identity, by one of many', async () => {
  const storage = join(root, 'takeover');
  const first = start(storage, 0);
  const killed: Claimed = (await first.claims.next()).value;
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  await rm(join(String(killed.folder), 'somebody-is-here'));
  const others = Array.from({ length: 3 }, () => start(storage, 0));
  const claims: Claimed[] = [];
  for (const { claims: lines } of others) claims.push((await lines.next()).value);
  const folders = claims.map(({ folder = '' }) => basename(folder)).sort();
  assert.deepEqual(folders, ['agent-1', 'agent-2', 'agent-3']);
  assert.equal(claims.find(({ folder }) => folder === killed.folder)?.agentId, killed.agentId);
  for (const { child } of others) child.kill('SIGKILL');
});
