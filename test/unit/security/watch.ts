import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import diagnosticsChannel from 'node:diagnostics_channel';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** Everything this process started or dialled since, as Node itself tells it; nothing is patched. */
export interface Watch {
  /** Each with its arguments. */
  readonly commands: readonly (readonly string[])[];
  /** `host:port` of every socket that was dialled. */
  readonly dialled: readonly string[];
  stop(): void;
}

export function watchProcess(): Watch {
  const commands: (readonly string[])[] = [];
  const dialled: string[] = [];
  // The channels are Node's own, and so is the form of what they say.
  const spawned = (message: unknown) => {
    const { process: child } = message as { readonly process: ChildProcess };
    // Its arguments are there once it is started.
    queueMicrotask(() => commands.push(child.spawnargs));
  };
  const connecting = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    socket.once('lookup', (_error, address, _family, host) => {
      if (host !== 'localhost') dialled.push(`${host} (${address})`);
    });
    socket.once('connect', () => dialled.push(`${socket.remoteAddress}:${socket.remotePort}`));
  };
  diagnosticsChannel.subscribe('child_process', spawned);
  diagnosticsChannel.subscribe('net.client.socket', connecting);
  return {
    commands,
    dialled,
    stop() {
      diagnosticsChannel.unsubscribe('child_process', spawned);
      diagnosticsChannel.unsubscribe('net.client.socket', connecting);
    },
  };
}

/** An address that nobody has a reason to visit. */
export async function openCanary() {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the canary has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    visits: () => visits,
    forget(): void {
      visits = 0;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** One digest for everything below a folder: names, links and bytes. */
export function treeDigest(folder: string): string {
  const hash = createHash('sha256');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { entry, path } of entries) {
    hash.update(`${path}\0`);
    if (entry.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (entry.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** All text of all files below a folder. */
export function textBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name}\n${readFileSync(join(entry.parentPath, entry.name), 'latin1')}`)
    .join('\n');
}
