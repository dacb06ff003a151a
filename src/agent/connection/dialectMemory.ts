import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Log } from '../host.ts';
import type { DialectMemory, DialectName } from './dialects/detect.ts';

const file = 'dialects.json';
const mostServers = 100;
const names = z.record(z.string().check(z.maxLength(2048)), z.enum(['mesh', 'envelope', 'mcp']));

/**
 * What a server was found to speak, in one small file of the storage folder, so that a restart does not ask again.
 * A file that cannot be read or written costs one question more, and nothing else.
 */
export async function openDialectMemory(folder: string, url: string, log: Log): Promise<DialectMemory> {
  const path = join(folder, file);
  const { origin, pathname } = new URL(url);
  const server = `${origin}${pathname}`;
  let known: DialectName | undefined = (await readAll(path))[server];
  let writing = Promise.resolve();

  const change = (name: DialectName | undefined) => {
    if (known === name) return;
    known = name;
    writing = writing
      .then(async () => {
        const { [server]: _, ...others } = await readAll(path);
        const entries = Object.entries(others).slice(-(mostServers - 1));
        if (name) entries.push([server, name]);
        await writeFile(path, JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
      })
      .catch((error: unknown) => log('debug', 'the dialect of a server was not kept', { error: String(error) }));
  };
  return { recall: () => known, remember: change, forget: () => change(undefined) };
}

async function readAll(path: string): Promise<Readonly<Record<string, DialectName>>> {
  try {
    const parsed = names.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : {};
  } catch {
    // Not there yet, or not ours any more: then nothing is known.
    return {};
  }
}
