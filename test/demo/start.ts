// `npm start`: a mesh server on this machine, a sample workspace, a real editor with the extension in it, and a review.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { build as bundle } from 'esbuild';
import { MeshServer } from '../fakes/meshServer.ts';
import { ensureBrowser } from '../setup/browser.ts';
import { build } from '../setup/build.ts';
import { type EditorSession, openEditor, serveEditor } from '../setup/editorSession.ts';
import { installEditor, latestVersion } from '../setup/editors.ts';
import { root, testFolder } from '../setup/paths.ts';
import { type DemoOptions, demoOptions } from './options.ts';
import { checkResult, describeResult } from './result.ts';
import { copySampleWorkspace } from './sampleWorkspace.ts';
import { DemoFailed, printSteps, within } from './steps.ts';

const steps = printSteps((line) => console.log(line));
const picture = join(testFolder, 'demo.png');

async function main(options: DemoOptions): Promise<void> {
  const workspace = options.workspace ? await ownFolder(options.workspace) : await copySampleWorkspace();
  steps.done(`workspace ${workspace}`);
  await build();
  steps.done('extension built');
  const server = await MeshServer.start({ key: 'demo-key' });
  steps.done(`mesh server listens on ${server.url}`);
  try {
    steps.detail(modelNote());
    await (options.once ? once(options, server, workspace) : stay(options, server, workspace));
  } finally {
    await server.stop();
  }
}

/** Without a person: everything is checked, and what did not happen is an error. */
async function once(options: DemoOptions, server: MeshServer, workspace: string): Promise<void> {
  const signals = await mkdtemp(join(tmpdir(), 'demo-'));
  const resultFile = join(signals, 'result');
  const pictureFile = join(signals, 'picture');
  let problems: readonly string[] | undefined;
  const session = await openHere(options, server, workspace, {
    tests: await bundleReport(),
    environment: { DEMO_RESULT_FILE: resultFile, DEMO_PICTURE_FILE: pictureFile },
    onConsole: (_type, args) => {
      if (args[0] === 'demo-problems') problems = JSON.parse(String(args[1]));
    },
  });
  try {
    await registered(server, 90);
    const statusBar = session.page.locator('[id$="developerMesh.status"] a[aria-label*="Connected"]');
    await within(30, 'The status bar never said that it is connected.', statusBar.waitFor());
    steps.done(`status bar: ${await statusBar.getAttribute('aria-label')}`);
    const result = await review(server, 300);
    await writeFile(resultFile, '');
    await within(
      60,
      'The editor never told its problems.',
      poll(() => problems !== undefined),
    );
    const squiggles = session.page.locator('.squiggly-error, .squiggly-warning, .squiggly-info');
    await within(30, 'No squiggle was drawn.', squiggles.first().waitFor({ state: 'attached' }));
    await session.screenshot(picture);
    await writeFile(pictureFile, '');
    steps.done(`picture ${picture}`);
    steps.done(`Problems, as the editor holds them (${problems?.length ?? 0})`);
    for (const problem of problems ?? []) console.log(problem);
    steps.done('result, as the server received it');
    console.log(JSON.stringify(result, null, 2));
    checkResult(result, problems ?? []);
    await within(30, 'The editor did not end.', session.ended);
    steps.done('done');
  } finally {
    await session.dispose();
    await rm(signals, { recursive: true, force: true });
  }
}

/** For a person: opens what this machine has, reviews once, and stays until Ctrl+C. */
async function stay(options: DemoOptions, server: MeshServer, workspace: string): Promise<void> {
  const ended = new Promise<void>((end) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end());
  });
  const editor = await openForPerson(options, server, workspace);
  try {
    await Promise.race([ended, reviewWhenOpened(server)]);
    await ended;
  } finally {
    await editor.dispose();
  }
}

async function reviewWhenOpened(server: MeshServer): Promise<void> {
  await registered(server, 24 * 3600);
  steps.detail(describeResult(await review(server, 600)));
  steps.done('look around; Ctrl+C ends the demo');
}

/** The desktop application, else a browser with VS Code in it, else, without a display, an address to open elsewhere. */
async function openForPerson(options: DemoOptions, server: MeshServer, workspace: string) {
  const desktop = findDesktop();
  if (desktop) {
    const code = openDesktop(desktop, server, workspace);
    return { dispose: async () => code.kill() };
  }
  const editor = hasDisplay()
    ? await openHere(options, server, workspace, { visible: true })
    : await serveEditor({ ...(await editorFor(options, server, workspace)), environment: signedIn(server) });
  steps.done(`editor ${editor.url}`);
  if (!hasDisplay()) steps.detail('There is no display here: open that address in a browser, and the review begins.');
  return editor;
}

type More = Partial<Parameters<typeof openEditor>[0]>;

async function openHere(
  options: DemoOptions,
  server: MeshServer,
  workspace: string,
  more: More,
): Promise<EditorSession> {
  const browser = await ensureBrowser();
  steps.done(`browser ${browser}`);
  const editor = await editorFor(options, server, workspace);
  return openEditor({ ...editor, browser, ...more, environment: { ...signedIn(server), ...more.environment } });
}

async function editorFor(options: DemoOptions, server: MeshServer, workspace: string) {
  const editor = await installEditor(latestVersion);
  steps.done(`VS Code ${editor.version}`);
  return {
    editor,
    workspace,
    extension: root,
    viewport: { width: 1440, height: 900 },
    settings: {
      'developerMesh.server.url': server.url,
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
    },
    ...(options.theme && { colorTheme: options.theme }),
  };
}

/** The extension takes address and key from the environment when nobody signed in. */
function signedIn(server: MeshServer): Record<string, string> {
  return { MCP_SERVER_URL: server.url, MCP_API_KEY: server.key };
}

function openDesktop(code: string, server: MeshServer, workspace: string): ChildProcess {
  const data = join(testFolder, 'desktop');
  steps.done(`editor ${code}`);
  return spawn(
    code,
    [
      `--extensionDevelopmentPath=${root}`,
      `--user-data-dir=${data}`,
      '--disable-workspace-trust',
      '--new-window',
      '--wait',
      workspace,
    ],
    { env: { ...process.env, ...signedIn(server) }, stdio: 'ignore' },
  );
}

function findDesktop(): string | undefined {
  if (!hasDisplay()) return undefined;
  const name = process.platform === 'win32' ? 'code.cmd' : 'code';
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

async function registered(server: MeshServer, seconds: number): Promise<void> {
  const frame = server.nextFrame(({ type }) => type === 'agent.register', { withinMs: seconds * 1000 });
  const { json } = await frame.catch(() => {
    throw new DemoFailed(`The extension never registered (waited ${seconds} s).`);
  });
  steps.done(`agent registered: ${String(json['agent_name'])} (${String(json['agent_id'])})`);
}

async function review(server: MeshServer, seconds: number): Promise<Record<string, unknown>> {
  const id = server.assign({ type: 'code_review', title: 'Review the parcel tracker', payload: { files: ['**/*'] } });
  steps.done(`task ${id} assigned`);
  const about = (type: string) =>
    server.nextFrame((frame) => frame.type === type && frame.payload['task_id'] === id, { withinMs: seconds * 1000 });
  await about('task.accepted').catch(() => {
    throw new DemoFailed('The task was never accepted.');
  });
  steps.done('task accepted');
  const { payload } = await about('task.complete').catch(() => {
    throw new DemoFailed(`No result came (waited ${seconds} s).`);
  });
  steps.done(`result: ${String(payload['status'])}`);
  return payload;
}

/** The report runs inside the editor, which wants a CommonJS module. */
async function bundleReport(): Promise<string> {
  const outfile = join(testFolder, 'demo', 'report.cjs');
  const entryPoints = [join(import.meta.dirname, 'report.ts')];
  await bundle({ entryPoints, outfile, bundle: true, format: 'cjs', platform: 'node', external: ['vscode'] });
  return outfile;
}

async function ownFolder(path: string): Promise<string> {
  const folder = resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new DemoFailed(`${folder} is not a folder.`);
  return folder;
}

async function poll(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((next) => setTimeout(next, 100));
}

function modelNote(): string {
  const { AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_BEARER_TOKEN_BEDROCK } = process.env;
  return AWS_ACCESS_KEY_ID || AWS_PROFILE || AWS_BEARER_TOKEN_BEDROCK
    ? 'AWS credentials are in the environment: the review uses Amazon Bedrock.'
    : 'No AWS credentials in the environment: static checks alone, unless a default profile has some.';
}

try {
  await main(demoOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof DemoFailed ? `The demo failed: ${error.message}` : error);
  process.exitCode = 1;
}
