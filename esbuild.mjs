// Bundles both doors into dist/: ES modules, so that every `await import` becomes a chunk that loads on first use.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, context } from 'esbuild';
import { fillEngineFolder } from './src/agent/review/static/engineFolder.ts';
import { readRuleFiles } from './src/agent/review/static/ruleFiles.ts';

const watch = process.argv.includes('--watch');
const development = watch || process.argv.includes('--development');

/** The rules of the static checks as data in the place of the module that reads them from YAML, checked, without examples. */
const rulesAsData = {
  name: 'rules-as-data',
  /** @param {import('esbuild').PluginBuild} build */
  setup(build) {
    build.onLoad({ filter: /[\\/]static[\\/]gatheredRules\.ts$/ }, async () => {
      const folder = join(import.meta.dirname, 'src', 'agent', 'review', 'static', 'rules');
      const files = await readRuleFiles(folder);
      const rules = files.map(({ examples, ...rule }) => rule);
      return { contents: `export const gatheredRules = async () => ${JSON.stringify(rules)};`, watchDirs: [folder] };
    });
  },
};

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
  // Bundled CommonJS packages still call require for Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  plugins: [rulesAsData],
  metafile: true,
  logLevel: 'info',
};

/** What the program reads at run time and no bundle can hold, into the folder that is or stands for dist/. */
export async function writeAssets(dist) {
  await fillEngineFolder(import.meta.dirname, join(dist, 'engine'));
}

async function main() {
  const dist = join(import.meta.dirname, 'dist');
  await rm(dist, { recursive: true, force: true });
  await writeAssets(dist);
  if (watch) return (await context(options)).watch();
  const { metafile } = await build(options);
  // What went into which chunk, for whoever measures. Not in dist/, all of which is packaged.
  await mkdir(join(import.meta.dirname, '.vscode-test'), { recursive: true });
  await writeFile(join(import.meta.dirname, '.vscode-test', 'meta.json'), JSON.stringify(metafile));
}

if (import.meta.main) await main();
