import type { Metafile } from 'esbuild';

/** The outputs that load together with an entry: itself and what it imports statically, and so on. Paths as in the metafile. */
export function loadedWith(entry: string, { outputs }: Metafile): string[] {
  const loaded = new Set<string>();
  const visit = (path: string) => {
    const output = outputs[path];
    if (!output || loaded.has(path)) return;
    loaded.add(path);
    for (const imported of output.imports) {
      if (imported.kind !== 'dynamic-import' && !imported.external) visit(imported.path);
    }
  };
  visit(entry);
  if (loaded.size === 0) throw new Error(`The build has no output ${entry}.`);
  return [...loaded];
}
