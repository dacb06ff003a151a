import { mkdirSync } from 'node:fs';
import type { Host, Log, WorkspaceFolder } from '../agent/host.ts';
import { environmentNetwork } from '../agent/network/proxyFor.ts';
import { changesOfFolders } from '../agent/workspace/git.ts';

export interface NodeHostOptions {
  /** Absolute paths of folders that exist. */
  readonly folders: readonly WorkspaceFolder[];
  /** Made when it does not exist. */
  readonly storage: string;
  readonly key: string | undefined;
  /** `scheme://host:port` the key is for; it is given to no other. */
  readonly keyOrigin: string | undefined;
  readonly log: Log;
  readonly description: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The host on plain Node: no editor, so nothing is unsaved, and whoever started the program trusts its folders. */
export function createNodeHost(options: NodeHostOptions): Host {
  const { folders, storage, key, keyOrigin, log, description, environment = process.env } = options;
  mkdirSync(storage, { recursive: true, mode: 0o700 });
  const boundTo = keyOrigin === undefined ? undefined : normalOrigin(keyOrigin);
  return {
    name: 'headless',
    description,
    storage,
    folders: () => folders,
    trusted: () => true,
    unsavedText: () => undefined,
    changes: (scope, signal) => changesOfFolders(folders, scope, { environment, signal }),
    symbols: async () => [],
    diagnostics: async () => [],
    network: () => environmentNetwork(environment),
    secrets: {
      key: async (origin) => (boundTo !== undefined && normalOrigin(origin) === boundTo ? key : undefined),
    },
    log,
  };
}

const usualPorts: Readonly<Record<string, string>> = { 'wss:': '443', 'https:': '443', 'ws:': '80', 'http:': '80' };

/** Compared as parsed, so that no spelling of another host passes for the right one. */
function normalOrigin(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, hostname, port, username, password } = new URL(origin);
  if (username !== '' || password !== '' || hostname === '') return undefined;
  return `${protocol}//${hostname}:${port === '' ? usualPorts[protocol] : port}`;
}
