// The door of every npm script: `node test/setup/ensure.mjs <node arguments>` makes node_modules match
// package-lock.json, then runs its arguments with the Node that the dev dependency `node` brings. Plain JavaScript
// without imports from node_modules, because it is what runs on a fresh clone. Without arguments it only installs.
// What the installation prints goes to stderr: stdout belongs to the script.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..');
const modules = join(root, 'node_modules');
const windows = process.platform === 'win32';
const node = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');

/** The `packages` of a lock file without the project's own entry, or undefined when there is no readable file. */
function lockedPackages(path) {
  try {
    const { '': _project, ...packages } = JSON.parse(readFileSync(path, 'utf8')).packages;
    return packages;
  } catch {
    return undefined; // Missing or damaged: the caller installs.
  }
}

/** Why node_modules has to be installed again, or undefined. npm notes what it installed in a lock file of its own. */
function staleness() {
  const wanted = lockedPackages(join(root, 'package-lock.json'));
  if (!wanted) return 'package-lock.json cannot be read';
  const installed = lockedPackages(join(modules, '.package-lock.json'));
  if (!installed) return 'node_modules is not complete';
  for (const [path, entry] of Object.entries(wanted)) {
    const found = installed[path];
    // Packages for other platforms are locked but not installed.
    if (!found && !entry.optional && !entry.devOptional) return `${path} is missing`;
    if (found && (found.version !== entry.version || found.integrity !== entry.integrity)) {
      return `${path} is ${found.version} instead of ${entry.version}`;
    }
    if (found && !existsSync(join(root, path))) return `${path} is gone`;
  }
  const surplus = Object.keys(installed).find((path) => !(path in wanted));
  return surplus && `${surplus} is not in package-lock.json`;
}

/** The environment for a nested npm: the machine's own Node, and nothing that an outer `npm run` has set. */
function outerEnvironment() {
  const environment = { ...process.env };
  for (const name of Object.keys(environment)) {
    if (/^npm_(package|lifecycle)_|^npm_config_(local_prefix|global_prefix|prefix)$/i.test(name)) {
      delete environment[name];
    }
  }
  const own = (part) => part.startsWith(modules);
  environment.PATH = (environment.PATH ?? '')
    .split(delimiter)
    .filter((part) => !own(part))
    .join(delimiter);
  return environment;
}

function run(command, args, cwd) {
  // npm is a .cmd file on Windows, which only a shell starts.
  const done = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], env: outerEnvironment(), shell: windows });
  if (done.status !== 0) {
    fail(`${command} ${args.join(' ')} ended with ${done.error?.message ?? done.signal ?? done.status}.`);
  }
}

function fail(why) {
  console.error(`Cannot prepare ${root}: ${why}`);
  process.exit(1);
}

function nodeVersion() {
  const asked = spawnSync(node, ['--version'], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
}

function ensureModules() {
  const why = staleness();
  if (!why) return;
  console.error(`Installing the packages of package-lock.json (${why}).`);
  // Packages for development name newer Nodes than the machine's, which matters only to whoever runs them with it.
  run('npm', ['ci', '--loglevel=error'], root);
}

/** Where install scripts are switched off, npm leaves the package `node` without its binary. */
function ensureNode() {
  const require = createRequire(join(root, 'package.json'));
  const wanted = `v${require('node/package.json').version}`;
  if (nodeVersion() !== wanted) {
    console.error(`Fetching Node ${wanted}.`);
    // Not the running Node: inside `npm run` that may be the one which npm has just removed.
    run('node', ['installArchSpecificPackage.js'], join(modules, 'node'));
    if (nodeVersion() !== wanted) fail(`${node} does not run as ${wanted}.`);
  }
  const link = join(modules, '.bin', 'node');
  if (!windows && !existsSync(link)) symlinkSync(join('..', 'node', 'bin', 'node'), link);
}

/** Runs Node with the arguments and ends as it ends: same exit code, or the same signal. */
function hand(args) {
  const path = [join(modules, '.bin'), join(modules, 'node', 'bin'), process.env.PATH].join(delimiter);
  const child = spawn(node, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path } });
  child.on('error', (error) => fail(error.message));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // Ctrl+C in a terminal reaches the child by itself; passing it on would count as pressing it twice.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

ensureModules();
ensureNode();
if (process.argv.length > 2) hand(process.argv.slice(2));
