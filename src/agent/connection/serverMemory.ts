import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Log } from '../host.ts';

/** One word about one server that survives a restart. */
export interface ServerMemory<T extends string> {
  recall(): T | undefined;
  remember(word: T): void;
  forget(): void;
}

const mostServers = 100;

/**
 * Words about servers, by address without the query, in one small file of JSON. A file that cannot be read or written
 * costs what was remembered, and nothing else.
 */
export async function openServerMemory<T extends string>(
  path: string,
  url: string,
  parts: { readonly word: z.ZodMiniType<T>; readonly log: Log },
): Promise<ServerMemory<T>> {
  const words = z.record(z.string().check(z.maxLength(2048)), parts.word);
  const { origin, pathname } = new URL(url);
  const server = `${origin}${pathname}`;
  let known: T | undefined = (await readAll(path, words))[server];
  let writing = Promise.resolve();

  const change = (word: T | undefined) => {
    if (known === word) return;
    known = word;
    writing = writing
      .then(async () => {
        const { [server]: _, ...others } = await readAll(path, words);
        const entries: [string, string][] = Object.entries<string>(others).slice(-(mostServers - 1));
        if (word !== undefined) entries.push([server, word]);
        await replace(path, JSON.stringify(Object.fromEntries(entries)));
      })
      .catch((error: unknown) => parts.log('debug', 'a word about a server was not kept', { error: String(error) }));
  };
  return { recall: () => known, remember: change, forget: () => change(undefined) };
}

async function readAll<T extends string>(
  path: string,
  words: z.ZodMiniType<Record<string, T>>,
): Promise<Readonly<Record<string, T>>> {
  try {
    const parsed = words.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : {};
  } catch {
    // Not there yet, or not ours any more: then nothing is known.
    return {};
  }
}

/** In one step, because another window may be reading, and from a place of our own, because another may be writing. */
async function replace(path: string, text: string): Promise<void> {
  const place = await mkdtemp(`${path}-`);
  try {
    const file = join(place, 'new');
    await writeFile(file, text, { mode: 0o600 });
    await rename(file, path);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
