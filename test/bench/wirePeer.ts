import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Connection, createConnection } from '../../src/agent/connection/connection.ts';
import { mesh } from '../../src/agent/connection/dialects/mesh.ts';
import type { OpenSocket } from '../../src/agent/connection/socket.ts';
import { createOpenSocket } from '../../src/agent/connection/webSocket.ts';
import { defaultSettings } from '../../src/agent/settings.ts';
import { type Clock, systemClock } from '../../src/agent/shared/clock.ts';
import type { Journal } from '../../src/agent/tasks/journal.ts';
import type { Worker } from '../../src/agent/tasks/task.ts';
import { createTaskRunner } from '../../src/agent/tasks/taskRunner.ts';
import type { WireAnswer, WireOrder } from './wireServer.ts';

/** The server's process, which answers one order after another. */
export class WirePeer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `ws://127.0.0.1:${port}/`;
  }

  static async start(): Promise<WirePeer> {
    const child = fork(join(import.meta.dirname, 'wireServer.ts'));
    const answer = await nextMessage(child);
    if (!('port' in answer)) throw new Error('the server did not begin with its port');
    return new WirePeer(child, answer.port);
  }

  async order(order: WireOrder): Promise<Extract<WireAnswer, { readonly ms: number }>> {
    const answered = nextMessage(this.#child);
    this.#child.send(order);
    const answer = await answered;
    if (!('ms' in answer)) throw new Error('the server has no times');
    return answer;
  }

  stop(): void {
    this.#child.disconnect();
  }

  /** Plain `ws`, that sends back what it hears. Ends with `close()`. */
  async echo(): Promise<WebSocket> {
    const socket = new WebSocket(this.url, { perMessageDeflate: false });
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    await once(socket, 'open');
    return socket;
  }
}

function nextMessage(child: ChildProcess): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the server ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as WireAnswer);
    });
  });
}

const idle = { activeTasks: 0, queuedTasks: 0, completedTasks: 0, failedTasks: 0, uptimeSeconds: 0 };
const quiet = () => undefined;

export interface ConnectionOptions {
  readonly url: string;
  readonly clock?: Clock;
  readonly openSocket?: OpenSocket;
  readonly id?: string;
  runningTasks?(): readonly string[];
}

/** The connection as the agent makes it. Not connecting yet. */
export function openConnection({
  url,
  clock = systemClock,
  openSocket,
  id,
  runningTasks,
}: ConnectionOptions): Connection {
  return createConnection({
    server: { url, key: 'bench-key' },
    self: { id: id ?? clock.uuid(), name: 'bench', version: '1.0.0', capabilities: [], config: {} },
    dialect: mesh,
    openSocket: openSocket ?? createOpenSocket(clock),
    clock,
    log: quiet,
    runningTasks: runningTasks ?? (() => []),
    health: () => ({ status: 'healthy', ...idle }),
  });
}

const metadata = { static_issues: 0, ai_suggestions: 0, confidence: 1, not_reviewed: [] };
const nothing: Worker = async () => ({ status: 'completed', result: { findings: [] }, metadata });

export interface NoOpAgent {
  readonly connection: Connection;
  dispose(): Promise<void>;
}

/** Connection, runner and the given journal, with nothing to do in between. Resolves when it is registered. */
export async function noOpAgent(url: string, journal: Journal, concurrentTasks: number): Promise<NoOpAgent> {
  const runner = createTaskRunner({
    workers: { code_review: nothing, documentation: nothing, analysis: nothing },
    journal,
    limits: () => ({ ...defaultSettings.limits, concurrentTasks, queuedTasks: 10_000, tasksPerMinute: 10_000 }),
    clock: systemClock,
    log: quiet,
    emit: quiet,
    send: (message) => connection.send(message),
  });
  const connection = openConnection({ url, runningTasks: () => runner.unfinished });
  connection.onWord((word) => (word.kind === 'registered' ? runner.registered() : runner.hear(word)));
  runner.start();
  await connected(connection);
  return {
    connection,
    async dispose() {
      // Everything is acknowledged, and written down as such.
      while (journal.tasks.size > 0) await pause(5);
      await journal.flush();
      connection.dispose();
      runner.dispose();
      await journal.flush();
    },
  };
}

export function connected(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const listening = connection.onState((state) => {
      if (state.kind !== 'connected') return;
      listening.dispose();
      resolve();
    });
    connection.connect();
  });
}
