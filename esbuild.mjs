// Bundles both doors into dist/: ES modules, so that every `await import` becomes a chunk that loads on first use.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, context } from 'esbuild';
import { fillEngineFolder } from './src/agent/review/static/engineFolder.ts';

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
  // Bundled CommonJS packages still call require for Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  metafile: true,
  logLevel: 'warning',
};

/**
 * The bundles, in memory. esbuild also makes chunks for imports in code that it then leaves out, such as credential
 * providers that nobody asks for: those are dropped.
 * @param {import('esbuild').BuildOptions} overrides
 */
export async function compile(overrides = {}) {
  const { metafile, outputFiles } = await build({ ...options, ...overrides, write: false, metafile: true });
  const reached = new Set(Object.keys(metafile.outputs).filter((path) => metafile.outputs[path]?.entryPoint));
  // Dynamic imports make an output an entry point as well; only the doors are where a program begins.
  const doors = new Set(Object.values(overrides.entryPoints ?? options.entryPoints));
  for (const path of reached) if (!doors.has(metafile.outputs[path]?.entryPoint)) reached.delete(path);
  for (const path of reached) {
    for (const imported of metafile.outputs[path]?.imports ?? []) if (!imported.external) reached.add(imported.path);
  }
  for (const path of Object.keys(metafile.outputs)) if (!reached.has(path)) delete metafile.outputs[path];
  const kept = new Set([...reached].map((path) => join(import.meta.dirname, path)));
  return { metafile, outputFiles: outputFiles.filter(({ path }) => kept.has(path)) };
}

/**
 * Fills a folder as dist/ is filled: the bundles, and beside them what they read at run time and no bundle can hold.
 * @param {string} dist
 * @param {import('esbuild').BuildOptions} overrides
 */
export async function writeDist(dist, overrides = {}) {
  const { metafile, outputFiles } = await compile({ ...overrides, outdir: dist });
  await rm(dist, { recursive: true, force: true });
  await fillEngineFolder(import.meta.dirname, join(dist, 'engine'));
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await writeFile(join(dist, 'NOTICES.txt'), await notices(metafile));
  return metafile;
}

/** The licences of everything that the bundles and the engines hold, as those licences ask. */
async function notices(metafile) {
  const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set([
    ...bundled.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
    ...['@vscode/tree-sitter-wasm', 'web-tree-sitter'].map((name) => `node_modules/${name}`),
  ]);
  const packagesByText = new Map();
  for (const folder of [...folders].sort()) {
    const path = join(import.meta.dirname, folder);
    const { name, version, license } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
    const file = (await readdir(path)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? (await readFile(join(path, file), 'utf8')).trim() : `Licence: ${license}`;
    packagesByText.set(text, [...(packagesByText.get(text) ?? []), `${name} ${version}`]);
  }
  const parts = [...packagesByText].map(([text, packages]) => `${packages.join('\n')}\n\n${text}\n`);
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function main() {
  const dist = join(import.meta.dirname, 'dist');
  if (watch) {
    await fillEngineFolder(import.meta.dirname, join(dist, 'engine'));
    return (await context(options)).watch();
  }
  const metafile = await writeDist(dist);
  for (const [path, { bytes }] of Object.entries(metafile.outputs)) console.log(String(bytes).padStart(9), path);
  // What went into which chunk, for whoever measures. Not in dist/, all of which is packaged.
  await mkdir(join(import.meta.dirname, '.vscode-test'), { recursive: true });
  await writeFile(join(import.meta.dirname, '.vscode-test', 'meta.json'), JSON.stringify(metafile));
}

if (import.meta.main) await main();
