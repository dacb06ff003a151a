import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Agent, createAgent } from '../../../src/agent/agent.ts';
import type { AgentEvent } from '../../../src/agent/events.ts';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import type { ExistingDiagnostic, Host } from '../../../src/agent/host.ts';
import { noProxies } from '../../../src/agent/network/proxyFor.ts';
import { checkSettings } from '../../../src/agent/settings.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { changesOfFolders } from '../../../src/agent/workspace/git.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import { ObeyingModel } from '../../fakes/obeyingModel.ts';
import { engineFolder } from '../../setup/engineFolder.ts';
import { openCanary } from './watch.ts';

/** Not sent anywhere, like every variable of the environment. */
export const environmentCanary = 'environment-canary-4f1d9c7be2';

/**
 * The whole agent over real folders and real Git, between a server and a model that is on the attacker's side. The
 * folder changes from repository to repository; everything else is as for a person who opens one after the other.
 */
export async function openCorpusWorld() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'corpus-')));
  const storage = join(root, 'storage');
  mkdirSync(storage);
  const canary = await openCanary();
  const model = new ObeyingModel({ canary: canary.url });
  const mesh = await MeshServer.start();
  const events: AgentEvent[] = [];
  const records: string[] = [];
  const diagnostics = new Map<string, readonly ExistingDiagnostic[]>();
  let folder = root;
  const folders = () => [{ name: basename(folder), path: folder }];
  const environment = { PATH: process.env['PATH'], HOME: join(root, 'home'), CANARY: environmentCanary };
  const host: Host = {
    name: 'headless',
    description: 'a host for the corpus',
    storage,
    folders,
    trusted: () => true,
    unsavedText: () => undefined,
    changes: (scope, signal) => changesOfFolders(folders(), scope, { environment, signal }),
    symbols: async () => [],
    diagnostics: async (path) => diagnostics.get(path) ?? [],
    network: () => noProxies,
    models: async () => [model],
    secrets: { key: async () => mesh.key },
    log: (level, message, fields) => records.push(JSON.stringify([level, message, fields])),
  };
  const { settings } = checkSettings({
    server: { url: mesh.url },
    model: { provider: 'editor' },
    review: {
      minimumSeverity: 'low',
      minimumConfidence: 0,
      verify: true,
      findingsPerFile: 1000,
      findingsPerRun: 10_000,
    },
  });
  const agent: Agent = createAgent(host, settings, {
    clock: systemClock,
    environment,
    engineFolder: await engineFolder(),
    processId: process.pid,
    machineName: 'corpus',
    version: '1.2.3',
  });
  agent.onEvent((event) => events.push(event));
  agent.connect();
  await mesh.nextFrame(({ type }) => type === 'agent.register');
  await mesh.waitFor(() => agent.state.connection.kind === 'connected' || mesh.openConnections > 0);

  return {
    root,
    storage,
    canary,
    model,
    mesh,
    agent,
    events,
    records,
    /** The editor's tools say so about a file of the folder that is open now. */
    diagnose(path: string, found: readonly ExistingDiagnostic[]): void {
      diagnostics.set(join(folder, path), found);
    },
    /** The next tasks are of this folder. */
    enter(path: string): void {
      folder = path;
    },
    /** Resolves with the result, as the server has it. */
    async task(task: { type: string; payload: object; title?: string; description?: string }) {
      const id = mesh.assign({ ...task });
      await mesh.nextFrame(({ type, payload }) => type === 'task.complete' && payload['task_id'] === id, {
        withinMs: 60_000,
      });
      return mesh.tasks.result(id);
    },
    findings(): readonly Finding[] {
      return events.flatMap((event) =>
        event.type === 'findings'
          ? [...event.findings, ...(event.hidden ?? [])]
          : event.type === 'finding'
            ? [event.finding]
            : [],
      );
    },
    /** Everything that went to the model, as bytes of a request. */
    toModel: () => model.requests.map((request) => JSON.stringify(request)).join('\n'),
    toServer: () =>
      mesh
        .received()
        .map(({ text }) => text)
        .join('\n'),
    async close() {
      agent.dispose();
      await mesh.stop();
      await canary.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export type CorpusWorld = Awaited<ReturnType<typeof openCorpusWorld>>;
