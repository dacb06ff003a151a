import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Log } from '../host.ts';
import type { DialectMemory } from './dialects/detect.ts';
import { openServerMemory, type ServerMemory } from './serverMemory.ts';

/** What a server was found to speak, so that a restart does not ask again. */
export function openDialectMemory(folder: string, url: string, log: Log): Promise<DialectMemory> {
  return openServerMemory(join(folder, 'dialects.json'), url, { word: z.enum(['mesh', 'envelope', 'mcp']), log });
}

/** What a server calls the agent that `folder` belongs to. */
export function openNameMemory(folder: string, url: string, log: Log): Promise<ServerMemory<string>> {
  const word = z.string().check(z.regex(/^[\x21-\x7e]{1,255}$/));
  return openServerMemory(join(folder, 'assigned-ids.json'), url, { word, log });
}
