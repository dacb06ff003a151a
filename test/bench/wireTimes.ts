import type { Connection } from '../../src/agent/connection/connection.ts';
import type { OpenSocket } from '../../src/agent/connection/socket.ts';
import { Dice } from '../fakes/dice.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { FaultProxy } from '../fakes/faultProxy.ts';
import { MemoryNetwork } from '../fakes/memorySocket.ts';
import { connected, openConnection, WirePeer } from './wirePeer.ts';
import { limitRow, percentile, type Row } from './wireRows.ts';

/*
 * How long things take is counted on a clock that stands still between events, over a network in memory: an hour passes
 * in a moment, and a busy machine changes nothing. One half-open line is waited for in real time as well.
 */

const refused = { kind: 'error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' } as const;
const stepMs = 10;

/** A server in memory that registers whoever comes, and the moments at which it let somebody in. */
class Town {
  readonly clock: FakeClock;
  readonly network: MemoryNetwork;
  readonly connections: readonly Connection[];
  readonly arrivals: number[] = [];
  #open = true;

  constructor(seed: number, agents: number) {
    this.clock = new FakeClock({ seed });
    this.network = new MemoryNetwork(this.clock);
    const openSocket: OpenSocket = (target, events) => {
      const socket = this.network.open(target, events);
      if (this.#open) this.arrivals.push(this.clock.monotonic());
      const peer = this.network.last;
      peer.onText = (text) => {
        if (text.includes('"agent.register"')) peer.send('{"type":"agent.registered"}');
      };
      return socket;
    };
    this.connections = Array.from({ length: agents }, () =>
      openConnection({ url: 'ws://127.0.0.1:1/', clock: this.clock, openSocket }),
    );
    for (const connection of this.connections) connection.connect();
  }

  get allConnected(): boolean {
    return this.connections.every(({ state }) => state.kind === 'connected');
  }

  /** Every line is cut, and nobody is let in until `reopen`. */
  close(): void {
    this.#open = false;
    this.network.reception = refused;
    for (const peer of this.network.peers) peer.cut();
  }

  reopen(): void {
    this.#open = true;
    this.arrivals.length = 0;
    this.network.reception = 'accept';
  }

  /** Milliseconds until it is so. */
  async until(isTrue: () => boolean): Promise<number> {
    const since = this.clock.monotonic();
    while (!isTrue()) {
      if (this.clock.monotonic() - since > 600_000) throw new Error('not within ten minutes');
      await this.clock.advance(stepMs);
    }
    return this.clock.monotonic() - since;
  }

  dispose(): void {
    for (const connection of this.connections) connection.dispose();
  }
}

export async function halfOpen(runs = 50): Promise<readonly Row[]> {
  const dice = new Dice(1);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const town = new Town(run, 1);
    await town.until(() => town.allConnected);
    await town.clock.advance(dice.between(0, 60_000));
    town.network.last.silent = true;
    times.push(await town.until(() => !town.allConnected));
    town.dispose();
  }
  const most = Math.max(...times) - stepMs;
  const beside = `${runs} runs, p50 ${(percentile(times, 0.5) / 1000).toFixed(1)} s`;
  return [limitRow('half-open line found, most', most / 1000, 20, 's', beside)];
}

/** Over real sockets, on a real clock. */
export async function halfOpenForReal(): Promise<Row> {
  const peer = await WirePeer.start();
  const proxy = await FaultProxy.start(() => Number(new URL(peer.url).port));
  const connection = openConnection({ url: proxy.url });
  await connected(connection);
  // Just after a ping was answered, which is the longest way to the next.
  await new Promise((later) => setTimeout(later, 100));
  const lost = new Promise<void>((resolve) => {
    connection.onState(({ kind }) => {
      if (kind !== 'connected') resolve();
    });
  });
  const began = performance.now();
  proxy.flow('both', { kind: 'blackHole' });
  await lost;
  const seconds = (performance.now() - began) / 1000;
  connection.dispose();
  await proxy.stop();
  peer.stop();
  return limitRow('half-open line found, once in real time', seconds, 20, 's');
}

export async function backOnline(runs = 300): Promise<readonly Row[]> {
  const dice = new Dice(2);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const town = new Town(1000 + run, 1);
    await town.until(() => town.allConnected);
    await town.clock.advance(dice.between(30_000, 90_000));
    town.close();
    await town.clock.advance(dice.between(5_000, 30_000));
    town.reopen();
    times.push(await town.until(() => town.allConnected));
    town.dispose();
  }
  const beside = `${runs} outages of 5 to 30 s`;
  return [
    limitRow('registered again after the port is open, p50', percentile(times, 0.5) / 1000, 1, 's', beside),
    limitRow('registered again after the port is open, p99', percentile(times, 0.99) / 1000, 5, 's', beside),
  ];
}

/** Two hundred that lost one server at one moment: the busiest tenth of a second against the mean of all until the last is in. */
export async function herd(agents = 200): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const outageMs of [0, 5_000, 30_000]) {
    const ratios: number[] = [];
    for (let seed = 1; seed <= 5; seed++) {
      const town = new Town(seed, agents);
      await town.until(() => town.allConnected);
      await town.clock.advance(40_000);
      town.close();
      await town.clock.advance(outageMs === 0 ? 6 : outageMs);
      town.reopen();
      const since = town.clock.monotonic();
      await town.until(() => town.allConnected);
      ratios.push(crowding(town.arrivals.map((at) => at - since)));
      town.dispose();
    }
    const name = outageMs === 0 ? 'a server that is back at once' : `an outage of ${outageMs / 1000} s`;
    const worst = Math.max(...ratios);
    rows.push({
      what: `${agents} clients after ${name}`,
      ours: `${worst.toFixed(2)} x the mean of connects in 100 ms, worst of ${ratios.length}, median ${percentile(ratios, 0.5).toFixed(2)}`,
      goal: '<= 3 x',
      holds: worst <= 3,
    });
  }
  return rows;
}

function crowding(arrivals: readonly number[]): number {
  const bins: number[] = [];
  for (const at of arrivals) {
    const bin = Math.floor(at / 100);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return Math.max(...Object.values(bins)) / (arrivals.length / bins.length);
}
