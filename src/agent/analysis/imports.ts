import { posix } from 'node:path';
import type { Slices } from '../review/static/slices.ts';
import type { Snapshot } from '../workspace/snapshot.ts';
import { blanked, segmentsOf } from './segments.ts';

export interface Imports {
  /** Workspace paths of the files it needs, itself excluded. */
  readonly files: readonly string[];
  /** Names of packages from outside, as written. */
  readonly packages: readonly string[];
}

const script = [
  /\b(?:import|export)\b[^;'"`]{0,2000}?\bfrom\s*['"]([^'"\n]+)['"]/g,
  /\bimport\s*['"]([^'"\n]+)['"]/g,
  /\b(?:import|require)\s*\(\s*['"]([^'"\n]+)['"]/g,
];
const byLanguage: Readonly<Record<string, readonly RegExp[]>> = {
  typescript: script,
  typescriptreact: script,
  javascript: script,
  javascriptreact: script,
  vue: script,
  svelte: script,
  java: [/^\s*import\s+(?:static\s+)?([\w.]+)\s*;/gm],
  kotlin: [/^\s*import\s+([\w.]+)/gm],
  go: [/^\s*import\s+(?:[\w.]+\s+)?"([^"\n]+)"/gm],
  c: [/^\s*#\s*include\s*["<]([^">\n]+)[">]/gm],
  cpp: [/^\s*#\s*include\s*["<]([^">\n]+)[">]/gm],
};

/** Finds, for each of the files, which others and which packages it names. Files that are not given count as outside. */
export async function importsOf(snapshots: readonly Snapshot[], slices: Slices): Promise<Map<string, Imports>> {
  const resolve = await importResolver(
    snapshots.map(({ file }) => file),
    slices,
  );
  const imports = new Map<string, Imports>();
  for (const snapshot of snapshots) {
    await slices.pause();
    imports.set(snapshot.file, importsIn(snapshot, resolve));
  }
  return imports;
}

export function importsIn(snapshot: Snapshot, resolve: ImportResolver): Imports {
  const files = new Set<string>();
  const packages = new Set<string>();
  for (const target of targetsOf(snapshot)) {
    const found = resolve(snapshot, target);
    if (typeof found === 'string') packages.add(found);
    else for (const file of found) if (file !== snapshot.file) files.add(file);
  }
  return { files: [...files], packages: [...packages] };
}

/** What stands in the import statements, as written; for Python, `a.b` and, for `from a import b`, both `a` and `a.b`. */
function targetsOf({ text, language }: Snapshot): string[] {
  const code = blanked(text, segmentsOf(text, language), false);
  if (language === 'python') return pythonTargets(code);
  const patterns = Object.hasOwn(byLanguage, language) ? (byLanguage[language] ?? []) : [];
  const found = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
  if (language !== 'go') return found;
  const blocks = [...code.matchAll(/^import\s*\(([^)]*)\)/gm)].map((match) => match[1] ?? '');
  return [...found, ...blocks.flatMap((block) => [...block.matchAll(/"([^"\n]+)"/g)].map((match) => match[1] ?? ''))];
}

function pythonTargets(code: string): string[] {
  const whole = [...code.matchAll(/^\s*import\s+([\w., ]+)/gm)].flatMap((match) =>
    (match[1] ?? '').split(',').map((name) => name.trim().split(/\s/)[0] ?? ''),
  );
  const parts = [...code.matchAll(/^\s*from\s+(\.*[\w.]*)\s+import\s+(?:\(([^)]*)\)|([^\n]*))/gm)].flatMap((match) => {
    const from = match[1] ?? '';
    const names = (match[2] ?? match[3] ?? '').split(',').map((name) => name.trim().split(/\s/)[0] ?? '');
    const dot = from === '' || from.endsWith('.') ? '' : '.';
    return [from, ...names.filter((name) => /^\w+$/.test(name)).map((name) => `${from}${dot}${name}`)];
  });
  return [...whole, ...parts].filter((target) => target !== '');
}

const endings = [
  '',
  '.ts',
  '.tsx',
  '.mts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.vue',
  '.svelte',
  '/index.ts',
  '/index.tsx',
  '/index.js',
];

/** The files that a target means, empty when it is a file that is not given; or the name of a package from outside. */
export type ImportResolver = (from: Snapshot, target: string) => readonly string[] | string;

/** `paths`: the files that there are, which can be all of a large workspace. */
export async function importResolver(paths: readonly string[], slices: Slices): Promise<ImportResolver> {
  const known = new Set<string>();
  const byName = new Map<string, string[]>();
  const goFolders = new Map<string, string[]>();
  const under = (map: Map<string, string[]>, key: string, path: string) => {
    const there = map.get(key);
    if (there) there.push(path);
    else map.set(key, [path]);
  };
  for (const [index, path] of paths.entries()) {
    if (index % 500 === 0) await slices.pause();
    known.add(path);
    under(byName, posix.basename(path), path);
    if (path.endsWith('.go') && !path.endsWith('_test.go')) under(goFolders, posix.dirname(path), path);
  }
  const byTail = new Map<string, readonly string[]>();
  /** The only file whose path ends like this, in whole names. A tail that several files share names none of them. */
  const only = (tail: string) => {
    const sought = byTail.get(tail);
    if (sought) return sought;
    const all = byName.get(posix.basename(tail)) ?? [];
    const found = all.filter((path) => path === tail || path.endsWith(`/${tail}`));
    const one = found.length === 1 ? found : [];
    byTail.set(tail, one);
    return one;
  };

  return ({ file, language }, target) => {
    const folder = posix.dirname(file);
    if (language === 'python') {
      const dots = /^\.*/.exec(target)?.[0].length ?? 0;
      const name = target.slice(dots).replaceAll('.', '/');
      if (dots === 0) {
        const found = [...only(`${name}.py`), ...only(`${name}/__init__.py`)];
        return found.length > 0 ? found : (name.split('/')[0] ?? name);
      }
      const base = posix.join(folder, '../'.repeat(dots - 1), name);
      return [`${base}.py`, `${base}/__init__.py`].filter((path) => known.has(path));
    }
    if (language === 'java' || language === 'kotlin') {
      const found = ['java', 'kt'].flatMap((extension) => only(`${target.replaceAll('.', '/')}.${extension}`));
      return found.length > 0 ? found : target.split('.').slice(0, 3).join('.');
    }
    if (language === 'go') {
      const parts = target.split('/');
      for (let from = 0; from < parts.length; from++) {
        const found = goFolders.get(parts.slice(from).join('/'));
        if (found) return found;
      }
      return target;
    }
    if (language === 'c' || language === 'cpp') {
      const beside = posix.join(folder, target);
      return known.has(beside) ? [beside] : only(target).length > 0 ? only(target) : target;
    }
    if (!target.startsWith('.'))
      return target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
    const base = posix.join(folder, target);
    const bare = base.replace(/\.[cm]?jsx?$/, '');
    const found = [base, bare]
      .flatMap((stem) => endings.map((ending) => stem + ending))
      .find((path) => known.has(path));
    return found === undefined ? [] : [found];
  };
}
