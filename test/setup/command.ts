import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Passes the output through as it comes; otherwise it is held back and only shown in the error. */
  readonly show?: boolean;
}

/** Runs a program to its end. Rejects with its last 4,000 characters of output when it fails or cannot be started. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const keep = (chunk: Buffer) => {
      if (options.show) process.stdout.write(chunk);
      output = (output + chunk.toString()).slice(-4_000);
    };
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // npm is a .cmd file on Windows, which only a shell starts.
      shell: process.platform === 'win32',
    });
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const said = options.show ? '' : `\n${output}`;
      reject(new Error(`${command} ${args.join(' ')} in ${options.cwd} ended with ${signal ?? code}.${said}`));
    });
  });
}
