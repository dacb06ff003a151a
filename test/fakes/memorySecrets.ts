import { EventEmitter, type SecretStorage, type SecretStorageChangeEvent } from 'vscode';

/** A keyring in memory. `forgets` and `throws` are what machines without one do. */
export class MemorySecrets implements SecretStorage {
  listeners = 0;
  readonly #behaviour: 'keeps' | 'forgets' | 'throws';
  readonly #values = new Map<string, string>();
  readonly #changes = new EventEmitter<SecretStorageChangeEvent>();

  constructor(behaviour: 'keeps' | 'forgets' | 'throws' = 'keeps') {
    this.#behaviour = behaviour;
  }

  readonly onDidChange: SecretStorage['onDidChange'] = (listener) => {
    this.listeners += 1;
    const subscription = this.#changes.event(listener);
    return {
      dispose: () => {
        this.listeners -= 1;
        subscription.dispose();
      },
    };
  };

  async keys(): Promise<string[]> {
    return [...this.#values.keys()];
  }
  async get(key: string): Promise<string | undefined> {
    return this.#values.get(key);
  }
  async store(key: string, value: string): Promise<void> {
    if (this.#behaviour === 'throws') throw new Error('There is no keyring.');
    if (this.#behaviour === 'keeps') this.#values.set(key, value);
    this.#changes.fire({ key });
  }
  async delete(key: string): Promise<void> {
    this.#values.delete(key);
    this.#changes.fire({ key });
  }
}
