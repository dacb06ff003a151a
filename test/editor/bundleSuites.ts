import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root, testFolder } from '../setup/paths.ts';

/**
 * Makes one CommonJS module out of the `*.test.ts` files of a folder below test/editor, Mocha included, as the editor's
 * extensionTestsPath wants it: it exports `run(): Promise<void>`. Returns its path.
 */
export async function bundleSuites(folder: 'suite' | 'installed'): Promise<string> {
  const source = join(root, 'test', 'editor', folder);
  const files = (await readdir(source)).filter((name) => name.endsWith('.test.ts')).sort();
  if (files.length === 0) throw new Error(`${source} has no test files.`);
  const outfile = join(testFolder, 'suite', `${folder}.cjs`);
  await build({
    stdin: {
      contents: [
        "import { runMocha } from '../mochaRun.ts';",
        // With require the files run when Mocha is ready for them.
        `export const run = () => runMocha(() => {${files.map((name) => `require('./${name}');`).join('')}});`,
      ].join('\n'),
      resolveDir: source,
      loader: 'ts',
    },
    absWorkingDir: root,
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['vscode'],
    logLevel: 'warning',
    // Mocha looks up the files of its parallel mode, which is not used here.
    logOverride: { 'require-resolve-not-external': 'silent' },
  });
  return outfile;
}
