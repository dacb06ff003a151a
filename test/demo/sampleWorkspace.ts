import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../setup/command.ts';
import { testFolder } from '../setup/paths.ts';

/** A fresh copy of the sample, as a repository with one commit, so that a person can edit and break it. */
export async function copySampleWorkspace(): Promise<string> {
  const folder = join(testFolder, 'parcel-tracker');
  await rm(folder, { recursive: true, force: true });
  await cp(join(import.meta.dirname, 'workspace'), folder, { recursive: true });
  const author = ['-c', 'user.name=Demo', '-c', 'user.email=demo@localhost'];
  for (const args of [
    ['init', '--quiet'],
    ['add', '.'],
    [...author, 'commit', '--quiet', '--message', 'Track parcels'],
  ]) {
    await runCommand('git', args, { cwd: folder });
  }
  return folder;
}
