import { join } from 'node:path';
import { runCommand } from './command.ts';
import { root } from './paths.ts';

/** `npm run build`, quietly: dist/ anew, and .vscode-test/meta.json. */
export async function build(): Promise<void> {
  await runCommand(process.execPath, [join(root, 'esbuild.mjs')], { cwd: root });
}
