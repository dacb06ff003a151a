import { EdgeServer2 } from '../fakes/edgeServer2.ts';
import { EnvelopeServer } from '../fakes/envelopeServer.ts';
import { MeshServer, type MeshServerOptions } from '../fakes/meshServer.ts';
import type { WireDoor } from '../fakes/wireDoor.ts';

export interface TaskOrder {
  readonly id: string;
  readonly payload: object;
  /** RFC 3339 */
  readonly deadline?: string;
}

export interface UpgradeRefusal {
  readonly status: number;
  readonly retryAfter?: string;
  readonly location?: string;
}

/** A server double as the fault matrix needs it: told what to do, and asked what it was told, whatever it speaks. */
export interface MatrixServer {
  readonly dialect: 'mesh' | 'envelope' | 'mcp';
  readonly key: string;
  readonly port: number;
  assign(order: TaskOrder): void;
  cancel(taskId: string): void;
  /** The server knows that the agent has it; true where no server is ever told. */
  accepted(taskId: string): boolean;
  /** Results that are not one and the same. 1 is right. */
  effective(taskId: string): number;
  /** How often a result came in, repeats included. */
  arrivals(taskId: string): number;
  /** Of the effective result. */
  status(taskId: string): string | undefined;
  text(taskId: string): string;
  /** Times an agent made itself known. */
  registrations(): number;
  upgrades(): number;
  openConnections(): number;
  /** Frames with which the agent made the server hang up. */
  hangUps(): number;
  /** Whether a message of the agent carries the result of a task. */
  isResult(text: string, taskId: string): boolean;
  /** Any text, to every agent. */
  sendText(text: string): void;
  closeAll(code: number): void;
  refuseUpgrades(refusal: UpgradeRefusal): void;
  acceptUpgrades(): void;
  /** As a killed process: no close frames, nobody listens. */
  stop(): Promise<void>;
  /** After `stop`, with all it knew, or without. */
  restart(memory: 'kept' | 'lost'): Promise<void>;
}

/** What only a mesh server can be told. */
export interface MeshMatrixServer extends MatrixServer {
  readonly mesh: MeshServer;
  /** Takes results and says nothing, until it is to say it after all. */
  holdAcks(): void;
  releaseAcks(): void;
}

export type ServerKind = 'mesh' | 'mesh without ack' | 'envelope' | 'mcp';

export async function startServer(kind: 'mesh' | 'mesh without ack'): Promise<MeshMatrixServer>;
export async function startServer(kind: ServerKind): Promise<MatrixServer>;
export async function startServer(kind: ServerKind): Promise<MatrixServer> {
  switch (kind) {
    case 'mesh':
      return meshServer({ ack: true });
    case 'mesh without ack':
      return meshServer({ ack: false });
    case 'envelope':
      return envelopeServer();
    case 'mcp':
      return edgeServer();
  }
}

const portOf = (url: string) => Number(new URL(url).port);

async function meshServer(options: MeshServerOptions): Promise<MeshMatrixServer> {
  let mesh = await MeshServer.start(options);
  const port = portOf(mesh.url);
  /** Registrations that a server knew which has forgotten everything. */
  let earlier = 0;
  return {
    dialect: 'mesh',
    key: mesh.key,
    port,
    get mesh() {
      return mesh;
    },
    assign: ({ id, payload, deadline }) =>
      mesh.assign({ id, type: 'code_review', payload, ...(deadline !== undefined && { deadline }) }),
    cancel: (id) => mesh.cancel(id),
    accepted: (id) => mesh.tasks.of(id).accepted.length > 0,
    effective: (id) => mesh.tasks.effectiveResults(id),
    arrivals: (id) => mesh.tasks.of(id).results.length,
    status: (id) => {
      const status = mesh.tasks.result(id)?.['status'];
      return status === undefined ? undefined : String(status);
    },
    text: (id) => mesh.tasks.of(id).results[0]?.frame.text ?? '',
    registrations: () => earlier + mesh.received('agent.register').length,
    upgrades: () => mesh.upgrades.length,
    openConnections: () => mesh.openConnections,
    hangUps: () => 0,
    isResult: (text, id) => text.includes('"task.complete"') && text.includes(id),
    sendText: (text) => mesh.sendRaw(text),
    closeAll: (code) => mesh.closeAll(code),
    refuseUpgrades: (refusal) => mesh.refuseUpgrades(refusal),
    acceptUpgrades: () => mesh.acceptUpgrades(),
    stop: () => mesh.stop(),
    restart: async (memory) => {
      if (memory === 'lost') {
        earlier += mesh.received('agent.register').length;
        mesh = new MeshServer({ ...options, port });
      }
      await mesh.listen();
    },
    holdAcks: () => {
      mesh.swallowResults = true;
    },
    releaseAcks: () => {
      if (!mesh.swallowResults) return;
      mesh.swallowResults = false;
      // On a connection that is gone nobody hears it; there the agent says it again.
      const newest = Math.max(0, ...mesh.frames.map(({ connection }) => connection));
      for (const frame of mesh.received('task.complete')) {
        if (frame.connection === newest) mesh.send({ type: 'ack', id: frame.json['id'] });
      }
    },
  };
}

const common = (door: WireDoor) => ({
  port: portOf(door.url),
  upgrades: () => door.upgrades.length,
  openConnections: () => door.clients.length,
  hangUps: () => door.hangUps.length,
  sendText: (text: string) => {
    for (const client of door.clients) client.send(text);
  },
  closeAll: (code: number) => door.closeAll(code),
  // A door refuses a number of times; these are more than any agent tries here.
  refuseUpgrades: ({ status, retryAfter }: UpgradeRefusal) =>
    door.refuseUpgrades(...Array.from({ length: 100 }, () => ({ status, ...(retryAfter && { retryAfter }) }))),
  acceptUpgrades: () => undefined,
  stop: () => door.stop(),
});
const calls = (door: WireDoor, method: string) => door.received().filter(({ json }) => json['method'] === method);

async function envelopeServer(): Promise<MatrixServer> {
  const server = await EnvelopeServer.start();
  const { door, tasks } = server;
  return {
    ...common(door),
    dialect: 'envelope',
    key: server.key,
    assign: ({ id, payload }) => {
      if (tasks.has(id)) server.pushAgain(id);
      else server.assign({ id, title: JSON.stringify(payload) });
    },
    cancel: (id) => server.cancel(id),
    accepted: (id) => (tasks.get(id)?.accepts ?? 0) > 0,
    effective: (id) => tasks.get(id)?.results.length ?? 0,
    arrivals: (id) => (tasks.get(id)?.results.length ?? 0) + (tasks.get(id)?.repeats ?? 0),
    status: (id) => (tasks.get(id)?.results.length ? tasks.get(id)?.status : undefined),
    text: (id) => JSON.stringify(tasks.get(id)?.results[0]?.params ?? {}),
    registrations: () => calls(door, 'initialize').length,
    isResult: (text, id) => /"task\.(complete|fail)"/.test(text) && text.includes(id),
    restart: async (memory) => {
      if (memory === 'lost') tasks.clear();
      await door.listen();
    },
  };
}

/** The id under which the edge server knows the agent. */
export const readableAgentId = 'ide-matrix-1';

async function edgeServer(): Promise<MatrixServer> {
  const server = await EdgeServer2.start();
  const { door, tools } = server;
  const arrivals = (id: string) => {
    const texts = calls(door, 'tools/batch').map(({ text }) => text);
    const first = texts.findIndex((text) => isEdgeResult(text, id));
    // A repeat begins with the question how the task stands, and ends there when it is done.
    const isAbout = (text: string) => isEdgeResult(text, id) || (text.includes('"id":"g"') && text.includes(id));
    return first < 0 ? 0 : texts.slice(first).filter(isAbout).length;
  };
  return {
    ...common(door),
    dialect: 'mcp',
    key: server.key,
    assign: ({ id, payload }) => {
      // It is listed again each time anyway.
      if (!tools.tasks.has(id)) server.assign({ id, description: JSON.stringify(payload), agentId: readableAgentId });
    },
    cancel: (id) => tools.reassign(id, 'somebody-else'),
    accepted: () => true,
    // What was finished once cannot be finished in another way there.
    effective: (id) => (tools.tasks.get(id)?.result ? 1 : 0),
    arrivals,
    status: (id) => (tools.tasks.get(id)?.result ? tools.tasks.get(id)?.status : undefined),
    text: (id) => JSON.stringify(tools.tasks.get(id)?.result ?? {}),
    registrations: () => calls(door, 'initialize').length,
    isResult: isEdgeResult,
    restart: async (memory) => {
      if (memory === 'lost') tools.forget();
      await door.listen();
    },
  };
}

const isEdgeResult = (text: string, id: string) => text.includes('"task_complete"') && text.includes(id);
