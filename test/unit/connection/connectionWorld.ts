import assert from 'node:assert/strict';
import { type Connection, createConnection } from '../../../src/agent/connection/connection.ts';
import type { Dialect } from '../../../src/agent/connection/dialects/dialect.ts';
import { mesh } from '../../../src/agent/connection/dialects/mesh.ts';
import type { AgentIdentity, Incoming, Outgoing } from '../../../src/agent/connection/messages.ts';
import type { ConnectionState } from '../../../src/agent/connection/state.ts';
import type { TaskResult } from '../../../src/agent/tasks/task.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { MemoryNetwork, type MemoryPeer } from '../../fakes/memorySocket.ts';

export const key = 'canary-key-8f3a';

export const self: AgentIdentity = {
  id: '2f4f7a3e-8c0e-4e0b-9d52-2a3f7f3a7b10',
  name: 'Visual Studio Code',
  version: '1.0.0',
  capabilities: [],
  config: {},
};

export interface World {
  readonly clock: FakeClock;
  readonly network: MemoryNetwork;
  readonly connection: Connection;
  readonly states: ConnectionState[];
  readonly words: Incoming[];
  /** Every log record as one text. */
  readonly log: string[];
  running: string[];
  /** The kinds of the states so far. */
  kinds(): string[];
  /** Connects, lets the server acknowledge the registration, and gives the server's end. */
  established(answer?: object): Promise<MemoryPeer>;
}

export interface WorldOptions {
  readonly dialect?: Dialect;
  readonly seed?: number;
  readonly self?: Partial<AgentIdentity>;
  readonly assigned?: (id: string | undefined) => void;
}

export function makeWorld(options: WorldOptions = {}): World {
  const clock = new FakeClock({ seed: options.seed ?? 1 });
  const network = new MemoryNetwork(clock);
  const states: ConnectionState[] = [];
  const words: Incoming[] = [];
  const log: string[] = [];
  const world = { running: ['t-0'] };
  const connection = createConnection({
    server: { url: 'wss://mesh.example.com/ws?token=query-canary', key },
    self: { ...self, ...options.self },
    ...(options.assigned && { assigned: options.assigned }),
    dialect: options.dialect ?? mesh,
    openSocket: network.open,
    clock,
    log: (level, message, fields) => log.push(`${level} ${message} ${JSON.stringify(fields)}`),
    runningTasks: () => world.running,
    health: () => ({
      status: 'healthy',
      activeTasks: 1,
      queuedTasks: 0,
      completedTasks: 0,
      failedTasks: 0,
      uptimeSeconds: 1,
    }),
  });
  connection.onState((state) => states.push(state));
  connection.onWord((word) => words.push(word));
  return Object.assign(world, {
    clock,
    network,
    connection,
    states,
    words,
    log,
    kinds: () => states.map((state) => state.kind),
    established: async (answer: object = { features: ['ack'] }) => {
      connection.connect();
      await clock.advance(20);
      const peer = network.last;
      peer.send(JSON.stringify({ type: 'agent.registered', ...answer }));
      await clock.advance(10);
      assert.equal(connection.state.kind, 'connected');
      return peer;
    },
  });
}

export const resultOf = (taskId: string, body: unknown = {}): Extract<Outgoing, { kind: 'result' }> => {
  const result: TaskResult = {
    task_id: taskId,
    status: 'completed',
    result: body,
    metadata: { static_issues: 0, ai_suggestions: 0, confidence: 1, duration_ms: 1, not_reviewed: [] },
    completed_at: '2025-11-10T09:00:00Z',
  };
  return { kind: 'result', result };
};

export const typesOf = (peer: MemoryPeer) => peer.texts.map((frame) => frame['type']);
