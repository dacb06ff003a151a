import { randomInt } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ServerKind } from './matrixServers.ts';
import type { Fault } from './matrixTable.ts';
import { type FaultWorld, pause } from './matrixWorld.ts';

/** Faults of the machine: F15, F16, F32, F34 to F36. Those that kill the process are in `killPoints.test.ts`: F31, F33. */

const day = 24 * 60 * 60_000;
const withWork: readonly ServerKind[] = ['mesh', 'envelope', 'mcp'];
const waits = (world: FaultWorld) => world.events.filter(({ type }) => type === 'waiting').length;

const sleeps: readonly Fault[] = [
  {
    fault: 'F15',
    what: 'the machine sleeps for two hours, and the link outlives it',
    async inject(world) {
      await world.strike(() => world.clock.sleepFor(2 * 60 * 60_000));
      const before = waits(world);
      await pause(400);
      if (waits(world) !== before) world.problems.push('F15: our own sleep was blamed on the peer');
    },
  },
  {
    fault: 'F15',
    what: 'the machine sleeps for two hours, and the link does not',
    async inject(world) {
      await world.strike(() => {
        world.proxy.flow('both', { kind: 'blackHole' });
        world.clock.sleepFor(2 * 60 * 60_000);
      });
      await world.noticed();
    },
  },
];

const walls: readonly Fault[] = [day, -day].map((ms) => ({
  fault: 'F16',
  what: `the wall clock is set a day ${ms > 0 ? 'forward' : 'back'}`,
  async inject(world) {
    await world.strike(() => world.clock.setWallForward(ms));
    await pause(300);
  },
}));

const windowClosed: readonly Fault[] = withWork.map((server) => ({
  fault: 'F32',
  what: `the window is closed and opened again (${server})`,
  server,
  async inject(world) {
    await world.heal();
    await world.restart();
  },
}));

const twoWindows: readonly Fault[] = [
  {
    fault: 'F34',
    what: 'two windows on one storage and one key, and the server gives the task to both',
    async inject(world) {
      await world.heal();
      await world.connected();
      await world.openSecond();
      if (world.state === 'idle') world.subject = world.assign({ gated: true });
      else world.assignAgain(world.subject);
      await pause(400);
      if (world.server.openConnections() !== 2) world.problems.push('F34: there are not two agents');
    },
  },
];

type Damage = (text: Buffer) => Buffer;
/** At any byte: which one is told when the cell does not survive. */
const damages: readonly (readonly [string, Damage])[] = [
  ['is cut off at a random byte', (text) => text.subarray(0, randomInt(text.length + 1))],
  ['loses its first bytes', (text) => text.subarray(randomInt(text.length + 1))],
  [
    'has random bytes changed',
    (text) => {
      const changed = Buffer.from(text);
      for (let n = 0; n < 5 && changed.length > 0; n++) changed[randomInt(changed.length)] = randomInt(256);
      return changed;
    },
  ],
  ['has its last half written twice', (text) => Buffer.concat([text, text.subarray(text.length / 2)])],
  ['is empty', () => Buffer.alloc(0)],
  ['is noise', () => Buffer.from(Array.from({ length: 5000 }, () => randomInt(256)))],
];
const damagedJournals: readonly Fault[] = damages.map(([what, damage]) => ({
  fault: 'F35',
  what: `the journal ${what}`,
  async inject(world) {
    await world.heal();
    world.toleratesLostRecords = true;
    const path = join(world.host.storage, 'agent-1', 'journal.jsonl');
    await world.restart(async () => {
      const text = await readFile(path);
      await writeFile(path, damage(text));
    });
    // What the journal does not know any more is the server's to give again.
    for (const id of world.expected.keys()) if (world.server.effective(id) === 0) world.assignAgain(id);
  },
}));

const badStorage: readonly Fault[] = [
  {
    fault: 'F35',
    what: 'the journal is a folder',
    async inject(world) {
      await world.heal();
      world.toleratesLostRecords = true;
      const path = join(world.host.storage, 'agent-1', 'journal.jsonl');
      await world.restart(async () => {
        await rm(path);
        await mkdir(path);
      });
      for (const id of world.expected.keys()) if (world.server.effective(id) === 0) world.assignAgain(id);
    },
  },
  {
    fault: 'F35',
    what: 'the storage cannot be written for one life, and can again in the next',
    async inject(world) {
      const { storage } = world.host;
      const aside = `${storage}-aside`;
      await world.heal();
      await world.restart(async () => {
        await rename(storage, aside);
        await writeFile(storage, 'not a folder');
      });
      await world.release();
      // Memory serves: a task that comes now is done now.
      await world.delivered(world.assign());
      const warned = () =>
        world.events.some((event) => event.type === 'notice' && event.failure.code === 'storage-degraded');
      await world.until(warned, 'warned that nothing is kept');
      await world.restart(async () => {
        await rm(storage);
        await rename(aside, storage);
      });
    },
  },
];

const noFile = 'there is no task whose file could change';
const changedFiles: readonly Fault[] = [
  ['edited', async (path: string) => writeFile(path, 'first = 0\n\n\ntotal = 2\nlast = 3\n')] as const,
  ['renamed', async (path: string) => rename(path, `${path}.old`)] as const,
  ['deleted', async (path: string) => rm(path)] as const,
  ['deleted with its folder', async (path: string) => rm(dirname(path), { recursive: true })] as const,
].map(([how, change]) => ({
  fault: 'F36',
  what: `the file is ${how} between the assignment and the result`,
  notIn: { idle: noFile },
  async inject(world) {
    await change(world.pathOf(world.subject));
    await world.release();
    await world.delivered(world.subject);
    await mkdir(dirname(world.pathOf(world.subject)), { recursive: true });
    const text = world.server.text(world.subject);
    if (how !== 'edited' && world.state === 'queued' && !text.includes(world.subject)) {
      world.problems.push('F36: the result does not say which file is gone');
    }
  },
}));

export const hostFaults: readonly Fault[] = [
  ...sleeps,
  ...walls,
  ...windowClosed,
  ...twoWindows,
  ...damagedJournals,
  ...badStorage,
  ...changedFiles,
];
