import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Dice } from '../fakes/dice.ts';
import { type Direction, FaultProxy, type Flow, type ProxiedConnection } from '../fakes/faultProxy.ts';
import { MeshServer } from '../fakes/meshServer.ts';
import type { ChaosLife, ChaosNews, ChaosOrder } from './chaosAgent.ts';
import { chaosFaults } from './chaosFaults.ts';

/** A run of a task that its process did not survive is made up for so often. */
export const retryBudget = 2;
const factor = 30;
const settleWithinMs = 30_000;
/** So many tasks may wait while more are given out, unless it takes too long. */
const mostOpen = 40;
const patienceMs = 1_000;

export interface ChaosVerdict {
  readonly seed: number;
  readonly tasks: number;
  readonly faults: number;
  readonly kills: number;
  readonly restarts: number;
  readonly connections: number;
  readonly executions: number;
  readonly lost: readonly string[];
  /** Two results of one task that contradict one another. */
  readonly contradicted: readonly string[];
  /** Run more often than the retry budget allows. */
  readonly overrun: readonly string[];
  /** Anything else that must not be. */
  readonly broken: readonly string[];
  /** Results that were asked for again when only their status was still known. */
  readonly recalled: number;
  readonly seconds: number;
}

export function holds({ lost, contradicted, overrun, broken, executions, tasks }: ChaosVerdict): boolean {
  const wrong = lost.length + contradicted.length + overrun.length + broken.length;
  return wrong === 0 && executions <= tasks * (1 + retryBudget);
}

/**
 * One seed: a server, a proxy that breaks the line, and an agent in a process that is killed. What is done, to what and for
 * how long comes from the seed; what is under way when it is done is up to the machine. Over 300 lines, because the server,
 * the one who breaks things and the judge share what they know of each task.
 */
export class ChaosRun {
  readonly mesh: MeshServer;
  readonly proxy: FaultProxy;
  readonly #seed: number;
  readonly #dice: Dice;
  readonly #folder: string;
  readonly #ids: string[] = [];
  readonly #runs = new Map<string, number>();
  /** How often the agent was ended in order under a task. */
  readonly #begunAnew = new Map<string, number>();
  readonly #dead = new Map<ProxiedConnection, readonly Direction[]>();
  readonly #broken: string[] = [];
  #registrationsSeen = 0;
  #next = 0;
  #child: ChildProcess | undefined;
  #spare: ChildProcess | undefined;
  #kind: ChaosLife['kind'] = 'whole';
  /** One at a time: what a broken disk did not take, nobody can promise to a process that is killed. */
  #lives: Promise<void> = Promise.resolve();
  #serverUp: Promise<void> = Promise.resolve();
  #report: ((report: Extract<ChaosNews, { readonly unfinished: number }>) => void) | undefined;
  #kills = 0;
  #restarts = 0;
  #faults = 0;

  private constructor(seed: number, mesh: MeshServer, proxy: FaultProxy, folder: string) {
    this.#seed = seed;
    this.#dice = new Dice(seed);
    this.mesh = mesh;
    this.proxy = proxy;
    this.#folder = folder;
  }

  static async of(seed: number, tasks: number): Promise<ChaosVerdict> {
    const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
    for (const name of ['storage', 'workspace']) await mkdir(join(folder, name));
    // A third of the servers say nothing about results: a pong has to do.
    const mesh = await MeshServer.start({ ack: seed % 3 !== 0 });
    const proxy = await FaultProxy.start(() => Number(new URL(mesh.url).port));
    const run = new ChaosRun(seed, mesh, proxy, folder);
    try {
      return await run.#play(tasks);
    } finally {
      for (const child of [run.#child, run.#spare]) child?.kill('SIGKILL');
      await proxy.stop();
      await mesh.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #play(tasks: number): Promise<ChaosVerdict> {
    const began = performance.now();
    const dice = this.#dice.fork();
    const faults = this.#dice.fork();
    const deck = chaosFaults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
    await Promise.all(
      Array.from({ length: tasks }, (_, n) =>
        writeFile(join(this.#folder, 'workspace', `${this.#id(n)}.txt`), `${n}\n`),
      ),
    );
    this.#begin(lifeFrom(this.#dice.fork()));
    const watch = setInterval(() => this.#welcome(), 5);
    await this.mesh.waitFor(() => this.mesh.received('agent.register').length > 0, settleWithinMs);
    const underWay = new Set<Promise<void>>();
    while (this.#next < tasks) {
      const most = Math.min(tasks - this.#next, dice.between(1, 8));
      for (let n = 0; n < most; n++) this.#assign(this.#id(this.#next++));
      await pause(dice.between(0, 40));
      // As much as there is to do goes wrong while it is done, also where the machine is slow.
      const patient = performance.now() + patienceMs;
      while (this.#open > mostOpen && performance.now() < patient) await pause(5);
      if (!dice.chance(0.5)) continue;
      const fault = dice.pick(deck);
      const chance = faults.fork();
      this.#faults += 1;
      const striking = Promise.resolve(fault.strike(this, chance)).catch((error: unknown) => {
        this.#broken.push(`${fault.name}: ${String(error)}`);
      });
      underWay.add(striking);
      void striking.then(() => underWay.delete(striking));
      // Now and then several things go wrong at once.
      if (!dice.chance(0.3)) await Promise.all(underWay);
    }
    await Promise.all(underWay);
    await this.#settle();
    clearInterval(watch);
    return this.#verdict((performance.now() - began) / 1000);
  }

  /** Everything works again, and is given the time to come to its end. */
  async #settle(): Promise<void> {
    this.proxy.forget();
    this.flow('both', { kind: 'pass' });
    this.mesh.acceptUpgrades();
    const end = performance.now() + settleWithinMs;
    while (performance.now() < end) {
      this.#order({ do: 'connect' });
      const unanswered = this.#ids.filter((id) => this.#isOpen(id));
      const { unfinished, degraded, state } = await this.#ask();
      if (unanswered.length === 0 && unfinished === 0 && !degraded) return;
      if (performance.now() + 300 > end)
        this.#broken.push(`not at rest: ${unanswered.length} unanswered, ${unfinished} in the journal, ${state}`);
      await pause(50);
    }
  }

  #verdict(seconds: number): ChaosVerdict {
    const { tasks } = this.mesh;
    let recalled = 0;
    const contradicted = this.#ids.filter((id) => {
      const [first, ...others] = tasks.of(id).results.map(({ result }) => result);
      return others.some((other) => {
        if (JSON.stringify(other) === JSON.stringify(first)) return false;
        const statusOnly = other['result'] === null && other['status'] === first?.['status'];
        if (statusOnly && /only its status is still known/.test(String(other['error']))) {
          recalled += 1;
          return false;
        }
        return true;
      });
    });
    const allowed = (id: string) => 1 + retryBudget + (this.#begunAnew.get(id) ?? 0);
    const overrun = [...this.#runs].flatMap(([id, runs]) => (runs > allowed(id) ? [id] : []));
    return {
      seed: this.#seed,
      tasks: this.#ids.length,
      faults: this.#faults,
      kills: this.#kills,
      restarts: this.#restarts,
      connections: this.mesh.upgrades.filter(({ status }) => status === 101).length,
      executions: [...this.#runs.values()].reduce((sum, runs) => sum + runs, 0),
      lost: this.#ids.filter((id) => this.#isOpen(id)),
      contradicted,
      overrun,
      broken: this.#broken,
      recalled,
      seconds,
    };
  }

  // What a server does that forgets nothing: whoever registers is given what he does not say he has.
  #welcome(): void {
    const registrations = this.mesh.received('agent.register');
    for (const { json } of registrations.slice(this.#registrationsSeen)) {
      const known = new Set(Array.isArray(json['running_tasks']) ? json['running_tasks'] : []);
      for (const id of this.#ids) {
        if (!known.has(id) && this.#isOpen(id)) this.#give(id);
      }
    }
    this.#registrationsSeen = registrations.length;
  }

  get #open(): number {
    return this.#ids.reduce((sum, id) => sum + (this.#isOpen(id) ? 1 : 0), 0);
  }

  #isOpen(id: string): boolean {
    return this.mesh.tasks.of(id).results.length === 0;
  }

  /** Made from the seed, so that a replay has the same. */
  #id(number: number): string {
    return `s${this.#seed}-t${number}`;
  }

  #assign(id: string): void {
    this.#ids.push(id);
    this.#give(id);
  }

  #give(id: string): void {
    const priority = ['low', 'normal', 'high', 'critical'][id.length % 4];
    this.mesh.assign({ id, type: 'code_review', priority, payload: { files: [`${id}.txt`] } });
  }

  assignAgain(count: number, dice: Dice): void {
    for (let n = 0; n < count && this.#ids.length > 0; n++) this.#give(dice.pick(this.#ids));
  }

  cancelSome(count: number, dice: Dice): void {
    const recent = this.#ids.slice(-60);
    for (let n = 0; n < count && recent.length > 0; n++) this.mesh.cancel(dice.pick(recent), 'not needed');
  }

  cancelNext(): void {
    this.mesh.cancel(this.#id(this.#next), 'too late');
  }

  /** For every line but the dead ones: what was lost on them cannot come back. */
  flow(direction: Direction | 'both', flow: Flow): void {
    this.proxy.flow(direction, flow);
    for (const [line, dead] of this.#dead) for (const each of dead) line.flow(each, { kind: 'blackHole' });
  }

  /** The lines there are die without a word. Those to come are well. */
  blackHole(directions: readonly Direction[]): void {
    for (const line of this.proxy.live) {
      this.#dead.set(line, directions);
      for (const each of directions) line.flow(each, { kind: 'blackHole' });
    }
  }

  kill(dice: Dice): Promise<void> {
    const next = lifeFrom(dice);
    return this.#alone(async () => {
      const child = this.#child;
      if (!child) return;
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      } else this.#broken.push(`the agent had ended by itself: ${child.exitCode ?? child.signalCode}`);
      this.#kills += 1;
      this.#begin(next);
    });
  }

  restartAgent(dice: Dice): Promise<void> {
    const next = lifeFrom(dice);
    return this.#alone(async () => {
      this.#restarts += 1;
      // What is ended in order is begun again, and that is no retry.
      for (const [id] of this.#runs) if (this.#isOpen(id)) this.#begunAnew.set(id, (this.#begunAnew.get(id) ?? 0) + 1);
      this.#kind = next.kind;
      this.#order({ do: 'restart', ...next });
    });
  }

  restartServer(dice: Dice): Promise<void> {
    const ms = dice.between(0, 150);
    const restarting = this.#serverUp.then(async () => {
      await this.mesh.stop();
      await pause(ms);
      await this.#listenAgain();
    });
    this.#serverUp = restarting.catch(() => undefined);
    return restarting;
  }

  /** Whoever called a port while nobody listened may have been given it as his own. He lets go of it before long. */
  async #listenAgain(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.mesh.listen();
        return;
      } catch (error) {
        if (tries === 50) throw error;
        await pause(20);
      }
    }
  }

  failDisk(dice: Dice): Promise<void> {
    const step = dice.pick(['write', 'sync', 'open', 'rename'] as const);
    const code = dice.pick(['ENOSPC', 'EIO', 'EROFS']);
    const ms = dice.between(50, 400);
    return this.#alone(async () => {
      // The disk of the other kind is the machine's own.
      if (this.#kind !== 'rooms') return;
      this.#order({ do: 'failDisk', step, code });
      await pause(ms);
      this.#order({ do: 'healDisk' });
      while ((await this.#ask()).degraded) await pause(30);
    });
  }

  #alone(act: () => Promise<void>): Promise<void> {
    const acting = this.#lives.then(act);
    // Whoever asked for it hears of its failure; the next one begins in any case.
    this.#lives = acting.catch(() => undefined);
    return acting;
  }

  #begin(next: ReturnType<typeof lifeFrom>): void {
    this.#child = this.#spare ?? this.#start();
    this.#spare = this.#start();
    this.#kind = next.kind;
    const life: ChaosLife = {
      url: this.proxy.url,
      key: this.mesh.key,
      storage: join(this.#folder, 'storage'),
      workspace: join(this.#folder, 'workspace'),
      ...next,
      factor,
    };
    this.#order({ do: 'begin', life });
  }

  /** Begun ahead of time, so that a death costs no time to load what was loaded before. */
  #start(): ChildProcess {
    const program = join(import.meta.dirname, 'chaosAgent.ts');
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    // Talking to somebody who was just killed is no mistake here.
    child.stdin?.on('error', () => undefined);
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#hear(JSON.parse(line)));
    return child;
  }

  #hear(news: ChaosNews): void {
    if ('ran' in news) this.#runs.set(news.ran, (this.#runs.get(news.ran) ?? 0) + 1);
    else if ('broken' in news) this.#broken.push(news.broken);
    else this.#report?.(news);
  }

  #order(order: ChaosOrder): void {
    this.#child?.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #ask(): Promise<Extract<ChaosNews, { readonly unfinished: number }>> {
    return new Promise((resolve, reject) => {
      const guard = setTimeout(
        () => reject(new Error(`the agent (${this.#kind}) does not answer: ${this.#broken.join('; ')}`)),
        settleWithinMs,
      );
      this.#report = (report) => {
        clearTimeout(guard);
        resolve(report);
      };
      this.#order({ do: 'report' });
    });
  }
}

function lifeFrom(dice: Dice): Pick<ChaosLife, 'seed' | 'kind'> {
  return { seed: dice.between(1, 2 ** 31), kind: dice.pick(['whole', 'rooms'] as const) };
}
