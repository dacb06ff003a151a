import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { runCommand } from './command.ts';
import type { InstalledEditor } from './editors.ts';

export interface EditorOptions {
  readonly editor: InstalledEditor;
  /** Path of a Chromium, Chrome or Edge. */
  readonly browser: string;
  /** The folder to open, absolute. */
  readonly workspace: string;
  /** Folder of the extension to run from its sources' build, absolute. */
  readonly extension?: string;
  /** VSIX files to install first, as a user would. */
  readonly install?: readonly string[];
  /** A CommonJS module that exports `run(): Promise<void>`; without it the editor just opens. Needs `extension`. */
  readonly tests?: string;
  /** Added to the environment of the server, which the extension host inherits. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the settings file of the machine holds when the editor opens. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Label of a theme, such as `Default Light Modern`. */
  readonly colorTheme?: string;
  /** Where the server listens; any free port otherwise. A folder opened through another port is another workspace. */
  readonly port?: number;
  /** An existing folder for the server's data, which stays after dispose: the next session finds its predecessor's. */
  readonly dataFolder?: string;
  /** Ask for trust as a fresh VS Code does; otherwise every folder is trusted. */
  readonly askForTrust?: boolean;
  /** A window that a person sees. Needs a display. */
  readonly visible?: boolean;
  /** CSS pixels; 1280 × 800 otherwise. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Receives what the extension host writes to its console: `log`, `warn`, `error`, ... and the arguments. */
  readonly onConsole?: (type: string, args: readonly unknown[]) => void;
}

type ServerOptions = Omit<EditorOptions, 'browser'>;

export interface EditorSession {
  /** Where a browser on this machine finds the editor with its folder open. */
  readonly url: string;
  /** The window, for clicks and keys. */
  readonly page: Page;
  /** The server's own folder: settings, storage, logs and installed extensions. Gone after dispose unless it was given. */
  readonly dataFolder: string;
  /** Settles when the editor is over: the exit code of `tests`, or a rejection when the server or the page dies. */
  readonly ended: Promise<number>;
  /** Another window of the same person on the same folder. */
  openWindow(): Promise<Page>;
  /** Writes a PNG of the window. */
  screenshot(path: string): Promise<void>;
  /** Closes the browser, ends the server with everything that it started, and removes its folder. May be called twice. */
  dispose(): Promise<void>;
}

export type ServedEditor = Pick<EditorSession, 'url' | 'dispose'>;

/** A real VS Code without a window: whoever opens the address sees it. Rejects, with nothing left behind, when that fails. */
export async function serveEditor(options: ServerOptions): Promise<ServedEditor> {
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'editor-')));
  const server = new Server(options, dataFolder);
  const dispose = async () => {
    await server.stop();
    if (!options.dataFolder) await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await prepare(options, dataFolder);
    return { url: address(options, await server.start()), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Opens a real VS Code: starts its server and a browser on it. Rejects, with nothing left behind, when that fails. */
export async function openEditor(options: EditorOptions): Promise<EditorSession> {
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'editor-')));
  const server = new Server(options, dataFolder);
  let browser: Browser | undefined;
  const dispose = async () => {
    await browser?.close();
    await server.stop();
    if (!options.dataFolder) await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await prepare(options, dataFolder);
    const port = await server.start();
    browser = await chromium.launch({
      executablePath: options.browser,
      headless: !options.visible,
      // Whoever ends this process ends the browser with it, see Server.
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
      args: [...browserFlags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    });
    const person = await browser.newContext({ viewport: options.viewport ?? { width: 1280, height: 800 } });
    const page = await person.newPage();
    const { exit } = await listen(page, options);
    const ended = Promise.race([exit, server.died]);
    // A session that is only looked at has nobody who waits for its end.
    ended.catch(() => undefined);
    const url = address(options, port);
    await page.goto(url);
    return {
      url,
      page,
      dataFolder,
      ended,
      openWindow: async () => {
        const window = await person.newPage();
        await window.goto(url);
        return window;
      },
      screenshot: async (path) => {
        await mkdir(dirname(path), { recursive: true });
        await page.screenshot({ path });
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const browserFlags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Settings and extensions have to be there before the server starts. */
async function prepare(options: ServerOptions, dataFolder: string): Promise<void> {
  const theme = options.colorTheme
    ? { 'workbench.colorTheme': options.colorTheme, 'window.autoDetectColorScheme': false }
    : {};
  const settings = join(dataFolder, 'data', 'Machine', 'settings.json');
  await mkdir(dirname(settings), { recursive: true });
  await writeFile(settings, JSON.stringify({ ...theme, ...options.settings }, null, 2));
  for (const file of options.install ?? []) {
    const args = [options.editor.serverMain, '--install-extension', file, '--server-data-dir', dataFolder];
    await runCommand(options.editor.node, [...args, '--accept-server-license-terms'], { cwd: dataFolder });
  }
}

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** While a server runs, an interruption goes through the exit of this process, where the server is ended. */
function exitFor(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}

/** The editor's server with the processes that it starts: a group of its own, so that ending it ends all of them. */
class Server {
  /** Rejects when the server ends without having been asked to. */
  readonly died: Promise<never>;
  readonly #options: ServerOptions;
  readonly #dataFolder: string;
  #fail: (error: Error) => void = () => undefined;
  #process: ChildProcess | undefined;
  #output = '';

  constructor(options: ServerOptions, dataFolder: string) {
    this.died = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    // Only rejects; until somebody waits for the editor's end that is nobody's business.
    this.died.catch(() => undefined);
    this.#options = options;
    this.#dataFolder = dataFolder;
  }

  /** Resolves with the port. */
  async start(): Promise<number> {
    const { editor, environment, askForTrust, extension, port: wanted = 0 } = this.#options;
    const server = spawn(
      editor.node,
      [
        ...[editor.serverMain, '--host', '127.0.0.1', '--port', String(wanted), '--without-connection-token'],
        ...['--accept-server-license-terms', '--telemetry-level', 'off', '--server-data-dir', this.#dataFolder],
        // Without it the page ignores which extension and which tests it is asked to run; with it no message pops up.
        ...(extension ? ['--enable-smoke-test-driver'] : []),
        ...(askForTrust ? [] : ['--disable-workspace-trust']),
      ],
      { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } },
    );
    this.#process = server;
    process.on('exit', this.#abandon);
    for (const signal of signals) process.on(signal, exitFor);
    const port = new Promise<number>((resolve) => {
      const read = (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-8_000);
        const found = /127\.0\.0\.1:(\d+)\s/.exec(this.#output)?.[1];
        if (found) resolve(Number(found));
      };
      server.stdout.on('data', read);
      server.stderr.on('data', read);
    });
    server.once('error', (error) => this.#fail(error));
    server.once('exit', (code, signal) => {
      this.#fail(new Error(`The editor's server ended with ${signal ?? code}:\n${this.#output}`));
    });
    return await Promise.race([port, this.died]);
  }

  async stop(): Promise<void> {
    const server = this.#process;
    if (!server?.pid) return;
    const gone = server.exitCode === null && server.signalCode === null ? once(server, 'exit') : undefined;
    // Nothing in the data folder outlives the session, so there is nothing that a gentle end could save.
    this.#kill();
    await gone;
    process.off('exit', this.#abandon);
    for (const signal of signals) process.off(signal, exitFor);
  }

  /** This process ends before the session was disposed of. */
  readonly #abandon = (): void => {
    this.#kill();
    if (!this.#options.dataFolder) rmSync(this.#dataFolder, { recursive: true, force: true, maxRetries: 5 });
  };

  readonly #kill = (): void => {
    if (!this.#process?.pid) return;
    try {
      process.kill(-this.#process.pid, 'SIGKILL');
    } catch {
      // The whole group is gone already.
    }
  };
}

/** Lets the page call out; to be awaited before it opens. */
async function listen(page: Page, options: EditorOptions): Promise<{ readonly exit: Promise<number> }> {
  let end: (code: number) => void = () => undefined;
  const exit = new Promise<number>((resolve, reject) => {
    end = resolve;
    page.once('crash', () => reject(new Error('The page of the editor crashed.')));
    page.once('close', () => reject(new Error('The page of the editor was closed.')));
  });
  await page.exposeFunction('codeAutomationExit', end);
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => options.onConsole?.(type, args));
  return { exit };
}

function address(options: ServerOptions, port: number): string {
  const authority = `127.0.0.1:${port}`;
  const remote = (path: string) => `vscode-remote://${authority}${path}`;
  const payload = [
    ...(options.extension ? [['extensionDevelopmentPath', remote(options.extension)]] : []),
    ...(options.tests ? [['extensionTestsPath', remote(options.tests)]] : []),
  ];
  const query = new URLSearchParams({ folder: options.workspace, payload: JSON.stringify(payload) });
  return `http://${authority}/?${query}`;
}
