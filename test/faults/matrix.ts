import { type Cell, cells } from './matrixTable.ts';

/*
 * Runs the fault matrix: `matrix.ts [--only <text>] [--share <part>/<parts>]`. Prints each cell that did not survive and,
 * at the end, `survived N/N`.
 */

export interface Survival {
  readonly survived: number;
  readonly failures: readonly { readonly name: string; readonly why: string }[];
}

/** One after the other: what a cell leaves behind must be its own. */
export async function runCells(
  chosen: readonly Cell[],
  finished: (name: string, ms: number) => void = () => undefined,
) {
  const failures: { name: string; why: string }[] = [];
  for (const { name, run } of chosen) {
    const began = performance.now();
    try {
      await run();
    } catch (error) {
      failures.push({ name, why: error instanceof Error ? error.message : String(error) });
    }
    finished(name, performance.now() - began);
  }
  return { survived: chosen.length - failures.length, failures };
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

if (import.meta.main) {
  const [part = 1, parts = 1] = (option('share') ?? '1/1').split('/').map(Number);
  const only = option('only') ?? '';
  const verbose = process.argv.includes('--verbose');
  const chosen = cells.filter(({ name }, index) => name.includes(only) && index % parts === part - 1);
  const { survived, failures } = await runCells(chosen, (name, ms) => {
    if (verbose) console.log(`${Math.round(ms)} ms ${name}`);
  });
  for (const { name, why } of failures) console.log(`FAILED ${name}\n  ${why.replaceAll('\n', '\n  ')}`);
  console.log(`survived ${survived}/${chosen.length}`);
  // What a cell left behind is told above, and must not keep the whole of it from ending.
  process.exit(failures.length > 0 ? 1 : 0);
}
