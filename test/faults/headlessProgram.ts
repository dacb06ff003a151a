import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeDist } from '../../esbuild.mjs';
import { root } from '../setup/paths.ts';

/** The program as it is shipped, in a folder of its own. */
export interface BuiltProgram {
  readonly path: string;
  remove(): Promise<void>;
}

export async function buildProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'program-'));
  const dist = join(folder, 'dist');
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await writeDist(dist, { entryPoints: { headless: 'src/headless.ts' } });
  return { path: join(dist, 'headless.js'), remove: () => rm(folder, { recursive: true, force: true }) };
}

export interface ProgramOptions {
  readonly args: readonly string[];
  /** The whole environment: nothing of this process's gets through but PATH. */
  readonly environment: Readonly<Record<string, string>>;
}

export type EventLine = Readonly<Record<string, unknown>> & { readonly type: string };

/** One run of the program, with everything that it printed. */
export class RunningProgram {
  readonly events: EventLine[] = [];
  /** Lines on stdout that are no JSON object. */
  readonly strayOutput: string[] = [];
  log = '';
  readonly #child: ChildProcess;
  readonly #exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(program: BuiltProgram, { args, environment }: ProgramOptions) {
    const env = { PATH: process.env['PATH'] ?? '', AWS_EC2_METADATA_DISABLED: 'true', HOME: tmpdir(), ...environment };
    const child = spawn(process.execPath, [program.path, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#exit = once(child, 'close').then(([code, signal]) => ({ code, signal }));
    child.stderr.on('data', (data) => {
      this.log += data;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = parse(line);
      if (parsed) this.events.push(parsed);
      else this.strayOutput.push(line);
    });
  }

  /** What the program itself ended with, after its output is complete. */
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#exit;
  }

  /** From now on a write of the program to this fails. */
  stopReading(stream: 'stdout' | 'stderr'): void {
    this.#child[stream]?.destroy();
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    await this.#exit;
  }
}

function parse(line: string): EventLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
      ? { ...value, type: value.type }
      : undefined;
  } catch {
    // Reported through `strayOutput`.
    return undefined;
  }
}
