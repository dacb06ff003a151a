// `npm run package`: the extension as one file that every VS Code installs.
import { join } from 'node:path';
import { build } from './build.ts';
import { runCommand } from './command.ts';
import { root } from './paths.ts';

/** Packages what stands in `folder`, which holds package.json and a finished dist/, into the file `out`. */
export async function makePackage(folder: string, out: string): Promise<void> {
  const vsce = join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const flags = [
    // Everything is bundled.
    '--no-dependencies',
    '--allow-missing-repository',
    // The README's picture and links stand in the package itself.
    '--no-rewrite-relative-links',
    // A pattern of `files` may match nothing, such as *.wasm before there is one.
    '--allow-unused-files-pattern',
  ];
  await runCommand(process.execPath, [vsce, 'package', ...flags, '--out', out], { cwd: folder });
}

if (import.meta.main) {
  const out = join(root, 'developer-mesh-agent.vsix');
  await build();
  await makePackage(root, out);
  console.log(out);
}
