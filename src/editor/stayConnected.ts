import * as vscode from 'vscode';
import type { Agent } from '../agent/agent.ts';
import { parseServerUrl } from '../agent/connection/serverUrl.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import type { Keys } from './keys.ts';
import type { LiveSettings } from './settings.ts';

/**
 * Connects when the person wants it so, and again when the key, the server or the trust changes. The agent itself looks
 * for the server, the key and the trust; without them `connect` reaches nobody and only says what is missing.
 */
export function stayConnected(agent: Agent, settings: LiveSettings, keys: Keys): Disposable {
  const disposables = new Disposables();
  const isSignedOut = () => settings.current.server.url === '';
  const start = () => {
    if (settings.current.server.connectOnStart || isSignedOut()) agent.connect();
  };
  disposables.add(settings.onChange((changed) => agent.useSettings(changed)));
  disposables.add(vscode.workspace.onDidGrantWorkspaceTrust(start));
  disposables.add(
    keys.onChange((origin) => {
      const server = parseServerUrl(settings.current.server.url);
      if (!server.ok || server.value.origin !== origin) return;
      void keyChanged(agent, keys, origin);
    }),
  );
  start();
  return disposables;
}

/** A connection keeps the key it was opened with, so another key needs another one. */
async function keyChanged(agent: Agent, keys: Keys, origin: string): Promise<void> {
  const { connection } = agent.state;
  const switchedOff = connection.kind === 'off' && !connection.failure;
  // Whoever disconnected stays so, whatever key comes from another window or the environment. Without any key,
  // connecting reaches nobody and says what is missing.
  if (switchedOff && (await keys.key(origin)) !== undefined) return;
  agent.disconnect();
  agent.connect();
}
