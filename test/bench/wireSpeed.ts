import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { mesh } from '../../src/agent/connection/dialects/mesh.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { type Journal, openJournal } from '../../src/agent/tasks/journal.ts';
import { parseReview } from '../../src/agent/tasks/payload.ts';
import { noOpAgent, WirePeer } from './wirePeer.ts';
import { limitRow, percentile, type Row, ratioRow } from './wireRows.ts';

const blocks = 5;
const inBlock = 200;
/** Of the message that assigns a task of the benches. */
const bytes = 200;
const many = 10_000;
/** Assigned, accepted and the result. */
const messagesOfTask = 3;
const places = 10;

const quiet = () => undefined;

/** What it costs when there is no disk to wait for. */
function memoryJournal(): Promise<Journal> {
  const refuse = async () => {
    throw new Error('there is no disk here');
  };
  const files = { prepare: refuse, read: refuse, open: refuse, rename: refuse };
  return openJournal('nowhere', { clock: systemClock, log: quiet, files });
}

/** Milliseconds of an append of a record and its fdatasync, one after the other. */
async function syncs(folder: string, count: number): Promise<number[]> {
  const file = await open(join(folder, 'syncs'), 'a');
  const line = `${'r'.repeat(300)}\n`;
  const each: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    await file.appendFile(line);
    await file.datasync();
    each.push(performance.now() - began);
  }
  await file.close();
  return each;
}

/** One task at a time against one echo at a time. All sides take turns, so that a busy machine is busy for each of them. */
export async function roundTrips(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wire-bench-'));
  const peers = await Promise.all([WirePeer.start(), WirePeer.start(), WirePeer.start()]);
  const [echoes, memory, durable] = peers;
  const socket = await echoes.echo();
  const inMemory = await noOpAgent(memory.url, await memoryJournal(), 1);
  const onDisk = await noOpAgent(durable.url, await openJournal(folder, { clock: systemClock, log: quiet }), 1);
  const times = { echo: [] as number[], memory: [] as number[], durable: [] as number[], sync: [] as number[] };
  for (let block = -1; block < blocks; block++) {
    const count = inBlock;
    const echo = await echoes.order({ do: 'echoes', count, bytes, atOnce: false });
    const first = await memory.order({ do: 'tasks', count, atOnce: false });
    const second = await durable.order({ do: 'tasks', count, atOnce: false });
    const sync = await syncs(folder, count);
    // The first block warms up.
    if (block < 0) continue;
    times.echo.push(...echo.each);
    times.memory.push(...first.each);
    times.durable.push(...second.each);
    times.sync.push(...sync);
  }
  socket.close();
  await Promise.all([inMemory.dispose(), onDisk.dispose()]);
  for (const peer of peers) peer.stop();
  await rm(folder, { recursive: true, force: true });

  const p50 = (list: readonly number[]) => percentile(list, 0.5);
  const p99 = (list: readonly number[]) => percentile(list, 0.99);
  const bare = p50(times.echo) + 2 * p50(times.sync);
  return [
    ratioRow('task round trip in memory, p50', p50(times.memory), p50(times.echo), 'ws echo', 3),
    ratioRow('task round trip in memory, p99', p99(times.memory), p99(times.echo), 'ws echo', 5),
    ratioRow('task round trip on disk, p50', p50(times.durable), bare, 'echo + 2 fdatasync', 1.5),
  ];
}

/** Ten thousand tasks in one burst, against three times as many echoes; and what is left on the disk. */
export async function flood(): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wire-bench-'));
  const peer = await WirePeer.start();
  const echo = async () => {
    const socket = await peer.echo();
    const { ms } = await peer.order({ do: 'echoes', count: messagesOfTask * many, bytes, atOnce: true });
    socket.close();
    return ms;
  };
  await echo();
  const open = (name: string) => openJournal(join(folder, name), { clock: systemClock, log: quiet });
  const warm = await noOpAgent(peer.url, await open('warm'), places);
  await peer.order({ do: 'tasks', count: 1000, atOnce: true });
  await warm.dispose();

  const before = await echo();
  const agent = await noOpAgent(peer.url, await open('flood'), places);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const { ms } = await peer.order({ do: 'tasks', count: many, atOnce: true });
  delay.disable();
  await agent.dispose();
  const after = await echo();
  peer.stop();

  const { size } = await stat(join(folder, 'flood', 'journal.jsonl'));
  const began = performance.now();
  const again = await open('flood');
  const replayMs = performance.now() - began;
  again.dispose();
  await again.flush();
  await rm(folder, { recursive: true, force: true });
  return [
    ratioRow('10,000 tasks in one burst, on disk', ms, (before + after) / 2, '30,000 echoes', 5),
    limitRow('loop lag in that burst, p99', delay.percentile(99) / 1e6, 20, 'ms'),
    limitRow('loop lag in that burst, most', delay.max / 1e6, 50, 'ms'),
    limitRow('journal after 10,000 tasks', size / 1024 / 1024, 5, 'MB'),
    limitRow('its replay', replayMs, 100, 'ms'),
  ];
}

/** A task message of a megabyte, read and checked, against `JSON.parse` of it. */
export function parsing(): readonly Row[] {
  const line = 'const parcels = depots.map((depot) => depot.parcels["open"]); // "quoted", \\ and\n';
  const code = line.repeat(Math.ceil((1024 * 1024) / JSON.stringify(line).length));
  const files = Array.from(
    { length: 4900 },
    (_, n) => `packages/service-${n % 40}/src/${'deep/'.repeat(34)}module${n}.ts`,
  );
  const self = { id: systemClock.uuid(), name: 'bench', version: '1.0.0', capabilities: [], config: {} };
  const session = mesh.open(self, systemClock, () => mesh.maxFrameBytes);
  return Object.entries({ code: { code, language: 'typescript' }, 'a list of files': { files } }).map(
    ([what, payload]) => {
      const text = JSON.stringify({ type: 'task.assigned', payload: { id: 't', type: 'code_review', payload } });
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < 120; round++) {
        let began = performance.now();
        JSON.parse(text);
        const parsed = performance.now() - began;
        began = performance.now();
        const decoded = session.decode(text);
        const word = decoded.kind === 'words' ? decoded.words[0] : undefined;
        const read = word?.kind === 'task' ? parseReview(word.task.payload) : undefined;
        const all = performance.now() - began;
        if (!read?.ok) throw new Error('the message was not understood');
        if (round < 20) continue;
        bare.push(parsed);
        ours.push(all);
      }
      const size = (text.length / 1024 / 1024).toFixed(1);
      return ratioRow(
        `reading a task of ${size} MB (${what})`,
        percentile(ours, 0.5),
        percentile(bare, 0.5),
        'JSON.parse',
        3,
      );
    },
  );
}
