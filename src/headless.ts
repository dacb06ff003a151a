import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Agent, createAgent } from './agent/agent.ts';
import { parseServerUrl } from './agent/connection/serverUrl.ts';
import type { AgentEvent } from './agent/events.ts';
import { failures } from './agent/failures.ts';
import type { Host, WorkspaceFolder } from './agent/host.ts';
import { systemClock } from './agent/shared/clock.ts';
import { stderrLog } from './headless/log.ts';
import { createNodeHost } from './headless/nodeHost.ts';
import { type HeadlessOptions, parseOptions, usage } from './headless/options.ts';

/** package.json is there in every installation: without its `type` this file would not run. */
const version = String(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
const exitCodes = { done: 0, refused: 1, wrongUsage: 2 } as const;
/** Kubernetes gives 30 s by default. A task that is cut off, then or sooner, is taken up from the journal at the next start. */
const drainMs = 25_000;

async function run(options: HeadlessOptions): Promise<number> {
  const server = parseServerUrl(options.settings.server.url);
  if (!server.ok) return wrongUsage(server.failure.message);
  const folders: WorkspaceFolder[] = [];
  for (const given of options.workspaces) {
    const path = resolve(given);
    if (!(await isFolder(path))) return wrongUsage(`--workspace: ${path} is not a folder`);
    folders.push({ name: basename(path), path });
  }
  const storage = options.storage ? resolve(options.storage) : defaultStorage(folders);
  const problem = await mkdir(storage, { recursive: true, mode: 0o700 }).then(() => undefined, String);
  if (problem) return wrongUsage(`--storage: ${problem}`);

  const log = stderrLog(options.verbose, systemClock, (line) => process.stderr.write(line));
  const host = createNodeHost({
    folders,
    storage,
    key: options.key,
    keyOrigin: server.value.origin,
    log,
    description: `developer-mesh-agent ${version}`,
  });
  return serve(host, options);
}

/** Prints what happens until a signal, a refused key or, with --once, the first delivered task ends it. */
async function serve(host: Host, options: HeadlessOptions): Promise<number> {
  const agent = createAgent(host, options.settings, {
    clock: systemClock,
    environment: process.env,
    engineFolder: fileURLToPath(new URL('engine', import.meta.url)),
    processId: process.pid,
    machineName: hostname(),
    version,
  });
  // The log has no reader any more; the events may still have one.
  process.stderr.on('error', () => undefined);
  process.on('unhandledRejection', (reason) => {
    host.log('error', failures.crashed(String(reason)).message, { stack: reason instanceof Error ? reason.stack : '' });
  });
  try {
    const ended = end(agent, options.once);
    agent.connect();
    const code = await ended;
    if (code === exitCodes.done) await agent.drain(AbortSignal.timeout(drainMs));
    return code;
  } finally {
    agent.dispose();
  }
}

function end(agent: Agent, once: boolean): Promise<number> {
  return new Promise((settle) => {
    const print = (event: AgentEvent) => {
      process.stdout.write(`${JSON.stringify(event)}\n`);
      if (once && event.type === 'task-delivered') settle(exitCodes.done);
      if (once && event.type === 'notice' && event.failure.code === 'result-refused') settle(exitCodes.refused);
      // Off with a failure: nobody will connect again by himself.
      if (event.type === 'attention' || (event.type === 'disconnected' && event.failure)) settle(exitCodes.refused);
    };
    agent.onEvent(print);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => settle(exitCodes.done));
    // Nobody reads any more: as if asked to end.
    process.stdout.on('error', () => settle(exitCodes.done));
  });
}

/** One folder for each set of workspaces, so that a journal is found again and none is shared. */
function defaultStorage(folders: readonly WorkspaceFolder[]): string {
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const name = createHash('sha256').update(JSON.stringify(folders.map(({ path }) => path)));
  return join(state, 'developer-mesh-agent', name.digest('hex').slice(0, 16));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function wrongUsage(problem: string): number {
  process.stderr.write(`developer-mesh-agent: ${problem}\nSee developer-mesh-agent --help.\n`);
  return exitCodes.wrongUsage;
}

async function main(): Promise<number> {
  const parsed = parseOptions(process.argv.slice(2), process.env);
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(usage);
      return exitCodes.done;
    case 'version':
      process.stdout.write(`${version}\n`);
      return exitCodes.done;
    case 'wrong':
      return wrongUsage(parsed.problem);
    case 'run':
      return run(parsed.options);
  }
}

// Sockets that the AWS SDK keeps for the next call would hold the process open.
process.exit(await main());
