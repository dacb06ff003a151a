import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Failure, failed, failures, type Outcome, succeeded } from '../../src/agent/failures.ts';
import type {
  ChangeScope,
  CodeSymbol,
  ExistingDiagnostic,
  FileChange,
  Host,
  LogLevel,
  Secrets,
  WorkspaceFolder,
} from '../../src/agent/host.ts';
import { noProxies } from '../../src/agent/network/proxyFor.ts';

export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

export interface FakeHostOptions {
  /** Text by path below its folder. With several folders the path begins with the folder's name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Names of the folders; default one, `project`. */
  readonly folders?: readonly string[];
  /** Key by origin. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** A host over real files in a temporary folder, everything else as a test says. Dispose it. */
export class FakeHost implements Host {
  readonly name = 'headless';
  readonly description = 'a host for tests';
  readonly storage: string;
  readonly records: LogRecord[] = [];
  /** Of the changes that were asked for. */
  readonly scopes: ChangeScope[] = [];
  readonly secrets: Secrets;
  /** The machine's proxies are nothing to a test. */
  readonly network = () => noProxies;
  readonly #root: string;
  #folders: readonly WorkspaceFolder[];
  #trusted = true;
  #changes: readonly FileChange[] | Failure = failures.noRepository();
  readonly #unsaved = new Map<string, string>();
  readonly #symbols = new Map<string, readonly CodeSymbol[]>();
  readonly #diagnostics = new Map<string, readonly ExistingDiagnostic[]>();

  constructor({ files = {}, folders = ['project'], keys = {} }: FakeHostOptions = {}) {
    this.#root = realpathSync(mkdtempSync(join(tmpdir(), 'fake-host-')));
    this.storage = join(this.#root, 'storage');
    mkdirSync(this.storage);
    this.#folders = folders.map((name, index) => {
      const path = join(this.#root, 'folders', String(index), name);
      mkdirSync(path, { recursive: true });
      return { name, path };
    });
    for (const [path, content] of Object.entries(files)) this.write(path, content);
    this.secrets = { key: async (origin) => (Object.hasOwn(keys, origin) ? keys[origin] : undefined) };
  }

  folders(): readonly WorkspaceFolder[] {
    return this.#folders;
  }

  trusted(): boolean {
    return this.#trusted;
  }

  unsavedText(absolutePath: string): string | undefined {
    return this.#unsaved.get(absolutePath);
  }

  async changes(scope: ChangeScope, signal: AbortSignal): Promise<Outcome<readonly FileChange[]>> {
    signal.throwIfAborted();
    this.scopes.push(scope);
    return 'code' in this.#changes ? failed(this.#changes) : succeeded(this.#changes);
  }

  async symbols(absolutePath: string, signal: AbortSignal): Promise<readonly CodeSymbol[]> {
    signal.throwIfAborted();
    return this.#symbols.get(absolutePath) ?? [];
  }

  async diagnostics(absolutePath: string, signal: AbortSignal): Promise<readonly ExistingDiagnostic[]> {
    signal.throwIfAborted();
    return this.#diagnostics.get(absolutePath) ?? [];
  }

  readonly log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void => {
    this.records.push({ level, message, fields });
  };

  /** The absolute path of a file of the first folder, or, with several folders, of the one the path begins with. */
  pathOf(path: string): string {
    const [first, ...others] = this.#folders;
    if (!first) throw new Error('no folder is open');
    if (others.length === 0) return join(first.path, path);
    const folder = this.#folders.find(({ name }) => path === name || path.startsWith(`${name}/`));
    if (!folder) throw new Error(`${path} begins with no folder's name`);
    return join(folder.path, path.slice(folder.name.length));
  }

  /** Writes a file to disk, its folders too. Returns its absolute path. */
  write(path: string, content: string | Uint8Array): string {
    const absolute = this.pathOf(path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, content);
    return absolute;
  }

  setFolders(paths: readonly string[]): void {
    this.#folders = paths.map((path) => ({ name: basename(path), path }));
  }

  setTrusted(trusted: boolean): void {
    this.#trusted = trusted;
  }

  /** The text of an open, changed document; undefined: saved or closed. */
  setUnsaved(path: string, text: string | undefined): void {
    if (text === undefined) this.#unsaved.delete(this.pathOf(path));
    else this.#unsaved.set(this.pathOf(path), text);
  }

  /** Paths as in `write`; a failure stands for a folder without Git. */
  setChanges(changes: readonly (Omit<FileChange, 'absolutePath'> & { readonly path: string })[] | Failure): void {
    this.#changes =
      'code' in changes
        ? changes
        : changes.map(({ path, ...change }) => ({ ...change, absolutePath: this.pathOf(path) }));
  }

  setSymbols(path: string, symbols: readonly CodeSymbol[]): void {
    this.#symbols.set(this.pathOf(path), symbols);
  }

  setDiagnostics(path: string, diagnostics: readonly ExistingDiagnostic[]): void {
    this.#diagnostics.set(this.pathOf(path), diagnostics);
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
