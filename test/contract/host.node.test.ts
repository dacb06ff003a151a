import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNodeHost } from '../../src/headless/nodeHost.ts';
import { Repository } from '../fakes/repository.ts';
import { hostContract, hostProject, type OpenedHost } from './host.ts';

const key = { origin: 'wss://mesh.example.com:8443', value: 'a-key-of-the-contract-suite' };

function opened(folder: string, close: () => void): OpenedHost {
  const storage = realpathSync(mkdtempSync(join(tmpdir(), 'node-host-')));
  const host = createNodeHost({
    folders: [{ name: 'project', path: folder }],
    storage: join(storage, 'made', 'when absent'),
    key: key.value,
    keyOrigin: key.origin,
    log: () => {},
    description: 'developer-mesh-agent 0.1.0',
  });
  return {
    host,
    folder,
    key,
    close: async () => {
      close();
      rmSync(storage, { recursive: true, force: true });
    },
  };
}

hostContract(
  test,
  'plain Node',
  async () => {
    const repository = new Repository();
    for (const [path, text] of Object.entries(hostProject.committed)) repository.write(path, text);
    repository.commitAll();
    repository.remove('src/gone.ts');
    for (const [path, text] of Object.entries(hostProject.present)) repository.write(path, text);
    return opened(repository.path, () => repository.dispose());
  },
  async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'no-repository-')));
    return opened(folder, () => rmSync(folder, { recursive: true, force: true }));
  },
);
