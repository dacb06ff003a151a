import { EdgeServer1 } from '../fakes/edgeServer1.ts';
import { EdgeServer2, type EdgeServer2Options } from '../fakes/edgeServer2.ts';
import { EnvelopeServer } from '../fakes/envelopeServer.ts';
import { McpServer } from '../fakes/mcpServer.ts';
import { MeshServer } from '../fakes/meshServer.ts';
import type { WireDoor } from '../fakes/wireDoor.ts';
import type { ServerUnderTest } from './server.ts';

/** Every kind of server there is, behind the words of the contract. */

export async function meshKind(): Promise<ServerUnderTest> {
  const server = await MeshServer.start();
  const { tasks } = server;
  return {
    url: server.url,
    key: server.key,
    stop: () => server.stop(),
    waitFor: (isTrue) => server.waitFor(isTrue),
    registrations: () => server.received('agent.register').length,
    heartbeats: () => server.received('agent.heartbeat').length,
    cut: () => server.cut(),
    closeAll: (code) => server.closeAll(code),
    refuseUpgrades: (refusal) => server.refuseUpgrades(refusal ?? { status: 503 }, 1),
    hangUps: () => 0,
    upgrades: () => server.upgrades.length,
    work: {
      assign: (code) => server.assign({ type: 'code_review', payload: { language: 'go', code } }),
      assignAgain: (id) => {
        server.assign({ id, type: 'code_review', payload: { code: 'x' } });
      },
      cancel: (id) => server.cancel(id),
      accepted: (id) => tasks.of(id).accepted.length,
      progress: (id) => tasks.of(id).progress.length,
      results: (id) =>
        tasks
          .of(id)
          .results.filter(({ verdict }) => verdict !== 'repeat')
          .map(({ frame }) => ({ status: statusOf(frame.payload['status']), text: frame.text })),
      throttle: () => {
        server.resultError = { error: 'rate limit', code: 429 };
        const count = server.received('task.complete').length;
        server
          .waitFor(() => server.received('task.complete').length > count)
          .then(() => {
            server.resultError = undefined;
          })
          // The scenario that asked for it has failed already.
          .catch(() => undefined);
      },
      mostBytes: 1024 * 1024,
      tellsFinished: false,
    },
  };
}

export async function envelopeKind(admin = true): Promise<ServerUnderTest> {
  const server = await EnvelopeServer.start({ admin });
  const { door } = server;
  return {
    ...common(door, server.key),
    registrations: () => calls(door, admin ? 'agent.register' : 'initialize'),
    heartbeats: () => calls(door, 'agent.heartbeat'),
    work: {
      assign: (code) => server.assign({ title: JSON.stringify({ language: 'go', code }) }),
      assignAgain: (id) => server.pushAgain(id),
      cancel: (id) => server.cancel(id),
      accepted: (id) => server.tasks.get(id)?.accepts ?? 0,
      progress: (id) => server.tasks.get(id)?.progress.length ?? 0,
      results: (id) =>
        (server.tasks.get(id)?.results ?? []).map(({ method, params }) => ({
          status: method === 'task.fail' ? 'failed' : 'completed',
          text: JSON.stringify(params),
        })),
      throttle: () => server.throttled.set('task.complete', 1),
      mostBytes: 1024 * 1024,
      tellsFinished: true,
    },
  };
}

export async function olderMcpKind(): Promise<ServerUnderTest> {
  const server = await McpServer.start();
  return {
    ...common(server.door, server.key),
    registrations: () => server.agents.length,
    heartbeats: () => calls(server.door, 'x-devmesh/agent/health'),
  };
}

export async function edgeKind(): Promise<ServerUnderTest> {
  const server = await EdgeServer1.start();
  return {
    ...common(server.door, server.key),
    registrations: () => calls(server.door, 'initialize'),
    heartbeats: () => calls(server.door, 'ping'),
  };
}

export async function workingEdgeKind(
  answers: Pick<EdgeServer2Options, 'chunked' | 'loses'> = {},
): Promise<ServerUnderTest> {
  const server = await EdgeServer2.start(answers);
  const { tools } = server;
  return {
    ...common(server.door, server.key),
    registrations: () => tools.agents.size,
    heartbeats: () => [...tools.agents.values()].reduce((sum, { beats }) => sum + beats, 0),
    work: {
      assign: (code) => server.assign({ description: JSON.stringify({ language: 'go', code }) }),
      // It is listed again each time anyway.
      assignAgain: () => undefined,
      cancel: (id) => tools.reassign(id, 'somebody-else'),
      accepted: undefined,
      progress: undefined,
      results: (id) => {
        const task = tools.tasks.get(id);
        if (!task?.result) return [];
        return [{ status: statusOf(task.status), text: JSON.stringify(task.result) }];
      },
      throttle: () => {
        server.throttle = 1;
      },
      mostBytes: 32_768,
      tellsFinished: true,
    },
  };
}

function common(door: WireDoor, key: string) {
  return {
    url: door.url,
    key,
    stop: () => door.stop(),
    waitFor: (isTrue: () => boolean) => door.waitFor(isTrue),
    cut: () => door.cut(),
    closeAll: (code: number) => door.closeAll(code),
    refuseUpgrades: door.refuseUpgrades.bind(door),
    hangUps: () => door.hangUps.length,
    upgrades: () => door.upgrades.length,
  };
}

const calls = (door: WireDoor, method: string) =>
  door.received().filter(({ json }) => json['method'] === method).length;

function statusOf(status: unknown): 'completed' | 'failed' | 'cancelled' {
  return status === 'failed' || status === 'cancelled' ? status : 'completed';
}
