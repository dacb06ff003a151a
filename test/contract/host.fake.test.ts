import { test } from 'node:test';
import { FakeHost } from '../fakes/fakeHost.ts';
import { hostContract, hostProject, type OpenedHost } from './host.ts';

const key = { origin: 'wss://mesh.example.com:8443', value: 'a-key-of-the-contract-suite' };

function opened(host: FakeHost): OpenedHost {
  return { host, folder: host.pathOf(''), key, close: async () => host.dispose() };
}

hostContract(
  test,
  'the fake',
  async () => {
    const host = new FakeHost({ files: hostProject.present, keys: { [key.origin]: key.value } });
    host.setChanges([
      { path: 'src/changed.ts', kind: 'modified', lines: [{ from: 2, to: 2 }] },
      { path: 'src/gone.ts', kind: 'deleted', lines: [] },
      { path: 'src/new file é.ts', kind: 'untracked', lines: 'whole' },
    ]);
    return opened(host);
  },
  async () => opened(new FakeHost()),
);
