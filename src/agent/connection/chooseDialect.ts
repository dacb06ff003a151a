import type { Log } from '../host.ts';
import type { Settings } from '../settings.ts';
import { detecting } from './dialects/detect.ts';
import type { Dialect } from './dialects/dialect.ts';
import { envelope } from './dialects/envelope.ts';
import { createMcp } from './dialects/mcp.ts';
import { mesh } from './dialects/mesh.ts';
import { openDialectMemory } from './memories.ts';

/** The one that the person chose, or one that finds out and remembers it in `folder`. New for each server. */
export async function chooseDialect(
  chosen: Settings['server']['dialect'],
  { url, folder, log }: { readonly url: string; readonly folder: string; readonly log: Log },
): Promise<Dialect> {
  switch (chosen) {
    case 'mesh':
      return mesh;
    case 'envelope':
      return envelope;
    case 'mcp':
      return createMcp();
    case 'auto':
      return detecting({ mesh, envelope, mcp: createMcp() }, await openDialectMemory(folder, url, log));
  }
}

/** What an orchestrator sees of us where the id is all there is. `agentId` is a UUID. */
export function readableId(chosen: string, machineName: string, agentId: string): string {
  if (chosen !== '') return chosen;
  const machine = machineName
    .toLowerCase()
    .replace(/\..*$/, '')
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return `ide-${machine || 'computer'}-${agentId.replaceAll('-', '').slice(0, 8)}`;
}
