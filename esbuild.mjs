// Bundles both doors into dist/: ES modules, so that every `await import` becomes a chunk that loads on first use.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, context } from 'esbuild';

const watch = process.argv.includes('--watch');
const development = watch || process.argv.includes('--development');

/** @type {import('esbuild').BuildOptions} */
export const options = {
  absWorkingDir: import.meta.dirname,
  entryPoints: { extension: 'src/extension.ts', headless: 'src/headless.ts' },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // The module fields of the AWS SDK come out 30 % smaller than its CommonJS.
  mainFields: ['module', 'main'],
  external: ['vscode'],
  minify: !development,
  sourcemap: development,
  legalComments: 'none',
  loader: { '.yaml': 'text' },
  // Bundled CommonJS packages still call require for Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  metafile: true,
  logLevel: 'info',
};

/**
 * Files that the program reads at run time: where each comes from, and its place below dist/.
 * @type {readonly (readonly [from: string, to: string])[]}
 */
export const assets = [];

async function main() {
  const dist = join(import.meta.dirname, 'dist');
  await rm(dist, { recursive: true, force: true });
  for (const [from, to] of assets) await cp(join(import.meta.dirname, from), join(dist, to));
  if (watch) return (await context(options)).watch();
  const { metafile } = await build(options);
  // What went into which chunk, for whoever measures. Not in dist/, all of which is packaged.
  await mkdir(join(import.meta.dirname, '.vscode-test'), { recursive: true });
  await writeFile(join(import.meta.dirname, '.vscode-test', 'meta.json'), JSON.stringify(metafile));
}

if (import.meta.main) await main();
