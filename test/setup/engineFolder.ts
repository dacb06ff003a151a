import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fillEngineFolder } from '../../src/agent/review/static/engineFolder.ts';

export const repository = join(import.meta.dirname, '..', '..');
export const ruleFolder = join(repository, 'src', 'agent', 'review', 'static', 'rules');

let made: Promise<string> | undefined;
after(async () => {
  if (made) await rm(await made, { recursive: true, force: true });
});

/** An engine folder as the build makes it; one for a test file, removed at its end. */
export function engineFolder(): Promise<string> {
  made ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), 'engine-'));
    await fillEngineFolder(repository, folder);
    return folder;
  })();
  return made;
}
