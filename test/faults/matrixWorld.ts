import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../src/agent/agent.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { checkSettings, type Settings } from '../../src/agent/settings.ts';
import { replay } from '../../src/agent/tasks/journalLines.ts';
import { FaultProxy } from '../fakes/faultProxy.ts';
import { HurriedClock } from '../fakes/hurriedClock.ts';
import { root } from '../setup/paths.ts';
import { GatedHost, noisyLines } from './matrixHost.ts';
import {
  type MatrixServer,
  type MeshMatrixServer,
  readableAgentId,
  type ServerKind,
  startServer,
} from './matrixServers.ts';

/** Where the task is when the fault comes. */
export const states = ['idle', 'queued', 'running', 'result unsent', 'result unacknowledged'] as const;
export type State = (typeof states)[number];

/** What must have become of a task in the end. */
export interface Expected {
  /** `answered`: exactly one result, delivered. `dropped`: it is somebody else's now. `kept`: nobody wants it, and it stays here. */
  fate: 'answered' | 'dropped' | 'kept';
  /** How often its work may have been begun. */
  mostRuns: number;
  /** Of the result, where only one is right. */
  status?: string;
}

/**
 * A real agent in front of a real server double with the fault proxy in between, brought into a state, hurt, healed, and
 * then asked for what must hold whatever happened. Over 300 lines, because the invariants are read best beside the
 * world that they are about.
 */
export class FaultWorld {
  readonly clock: HurriedClock;
  readonly host: GatedHost;
  readonly proxy: FaultProxy;
  readonly server: MatrixServer;
  readonly events: AgentEvent[] = [];
  readonly expected = new Map<string, Expected>();
  /** What was seen to be wrong on the way. */
  readonly problems: string[] = [];
  agent: Agent;
  state: State = 'idle';
  /** The task that the state is about; '' while idle. */
  subject = '';
  /** Of the tasks that are assigned from now on: milliseconds of the agent's clock until they are too late. */
  deadlineInMs: number | undefined;
  /** Records that were safe on disk are gone: work may be done again, and what was answered be answered in another way. */
  toleratesLostRecords = false;
  settings: Settings;
  readonly #baseline: ReadonlyMap<string, number>;
  readonly #sockets = new Set<Socket>();
  #mostSockets = 0;
  readonly #told = new Set<string>();
  readonly #codes = new Map<string, string>();
  readonly #files = new Map<string, string>();
  readonly #others: Agent[] = [];
  #agents = 0;
  #goodbyes = 0;
  #disposed = false;

  private constructor(
    kind: ServerKind,
    server: MatrixServer,
    proxy: FaultProxy,
    baseline: ReadonlyMap<string, number>,
    hurry: number | undefined,
  ) {
    this.#baseline = baseline;
    this.server = server;
    this.proxy = proxy;
    // The edge server is asked for work every few seconds at most.
    this.clock = new HurriedClock(hurry ?? (kind === 'mcp' ? 60 : 20));
    this.host = new GatedHost(server.key);
    const { settings, problems } = checkSettings({
      server: { url: proxy.url, dialect: server.dialect },
      agent: { id: readableAgentId },
      review: { useModel: false, findingsPerFile: 1000 },
      limits: { concurrentTasks: 1, queuedTasks: 50 },
    });
    assert.deepEqual(problems, []);
    this.settings = settings;
    subscribe('net.client.socket', this.#onSocket);
    process.on('unhandledRejection', this.#onUnhandled);
    process.on('uncaughtException', this.#onUnhandled);
    this.agent = this.openAgent();
  }

  /** `hurry`: how many times faster than real the agent's time passes. */
  static async open(kind: ServerKind = 'mesh', hurry?: number): Promise<FaultWorld> {
    const baseline = resources();
    const server = await startServer(kind);
    const proxy = await FaultProxy.start(() => server.port);
    const world = new FaultWorld(kind, server, proxy, baseline, hurry);
    world.agent.connect();
    await world.connected();
    return world;
  }

  /** For the faults that only the mesh server can be told. */
  get meshServer(): MeshMatrixServer {
    const { server } = this;
    assert.ok(isMesh(server), 'this cell is about the mesh server');
    return server;
  }

  /** A further window on the same storage and with the same key. */
  async openSecond(): Promise<void> {
    const second = this.openAgent();
    this.#others.push(second);
    second.connect();
    await this.until(() => second.state.connection.kind === 'connected', 'connected a second time');
  }

  openAgent(): Agent {
    this.#agents += 1;
    const agent = createAgent(this.host, this.settings, {
      clock: this.clock,
      environment: {},
      engineFolder: join(root, 'dist', 'engine'),
      processId: process.pid,
      machineName: 'matrix',
      version: '1.0.0',
    });
    agent.onEvent((event) => {
      this.events.push(event);
      this.#told.add(`${event.type} ${taskIdOf(event)}`);
      this.#judge(event);
    });
    return agent;
  }

  /** Assigns a task that reviews a file of its own. Returns its id. */
  assign({ id = randomUUID(), gated = false }: { readonly id?: string; readonly gated?: boolean } = {}): string {
    const file = `${id}.py`;
    const lines = Array.from({ length: this.host.noisy ? noisyLines : 1 }, (_, n) => `total_${n} = ${n}\n`);
    const path = this.host.write(file, lines.join(''));
    this.#files.set(id, path);
    if (gated) this.host.close(path);
    if (!this.expected.has(id)) this.expected.set(id, { fate: 'answered', mostRuns: 1 });
    const deadline = new Date(this.clock.now() + (this.deadlineInMs ?? 0)).toISOString();
    this.server.assign({ id, payload: { files: [file] }, ...(this.deadlineInMs !== undefined && { deadline }) });
    return id;
  }

  /** A task with its code inside, which nothing holds up. */
  assignCode(id: string, code: string): void {
    this.#codes.set(id, code);
    this.expect(id, {});
    this.server.assign({ id, payload: { language: 'python', code } });
  }

  /** The same assignment once more. */
  assignAgain(id: string): void {
    const code = this.#codes.get(id);
    const payload = code === undefined ? { files: [`${id}.py`] } : { language: 'python', code };
    this.server.assign({ id, payload });
  }

  pathOf(id: string): string {
    return this.#files.get(id) ?? '';
  }

  runs(id: string): number {
    return this.host.runs(this.pathOf(id));
  }

  expect(id: string, change: Partial<Expected>): void {
    this.expected.set(id, { fate: 'answered', mostRuns: 1, ...this.expected.get(id), ...change });
  }

  /** As a person changes the address in the settings. */
  useUrl(url: string): void {
    this.settings = { ...this.settings, server: { ...this.settings.server, url } };
    this.agent.useSettings(this.settings);
    // The old server is told goodbye while the new one is called.
    this.#goodbyes = 1;
  }

  async until(isTrue: () => boolean, what: string, realMs = 12_000): Promise<void> {
    const end = performance.now() + realMs;
    while (!isTrue()) {
      if (performance.now() > end) {
        const { connection } = this.agent.state;
        const told = this.events.slice(-12).map(({ type }) => type);
        throw new Error(`never ${what}; connection ${JSON.stringify(connection)}; last told: ${told.join(', ')}`);
      }
      await pause(2);
    }
  }

  connected(): Promise<void> {
    return this.until(() => this.agent.state.connection.kind === 'connected', 'connected');
  }

  /** Noticed by the agent, as it must be in at most a ping and its deadline; milliseconds of its own clock. */
  async noticed(): Promise<number> {
    const since = this.clock.monotonic();
    await this.until(() => this.agent.state.connection.kind !== 'connected', 'noticed the loss');
    return this.clock.monotonic() - since;
  }

  told(type: AgentEvent['type'], id: string): boolean {
    return this.#told.has(`${type} ${id}`);
  }

  async bring(state: State): Promise<void> {
    this.state = state;
    if (state === 'idle') return;
    if (state === 'queued') {
      const { deadlineInMs } = this;
      this.deadlineInMs = undefined;
      const blocker = this.assign({ gated: true });
      await this.until(() => this.runs(blocker) === 1, 'running');
      this.deadlineInMs = deadlineInMs;
      this.subject = this.assign({ gated: true });
      const { subject } = this;
      await this.until(() => this.agent.state.queued.some(({ id }) => id === subject), 'queued');
      await this.until(() => this.server.accepted(subject), 'accepted');
      return;
    }
    this.subject = this.assign({ gated: true });
    const { subject, server, proxy } = this;
    await this.until(() => this.runs(subject) === 1, 'running');
    await this.until(() => server.accepted(subject), 'accepted');
    if (state === 'running') return;
    if (state === 'result unsent') {
      await this.lose();
      this.host.openGates();
      await this.until(() => this.told('task-end', subject), 'ended');
      assert.equal(server.arrivals(subject), 0);
      return;
    }
    if (isMesh(server) && server.mesh.ack) server.holdAcks();
    else {
      proxy.when({
        direction: 'up',
        moment: 'after',
        matches: (text) => server.isResult(text, subject),
        act: (connection) => connection.flow('down', { kind: 'hold' }),
      });
    }
    this.host.openGates();
    await this.until(() => server.arrivals(subject) === 1, 'at the server');
    assert.equal(this.told('task-delivered', subject), false);
  }

  /** The link is gone, and stays so until `heal`. */
  async lose(): Promise<void> {
    await this.proxy.refuse();
    this.proxy.cut('reset');
    await this.noticed();
  }

  /** Hurts the live connection: now, or, where the result is unsent, at the moment it is about to be sent. */
  async strike(act: () => unknown): Promise<void> {
    if (this.state !== 'result unsent') {
      await act();
      return;
    }
    const { server, subject, proxy } = this;
    let acted: Promise<unknown> | undefined;
    proxy.when({
      direction: 'up',
      moment: 'before',
      matches: (text) => server.isResult(text, subject),
      act: () => {
        acted = Promise.resolve(act());
      },
    });
    await proxy.listen();
    await this.until(() => acted !== undefined, 'about to send the result');
    await acted;
  }

  /** Whatever was broken in between works again. What the server holds back it still holds back. */
  async heal(): Promise<void> {
    this.proxy.intercept = undefined;
    this.proxy.flow('both', { kind: 'pass' });
    this.server.acceptUpgrades();
    await this.proxy.listen();
  }

  /** Everybody does what he was kept from doing. */
  async release(): Promise<void> {
    await this.heal();
    this.host.openGates();
    await this.connected();
    if (isMesh(this.server)) this.server.releaseAcks();
  }

  /** Closes the window, as the editor does, and opens it again; `meanwhile` is in between. */
  async restart(meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    const began = performance.now();
    this.agent.dispose();
    if (performance.now() - began > 500) this.problems.push('I8: closing the window took more than 500 ms');
    // Work that was under way is begun again.
    for (const [id, each] of this.expected) if (this.runs(id) > 0 && !this.told('task-end', id)) each.mostRuns += 1;
    await meanwhile();
    this.agent = this.openAgent();
    this.agent.connect();
    await this.connected();
  }

  /** Heals, lets everything come to its end, and checks the invariants. */
  async finish(): Promise<void> {
    await this.release();
    await this.allDelivered([...this.expected].flatMap(([id, { fate }]) => (fate === 'answered' ? [id] : [])));
    await this.delivered(this.assign());
    const agents = [this.agent, ...this.#others];
    const busy = () => agents.some(({ state: { running, queued } }) => running.length + queued.length > 0);
    await this.until(() => !busy(), 'at rest');
    await this.#checkTasks();
    this.#checkWords();
    await this.close();
    assert.deepEqual(this.problems, []);
  }

  delivered(id: string): Promise<void> {
    return this.allDelivered([id]);
  }

  /** What the server gave out on a connection that was gone, and nobody took, it gives out again. */
  async allDelivered(ids: Iterable<string>, realMs = 12_000): Promise<void> {
    const open = new Set(ids);
    const { server } = this;
    const pushAgainMs = 1000;
    let pushed = performance.now();
    const done = () => {
      // Where records were lost nobody knows any more that there was something to deliver.
      const over = (id: string) =>
        server.effective(id) > 0 && (this.toleratesLostRecords || this.told('task-delivered', id));
      for (const id of open) if (over(id)) open.delete(id);
      if (open.size > 0 && performance.now() - pushed > pushAgainMs) {
        pushed = performance.now();
        for (const id of open) if (!server.accepted(id) && server.effective(id) === 0) this.assignAgain(id);
      }
      return open.size === 0;
    };
    await this.until(done, 'all delivered', realMs).catch((error: unknown) => {
      const [first = ''] = open;
      const fate = `${server.effective(first)} results, ${this.runs(first)} runs`;
      throw new Error(`${open.size} not delivered, one with ${fate}: ${String(error)}`);
    });
  }

  /** Ends all there is, and says what is left of it. */
  async close(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const agent of [this.agent, ...this.#others]) agent.dispose();
    const { clock, problems } = this;
    if (clock.pending > 0) problems.push(`I8: ${clock.pending} timers left after dispose`);
    // A polite close has a second to be answered in.
    const gone = () => this.#sockets.size === 0;
    await this.until(gone, 'rid of its sockets', 3000).catch(() => problems.push('I8: a socket is left after dispose'));
    await this.proxy.stop();
    await this.server.stop();
    await this.until(() => leftOver(this.#baseline) === undefined, 'back to where it was', 3000).catch(() =>
      problems.push(`I8: left after dispose: ${leftOver(this.#baseline)}`),
    );
    await pause(0);
    unsubscribe('net.client.socket', this.#onSocket);
    process.off('unhandledRejection', this.#onUnhandled);
    process.off('uncaughtException', this.#onUnhandled);
    this.host.dispose();
  }

  async #checkTasks(): Promise<void> {
    const { server, problems } = this;
    const { journalled, refused } = await this.#onDisk();
    for (const [id, { fate, mostRuns, status }] of this.expected) {
      const what = `${id.slice(0, 8)}${id === this.subject ? ' (the subject)' : ''}`;
      const effective = server.effective(id);
      if (fate === 'answered' && (this.toleratesLostRecords ? effective < 1 : effective !== 1))
        problems.push(`I1: ${what} has ${effective} effective results`);
      if (fate === 'answered' && journalled.has(id)) problems.push(`I2: ${what} is still in the journal`);
      if (fate === 'kept' && !journalled.has(id) && !refused.has(id)) problems.push(`I2: ${what} is not kept`);
      if (fate === 'dropped' && (journalled.has(id) || this.told('task-delivered', id))) {
        problems.push(`I1: ${what} was not let go of`);
      }
      const mayRun = mostRuns + (this.toleratesLostRecords ? 1 : 0);
      if (this.runs(id) > mayRun) problems.push(`I3: ${what} was worked on ${this.runs(id)} times`);
      if (status !== undefined && server.status(id) !== status) {
        problems.push(`I7: ${what} ended as ${server.status(id)}, not ${status}`);
      }
      const ends = this.events.filter((event) => event.type === 'task-end' && event.task.id === id);
      if (this.#agents === 1 && ends.length > 1) problems.push(`I7: the end of ${what} was told ${ends.length} times`);
    }
    if (this.#mostSockets > this.#agents + this.#goodbyes)
      problems.push(`I5: ${this.#mostSockets} live sockets at once`);
    if (server.hangUps() > 0) problems.push(`the agent made the server hang up ${server.hangUps()} times`);
  }

  /** Ids of the tasks that are not over by the journals on disk, and of those whose results nobody wants. */
  async #onDisk(): Promise<{ readonly journalled: ReadonlySet<string>; readonly refused: ReadonlySet<string> }> {
    // What was said is on disk a moment later.
    await pause(20);
    const journalled = new Set<string>();
    const refused = new Set<string>();
    for (let slot = 1; slot <= this.#agents; slot++) {
      const path = join(this.host.storage, `agent-${slot}`, 'journal.jsonl');
      const { state } = replay(await readFile(path, 'utf8').catch(() => ''));
      for (const id of state.tasks.keys()) journalled.add(id);
      for (const [id, { result }] of state.ended) if (result && !this.told('task-delivered', id)) refused.add(id);
    }
    return { journalled, refused };
  }

  /** I7: the last that was told of the connection is so. */
  #checkWords(): void {
    const { connection } = this.agent.state;
    const last = this.events.findLast(({ type }) =>
      ['connected', 'connecting', 'waiting', 'attention', 'disconnected'].includes(type),
    );
    if (connection.kind !== 'connected') this.problems.push(`I7: at the end the agent is ${connection.kind}`);
    if (last?.type !== 'connected') this.problems.push(`I7: the last that was told is ${last?.type}`);
    if (this.server.openConnections() < 1) this.problems.push('I7: it says connected, and nobody is');
    const connects = this.events.filter(({ type }) => type === 'connected').length;
    if (connects > this.server.registrations()) this.problems.push('I7: it said connected without being registered');
  }

  /** I7: what is told must be so at the moment it is told. */
  #judge(event: AgentEvent): void {
    const { server, problems } = this;
    if (event.type === 'task-delivered' && server.effective(event.taskId) === 0) {
      problems.push(`I7: ${event.taskId.slice(0, 8)} is told as delivered, and the server has no result`);
    }
    if (event.type !== 'task-end') return;
    const { id } = event.task;
    const known = server.status(id);
    if (known !== undefined && known !== event.result.status && server.dialect === 'mesh') {
      problems.push(`I7: ${id.slice(0, 8)} is told as ${event.result.status}, and the server has ${known}`);
    }
  }

  readonly #onUnhandled = (reason: unknown) => {
    this.problems.push(`I8: unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`);
  };

  /** I5 and I6: every connection that this process begins, its own to the servers behind the proxy apart. */
  readonly #onSocket = (message: unknown) => {
    const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined;
    if (!(socket instanceof Socket)) return;
    socket.once('connectionAttempt', (_address: string, port: number) => {
      if (port !== this.proxy.port) return;
      this.#sockets.add(socket);
      this.#mostSockets = Math.max(this.#mostSockets, this.#sockets.size);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  };
}

function isMesh(server: MatrixServer): server is MeshMatrixServer {
  return 'holdAcks' in server;
}

function taskIdOf(event: AgentEvent): string | undefined {
  if ('task' in event) return event.task.id;
  return 'taskId' in event ? event.taskId : undefined;
}

/** What keeps this process alive, counted by kind. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Undefined: nothing more than before. */
function leftOver(baseline: ReadonlyMap<string, number>): string | undefined {
  const more = [...resources()].filter(
    // The waiting of this very question, and what the test runner does meanwhile.
    ([kind, count]) =>
      !['Timeout', 'Immediate', 'PipeWrap', 'TTYWrap'].includes(kind) && count > (baseline.get(kind) ?? 0),
  );
  return more.length === 0 ? undefined : more.map(([kind, count]) => `${count} ${kind}`).join(', ');
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
