import * as vscode from 'vscode';
import { parseServerUrl } from '../agent/connection/serverUrl.ts';
import { checkSettings, defaultSettings, type SettingProblem, type Settings } from '../agent/settings.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';
import { workspaceSettable } from './workspaceSettable.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LiveSettings extends Disposable {
  readonly current: Settings;
  readonly problems: readonly SettingProblem[];
  /** After `current` became another; not for changes of other extensions' settings. */
  readonly onChange: Subscribe<Settings>;
}

export function followSettings(environment: Environment, onListenerError: (error: unknown) => void): LiveSettings {
  const disposables = new Disposables();
  const changes = disposables.add(new Emitter<Settings>(onListenerError));
  let read = readSettings(environment);
  disposables.add(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration('developerMesh')) return;
      read = readSettings(environment);
      changes.emit(read.settings);
    }),
  );
  return {
    get current() {
      return read.settings;
    },
    get problems() {
      return read.problems;
    },
    onChange: changes.subscribe,
    dispose: () => disposables.dispose(),
  };
}

/** Takes the person's own value of every key that a workspace may not set, whatever the workspace says. */
function readSettings(environment: Environment): { settings: Settings; problems: readonly SettingProblem[] } {
  const configuration = vscode.workspace.getConfiguration('developerMesh');
  const found: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of Object.entries(defaultSettings)) {
    const values: Record<string, unknown> = {};
    for (const key of Object.keys(keys)) {
      const name = `${section}.${key}`;
      const value = workspaceSettable.has(name)
        ? configuration.get<unknown>(name)
        : configuration.inspect<unknown>(name)?.globalValue;
      if (value !== undefined) values[key] = value;
    }
    found[section] = values;
  }
  const server = environmentServer(environment);
  if (server && !found['server']?.['url']) found['server'] = { ...found['server'], url: server.url };
  return checkSettings(found);
}

/** The server and key of `MCP_SERVER_URL` and `MCP_API_KEY`: for containers and machines without a keyring. */
export function environmentServer(environment: Environment): { url: string; origin: string; key: string } | undefined {
  const key = environment['MCP_API_KEY']?.trim();
  const server = parseServerUrl(environment['MCP_SERVER_URL'] ?? '');
  return key && server.ok ? { url: server.value.url, origin: server.value.origin, key } : undefined;
}
