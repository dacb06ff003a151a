import type * as vscode from 'vscode';
import type { Secrets } from '../agent/host.ts';
import { type Disposable, Disposables } from '../agent/shared/disposables.ts';
import { Emitter, type Subscribe } from '../agent/shared/emitter.ts';

/** The keys of a person, each bound to the origin it was entered for. */
export interface Keys extends Secrets, Disposable {
  /** The origin whose key was stored, replaced or deleted, in this window or another. */
  readonly onChange: Subscribe<string>;
  /**
   * `kept`: it will be there after a restart. `session`: this system keeps no secrets, so the key is held in memory and
   * forgotten with the window.
   */
  store(origin: string, key: string): Promise<'kept' | 'session'>;
  remove(origin: string): Promise<void>;
}

const prefix = 'developerMesh.key:';

/** `fallback`: the key of the environment, and the origin that it is for. */
export function createKeys(
  storage: vscode.SecretStorage,
  fallback: { readonly origin: string; readonly key: string } | undefined,
  onListenerError: (error: unknown) => void,
): Keys {
  const disposables = new Disposables();
  const changes = disposables.add(new Emitter<string>(onListenerError));
  const session = new Map<string, string>();
  disposables.add(
    storage.onDidChange(({ key }) => {
      if (key.startsWith(prefix)) changes.emit(key.slice(prefix.length));
    }),
  );
  return {
    onChange: changes.subscribe,
    async key(origin) {
      const entered = session.get(origin) ?? (await stored(storage, prefix + origin));
      return entered ?? (fallback?.origin === origin ? fallback.key : undefined);
    },
    async store(origin, key) {
      session.delete(origin);
      if (await isKept(storage, prefix + origin, key)) return 'kept';
      session.set(origin, key);
      changes.emit(origin);
      return 'session';
    },
    async remove(origin) {
      const held = session.delete(origin);
      if ((await storage.get(prefix + origin)) !== undefined) await storage.delete(prefix + origin);
      else if (held) changes.emit(origin);
    },
    dispose() {
      session.clear();
      disposables.dispose();
    },
  };
}

/** A keyring that cannot be read holds nothing for us; the key may still come from the environment. */
async function stored(storage: vscode.SecretStorage, name: string): Promise<string | undefined> {
  try {
    return await storage.get(name);
  } catch {
    return undefined;
  }
}

/** Without a keyring some systems throw and some forget in silence, so only reading it back proves anything. */
async function isKept(storage: vscode.SecretStorage, name: string, value: string): Promise<boolean> {
  try {
    await storage.store(name, value);
    return (await storage.get(name)) === value;
  } catch {
    // Whatever the keyring's reason, the answer is the same: it keeps nothing.
    return false;
  }
}
