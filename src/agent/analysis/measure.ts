import { linesOf } from '../review/lines.ts';
import type { Slices } from '../review/static/slices.ts';
import type { Snapshot } from '../workspace/snapshot.ts';
import { cyclesIn } from './cycles.ts';
import { declarationsOf } from './declarations.ts';
import { importsOf } from './imports.ts';
import { segmentsOf } from './segments.ts';

/** What can be counted without a model. Lists are cut to their first entries, the counts are of everything. */
export interface Facts {
  readonly files: number;
  /** Lines that are not blank. */
  readonly lines: number;
  readonly functions: number;
  readonly languages: readonly { language: string; files: number; lines: number; functions: number }[];
  readonly largest_files: readonly { file: string; lines: number }[];
  readonly longest_functions: readonly { file: string; name: string; line: number; lines: number }[];
  readonly dependencies: {
    /** Of one file on another. */
    readonly edges: number;
    readonly most_imported: readonly { file: string; importers: number }[];
    readonly most_importing: readonly { file: string; imports: number }[];
    readonly cycles: readonly (readonly string[])[];
    readonly packages: readonly { name: string; files: number }[];
  };
  /** Comments that promise work: to-do, fix-me and the like. */
  readonly promises: { readonly count: number; readonly files: readonly { file: string; count: number }[] };
}

const most = 10;
const promise = /\b(?:TO_?DO|FIX_?ME|HACKS?|X{3})\b/g;

/** Measures file by file and gives way to others between them. Rejects only with the reason of the slices' signal. */
export async function measure(snapshots: readonly Snapshot[], slices: Slices): Promise<Facts> {
  const languages = new Map<string, { language: string; files: number; lines: number; functions: number }>();
  const sizes: { file: string; lines: number }[] = [];
  const functions: { file: string; name: string; line: number; lines: number }[] = [];
  const promises: { file: string; count: number }[] = [];

  for (const { file, language, text } of snapshots) {
    await slices.pause();
    const all = linesOf(text);
    let lines = 0;
    for (let line = 1; line <= all.count; line++) if (all.textOf(line).trim() !== '') lines += 1;
    const own = declarationsOf(text, language)
      .filter(({ kind }) => kind === 'function')
      .map(({ name, line, endLine }) => ({ file, name, line, lines: endLine - line + 1 }));
    const count = segmentsOf(text, language)
      .filter(({ kind }) => kind === 'comment')
      .reduce((sum, { start, end }) => sum + (text.slice(start, end).match(promise)?.length ?? 0), 0);
    const sum = languages.get(language) ?? { language, files: 0, lines: 0, functions: 0 };
    languages.set(language, {
      language,
      files: sum.files + 1,
      lines: sum.lines + lines,
      functions: sum.functions + own.length,
    });
    sizes.push({ file, lines });
    functions.push(...own);
    if (count > 0) promises.push({ file, count });
  }

  const imports = await importsOf(snapshots, slices);
  const graph = new Map([...imports].map(([file, { files }]) => [file, files]));
  return {
    files: snapshots.length,
    lines: sizes.reduce((sum, { lines }) => sum + lines, 0),
    functions: functions.length,
    languages: [...languages.values()].sort((a, b) => b.lines - a.lines),
    largest_files: highest(sizes, ({ lines }) => lines),
    longest_functions: highest(functions, ({ lines }) => lines),
    dependencies: {
      edges: [...graph.values()].reduce((sum, files) => sum + files.length, 0),
      most_imported: highest(
        tally([...graph.values()].flat()).map(([file, importers]) => ({ file, importers })),
        ({ importers }) => importers,
      ),
      most_importing: highest(
        [...graph].map(([file, files]) => ({ file, imports: files.length })).filter((entry) => entry.imports > 0),
        (entry) => entry.imports,
      ),
      cycles: cyclesIn(graph).slice(0, most),
      packages: highest(
        tally([...imports.values()].flatMap(({ packages }) => packages)).map(([name, files]) => ({ name, files })),
        ({ files }) => files,
      ),
    },
    promises: {
      count: promises.reduce((sum, { count }) => sum + count, 0),
      files: highest(promises, ({ count }) => count),
    },
  };
}

function tally(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts];
}

function highest<T>(entries: readonly T[], of: (entry: T) => number): T[] {
  return [...entries].sort((a, b) => of(b) - of(a)).slice(0, most);
}
