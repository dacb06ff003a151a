import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAgent } from '../../src/agent/agent.ts';
import { createOpenSocket } from '../../src/agent/connection/webSocket.ts';
import { succeeded } from '../../src/agent/failures.ts';
import { checkSettings } from '../../src/agent/settings.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { FakeHost } from '../fakes/fakeHost.ts';
import { collectGarbage } from '../faults/fuzzMemory.ts';
import { WirePeer } from './wirePeer.ts';
import { limitRow, type Row } from './wireRows.ts';

const megabyte = 1024 * 1024;

/** The whole agent after ten thousand tasks, against the same after a hundred. */
export async function heap(): Promise<readonly Row[]> {
  const peer = await WirePeer.start();
  const host = new FakeHost({ keys: { [new URL(peer.url).origin]: 'bench-key' } });
  host.changes = async () => succeeded([]);
  Object.assign(host, { log: () => undefined });
  const { settings } = checkSettings({
    server: { url: peer.url, dialect: 'mesh' },
    review: { useModel: false },
    limits: { concurrentTasks: 10, queuedTasks: 10_000, tasksPerMinute: 10_000 },
  });
  const agent = createAgent(host, settings, {
    clock: systemClock,
    environment: {},
    engineFolder: host.storage,
    processId: process.pid,
    machineName: 'bench',
    version: '1.0.0',
  });
  const registered = new Promise<void>((resolve) => {
    agent.onEvent(({ type }) => {
      if (type === 'connected') resolve();
    });
  });
  agent.connect();
  await registered;
  await peer.order({ do: 'tasks', count: 100, atOnce: true });
  const few = held();
  for (let burst = 0; burst < 9; burst++) await peer.order({ do: 'tasks', count: 1100, atOnce: true });
  const many = held();
  agent.dispose();
  host.dispose();
  peer.stop();
  const beside = `${(many / megabyte).toFixed(1)} MB against ${(few / megabyte).toFixed(1)} MB`;
  return [limitRow('heap after 10,000 tasks above that after 100', (many - few) / megabyte, 10, 'MB', beside)];
}

function held(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const attacks = {
  declared: 'a frame of 100 MB',
  endless: 'a frame of 2^53 bytes',
  fragments: 'a million one-byte fragments',
  bomb: 'a compressed frame that unpacks to 64 MB',
  pings: '50,000 pings',
  messages: '200,000 messages of no known type',
};

/** What is resident at most while each is sent, above what was before. */
export async function hostile(): Promise<readonly Row[]> {
  const child = fork(join(import.meta.dirname, 'wireHostile.ts'));
  const [message]: { readonly port: number }[] = await once(child, 'message');
  const rows: Row[] = [];
  // Whatever is loaded and made ready once.
  await meet(`ws://127.0.0.1:${message?.port}/pings`);
  for (const [path, what] of Object.entries(attacks)) {
    const peak = watchPeak();
    await meet(`ws://127.0.0.1:${message?.port}/${path}`);
    rows.push(limitRow(`resident memory under ${what}`, peak() / megabyte, 8, 'MB'));
  }
  child.disconnect();
  return rows;
}

const goneWithinMs = 3_000;

/** One connection until it is over, or has had all there was. */
function meet(url: string): Promise<void> {
  return new Promise((resolve) => {
    const target = { url, headers: {}, connectTimeoutMs: 10_000, maxIncomingBytes: 2 * megabyte };
    const finish = () => {
      clearTimeout(guard);
      resolve();
    };
    const quiet = () => undefined;
    const events = { onOpen: quiet, onMessage: quiet, onPong: quiet, onBinary: quiet, onClose: finish };
    const socket = createOpenSocket(systemClock)(target, events);
    const guard = setTimeout(() => socket.terminate(), goneWithinMs);
  });
}

/** The system's own high-water mark where it can be set back; elsewhere what is seen every millisecond. */
function watchPeak(): () => number {
  collectGarbage();
  const before = process.memoryUsage.rss();
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return () => highWater() - before;
  } catch {
    // No such system.
    let most = before;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 1);
    return () => {
      clearInterval(timer);
      return most - before;
    };
  }
}

function highWater(): number {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
