import { existsSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { createAgent } from '../../src/agent/agent.ts';
import { createConnection } from '../../src/agent/connection/connection.ts';
import { mesh } from '../../src/agent/connection/dialects/mesh.ts';
import type { ConnectionState } from '../../src/agent/connection/state.ts';
import { createOpenSocket } from '../../src/agent/connection/webSocket.ts';
import { succeeded } from '../../src/agent/failures.ts';
import type { Host } from '../../src/agent/host.ts';
import { claimInstance } from '../../src/agent/instance.ts';
import { noProxies } from '../../src/agent/network/proxyFor.ts';
import { checkSettings } from '../../src/agent/settings.ts';
import { sleep } from '../../src/agent/shared/clock.ts';
import { openJournal } from '../../src/agent/tasks/journal.ts';
import { replay } from '../../src/agent/tasks/journalLines.ts';
import type { Worker } from '../../src/agent/tasks/task.ts';
import { createTaskRunner } from '../../src/agent/tasks/taskRunner.ts';
import { Dice } from '../fakes/dice.ts';
import { FaultyFiles } from '../fakes/faultyFiles.ts';
import { HurriedClock } from '../fakes/hurriedClock.ts';
import { root } from '../setup/paths.ts';

/*
 * The agent of the chaos run, in a process of its own that is killed without warning. It comes in two kinds: `whole` is
 * `createAgent`, `rooms` is the same connection, runner and journal on a disk that can be made to fail. One JSON line a
 * message each way: orders in on stdin, what happens out on stdout.
 */

/** What the process begins with, and what each order is. */
export interface ChaosLife {
  readonly url: string;
  readonly key: string;
  readonly storage: string;
  readonly workspace: string;
  readonly seed: number;
  readonly kind: 'whole' | 'rooms';
  readonly factor: number;
}
export type ChaosOrder =
  | { readonly do: 'begin'; readonly life: ChaosLife }
  /** Ends the agent in order, and begins it anew in the same process. */
  | { readonly do: 'restart'; readonly seed: number; readonly kind: ChaosLife['kind'] }
  | { readonly do: 'connect' }
  | { readonly do: 'failDisk'; readonly step: 'write' | 'sync' | 'open' | 'rename'; readonly code: string }
  | { readonly do: 'healDisk' }
  | { readonly do: 'report' };
export type ChaosNews =
  /** The work of a task was begun. */
  | { readonly ran: string }
  /** What the journal on disk still holds, and whether the disk is in use. */
  | { readonly unfinished: number; readonly degraded: boolean; readonly state: string }
  | { readonly broken: string };

interface Running {
  readonly state: ConnectionState;
  readonly degraded: boolean;
  connect(): void;
  dispose(): void;
}

const longestWorkMs = 3_000;
/** A person who sees a longer wait presses the button. */
const patienceMs = 4_000;
const orderWithinMs = 20_000;
const disk = new FaultyFiles();
let life: ChaosLife | undefined;
let running: Running | undefined;

/** Written before it returns: what was said before a death is heard. */
const say = (news: ChaosNews) => void writeSync(1, `${JSON.stringify(news)}\n`);
const broken = (error: unknown) => say({ broken: error instanceof Error ? String(error.stack) : String(error) });
process.on('uncaughtException', broken).on('unhandledRejection', broken);

/** Chance comes from the seed here too. */
class SeededClock extends HurriedClock {
  readonly #dice: Dice;

  constructor(factor: number, dice: Dice) {
    super(factor);
    this.#dice = dice;
  }

  override random(): number {
    return this.#dice.roll();
  }
}

function settingsFor({ url }: ChaosLife) {
  return checkSettings({
    server: { url, dialect: 'mesh' },
    review: { useModel: false },
    limits: { concurrentTasks: 10, queuedTasks: 1000, tasksPerMinute: 10_000 },
  }).settings;
}

const quiet = () => undefined;

function whole(of: ChaosLife, clock: SeededClock, dice: Dice): Running {
  const host: Host = {
    name: 'headless',
    description: 'chaos',
    storage: of.storage,
    folders: () => [{ name: 'work', path: of.workspace }],
    trusted: () => true,
    unsavedText: () => undefined,
    changes: async () => succeeded([]),
    symbols: async () => [],
    // Each task is about a file of its own, so that this tells what is worked on, and takes the time that work takes.
    async diagnostics(path, signal) {
      say({ ran: basename(path, '.txt') });
      await sleep(clock, dice.roll() * longestWorkMs, signal);
      return [];
    },
    network: () => noProxies,
    secrets: { key: async () => of.key },
    log: quiet,
  };
  const agent = createAgent(host, settingsFor(of), {
    clock,
    environment: {},
    engineFolder: join(root, 'dist', 'engine'),
    processId: process.pid,
    machineName: 'chaos',
    version: '1.0.0',
  });
  agent.connect();
  return {
    get state() {
      return agent.state.connection;
    },
    degraded: false,
    connect: () => agent.connect(),
    dispose: () => agent.dispose(),
  };
}

async function rooms(of: ChaosLife, clock: SeededClock, dice: Dice): Promise<Running> {
  const instance = await claimInstance(of.storage, { clock, log: quiet, processId: process.pid, hostName: 'chaos' });
  const journal = await openJournal(instance.folder, { clock, log: quiet, files: disk });
  const worker: Worker = async (task, report, signal) => {
    say({ ran: task.id });
    report.progress(0.1, 'begun', 'static');
    await sleep(clock, dice.roll() * longestWorkMs, signal);
    const metadata = { static_issues: 0, ai_suggestions: 0, confidence: 1, not_reviewed: [] };
    return { status: 'completed', result: { summary: clock.uuid() }, metadata };
  };
  const runner = createTaskRunner({
    workers: { code_review: worker, documentation: worker, analysis: worker },
    journal,
    limits: () => settingsFor(of).limits,
    clock,
    log: quiet,
    emit: quiet,
    send: (message) => connection.send(message),
  });
  const idle = { activeTasks: 0, queuedTasks: 0, completedTasks: 0, failedTasks: 0, uptimeSeconds: 0 };
  const connection = createConnection({
    server: { url: of.url, key: of.key },
    self: { id: instance.agentId, name: 'chaos', version: '1.0.0', capabilities: [], config: {} },
    dialect: mesh,
    openSocket: createOpenSocket(clock),
    clock,
    log: quiet,
    runningTasks: () => runner.unfinished,
    health: () => ({ status: 'healthy', ...idle }),
  });
  connection.onWord((word) => (word.kind === 'registered' ? runner.registered() : runner.hear(word)));
  runner.start();
  connection.connect();
  return {
    get state() {
      return connection.state;
    },
    get degraded() {
      return journal.degraded !== undefined;
    },
    connect: () => connection.connect(),
    dispose() {
      connection.dispose();
      runner.dispose();
      instance.dispose();
    },
  };
}

/** The clock is in a hurry, the disk is not: a successor that came between a claim and its end would take another place. */
async function locked(storage: string, wanted: boolean): Promise<void> {
  const isLocked = () =>
    agentFolders(storage).some((folder) => readdirSync(folder).some((name) => name.startsWith(`lock-${process.pid}-`)));
  while (isLocked() !== wanted) await pause(5);
}

function agentFolders(storage: string): readonly string[] {
  return readdirSync(storage)
    .filter((name) => name.startsWith('agent-'))
    .map((name) => join(storage, name));
}

async function begin(next: ChaosLife): Promise<void> {
  life = next;
  const dice = new Dice(next.seed);
  const clock = new SeededClock(next.factor, dice.fork());
  running = next.kind === 'whole' ? whole(next, clock, dice) : await rooms(next, clock, dice);
}

async function obey(order: ChaosOrder): Promise<void> {
  switch (order.do) {
    case 'begin':
      return begin(order.life);
    case 'restart':
      if (!life) return;
      await locked(life.storage, true);
      running?.dispose();
      await locked(life.storage, false);
      return begin({ ...life, seed: order.seed, kind: order.kind });
    case 'connect':
      running?.connect();
      return;
    case 'failDisk':
      disk.fail(order.step, order.code);
      return;
    case 'healDisk':
      disk.heal();
      return;
    case 'report': {
      const paths = life ? agentFolders(life.storage).map((folder) => join(folder, 'journal.jsonl')) : [];
      const journals = paths.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
      const unfinished = journals.reduce((sum, text) => sum + replay(text).state.tasks.size, 0);
      say({ unfinished, degraded: running?.degraded ?? false, state: JSON.stringify(running?.state) });
    }
  }
}

async function watched(order: ChaosOrder): Promise<void> {
  const guard = setTimeout(() => broken(`it is not done with ${order.do}`), orderWithinMs);
  await obey(order);
  clearTimeout(guard);
}

if (import.meta.main) {
  let obeying = Promise.resolve();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const order: ChaosOrder = JSON.parse(line);
      obeying = obeying.then(() => watched(order)).catch(broken);
    })
    .on('close', () => process.exit(0));
  setInterval(() => {
    const state = running?.state;
    if (state?.kind === 'waiting' && state.retryInMs > patienceMs) running?.connect();
  }, 100);
}
