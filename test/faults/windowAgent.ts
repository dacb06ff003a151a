import { existsSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createAgent } from '../../src/agent/agent.ts';
import { succeeded } from '../../src/agent/failures.ts';
import type { Host } from '../../src/agent/host.ts';
import { noProxies } from '../../src/agent/network/proxyFor.ts';
import { checkSettings } from '../../src/agent/settings.ts';
import { sleep, systemClock } from '../../src/agent/shared/clock.ts';
import { root } from '../setup/paths.ts';

/*
 * One window: a whole agent in a process of its own. It says which tasks it begins and which it delivered, one JSON line
 * each. Work on a file whose name begins with `held` goes on once there is a file `go` in the workspace.
 */
export interface WindowLife {
  readonly url: string;
  readonly key: string;
  readonly storage: string;
  readonly sharedStorage?: string;
  readonly workspace: string;
}
export type WindowNews = { readonly connected: true } | { readonly ran: string } | { readonly delivered: string };

const life: WindowLife = JSON.parse(process.argv[2] ?? '{}');
const say = (news: WindowNews) => void writeSync(1, `${JSON.stringify(news)}\n`);

const host: Host = {
  name: 'headless',
  description: 'a window',
  storage: life.storage,
  ...(life.sharedStorage !== undefined && { sharedStorage: life.sharedStorage }),
  folders: () => [{ name: 'work', path: life.workspace }],
  trusted: () => true,
  unsavedText: () => undefined,
  changes: async () => succeeded([]),
  symbols: async () => [],
  async diagnostics(path, signal) {
    const isHeld = () => basename(path).startsWith('held') && !existsSync(join(life.workspace, 'go'));
    while (isHeld()) await sleep(systemClock, 10, signal);
    return [];
  },
  network: () => noProxies,
  secrets: { key: async () => life.key },
  log: () => undefined,
};
const { settings } = checkSettings({
  server: { url: life.url, dialect: 'mesh', tasksPerMinute: 10_000 },
  review: { useModel: false },
  limits: { concurrentTasks: 10, queuedTasks: 10_000 },
});
const agent = createAgent(host, settings, {
  clock: systemClock,
  environment: {},
  engineFolder: join(root, 'dist', 'engine'),
  processId: process.pid,
  machineName: 'here',
  version: '1.0.0',
});
agent.onEvent((event) => {
  if (event.type === 'connected') say({ connected: true });
  if (event.type === 'task-start') say({ ran: event.task.id });
  if (event.type === 'task-delivered') say({ delivered: event.taskId });
});
agent.connect();
