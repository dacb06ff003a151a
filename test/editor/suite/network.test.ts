import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Metafile } from 'esbuild';
import { setup, suite, teardown, test } from 'mocha';
import * as vscode from 'vscode';
import { parseServerUrl } from '../../../src/agent/connection/serverUrl.ts';
import type { Failure } from '../../../src/agent/failures.ts';
import type { Host } from '../../../src/agent/host.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { systemClock } from '../../../src/agent/shared/clock.ts';
import { createVscodeHost } from '../../../src/editor/vscodeHost.ts';
import { answerText } from '../../fakes/bedrockAnswers.ts';
import { BedrockServer } from '../../fakes/bedrockServer.ts';
import { ConnectProxy } from '../../fakes/connectProxy.ts';
import { MeshServer } from '../../fakes/meshServer.ts';
import { TlsFront } from '../../fakes/tlsFront.ts';

function extensionPath(): string {
  const found = vscode.extensions.getExtension('developer-mesh.developer-mesh-agent');
  assert.ok(found, 'the editor does not know the extension');
  return found.extensionPath;
}

/** The product as built: what the editor does to the modules of Node, it does to these very files. */
async function built<M>(source: string): Promise<M> {
  const meta: Metafile = JSON.parse(await readFile(join(extensionPath(), '.vscode-test', 'meta.json'), 'utf8'));
  const chunk = Object.entries(meta.outputs).find(([, { entryPoint }]) => entryPoint === source)?.[0];
  assert.ok(chunk, `${source} has no chunk of its own`);
  return import(pathToFileURL(join(extensionPath(), chunk)).href);
}
type Session = typeof import('../../../src/agent/serverSession.ts');
type Bedrock = typeof import('../../../src/agent/models/bedrock/bedrockModel.ts');

/** `connected`, or why not. */
type Ending = 'connected' | Failure;

/** The run trusts the authority of the certificates; hosts of `mesh.test` are known to the proxy alone. */
suite('through the editor’s proxies', function () {
  this.timeout(60_000);
  let proxy: ConnectProxy;
  let mesh: MeshServer;
  let bedrock: BedrockServer;
  let front: TlsFront;
  let host: Host;
  const awsNames = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;

  setup(async () => {
    const [cert, key] = ['good.pem', 'good.key.pem'].map((name) =>
      readFileSync(join(extensionPath(), 'test', 'fixtures', 'tls', name), 'utf8'),
    );
    assert.ok(cert && key);
    proxy = await ConnectProxy.start();
    mesh = await MeshServer.start();
    bedrock = await new BedrockServer({ tls: { cert, key } }).start();
    front = await TlsFront.start({ cert, key }, Number(new URL(mesh.url).port));
    const storage = vscode.Uri.file(await mkdtemp(join(tmpdir(), 'network-')));
    const folders = { storageUri: storage, globalStorageUri: storage };
    host = createVscodeHost(folders, {}, { key: async () => undefined }, () => {});
    for (const name of awsNames) process.env[name] = bedrock.environment[name];
    await set('proxy', `http://127.0.0.1:${proxy.port}`);
  });
  teardown(async () => {
    for (const name of ['proxy', 'proxySupport', 'noProxy']) await set(name, undefined);
    for (const name of awsNames) delete process.env[name];
    await Promise.all([front.stop(), mesh.stop(), bedrock.close(), proxy.stop()]);
    await rm(host.storage, { recursive: true });
  });

  async function set(name: string, value: unknown): Promise<void> {
    await vscode.workspace.getConfiguration('http').update(name, value, vscode.ConfigurationTarget.Global);
  }
  const meshTarget = () => `one.mesh.test:${front.port}`;
  const bedrockTarget = () => `bedrock.mesh.test:${new URL(bedrock.url).port}`;
  const asked = () => proxy.connects.map(({ target }) => target);

  async function register(): Promise<Ending> {
    const { tryOnce } = await built<Session>('src/agent/serverSession.ts');
    const server = parseServerUrl(`wss://${meshTarget()}/ws`);
    assert.ok(server.ok);
    const settings = { ...defaultSettings, server: { ...defaultSettings.server, dialect: 'mesh' as const } };
    const tried = await tryOnce(
      {
        host,
        parts: { clock: systemClock, machineName: 'here', version: '0.0.0' },
        server: server.value,
        key: mesh.key,
        settings: () => settings,
        modelWorks: () => true,
      },
      AbortSignal.timeout(30_000),
    );
    return tried.ok ? 'connected' : tried.failure;
  }

  async function callModel(): Promise<Ending> {
    const { openBedrock } = await built<Bedrock>('src/agent/models/bedrock/bedrockModel.ts');
    const opened = await openBedrock(
      {
        region: bedrock.region,
        profile: '',
        endpoint: `https://${bedrockTarget()}`,
        authentication: 'credentials',
      },
      { clock: systemClock, log: () => {}, environment: {}, network: () => host.network() },
    );
    if (!opened.ok) return opened.failure;
    bedrock.queue(answerText('well'));
    const request = { system: 'You review code.', prompt: 'const a = 1;', maxTokens: 100 };
    for await (const event of opened.value.model('a.model').stream(request, AbortSignal.timeout(30_000))) {
      if (event.kind === 'done') return 'connected';
      if (event.kind === 'failed') return event.failure;
    }
    assert.fail('the model said no end');
  }

  const messageOf = (ending: Ending) => (ending === 'connected' ? ending : `${ending.code}: ${ending.message}`);

  for (const support of ['override', 'fallback', 'on']) {
    test(`http.proxySupport ${support}: server and model are reached by one CONNECT each`, async () => {
      await set('proxySupport', support);
      assert.equal(messageOf(await register()), 'connected');
      assert.deepEqual(asked(), [meshTarget()]);
      assert.equal(messageOf(await callModel()), 'connected');
      assert.deepEqual(asked(), [meshTarget(), bedrockTarget()]);
      assert.deepEqual(proxy.passedOn, []);
    });

    test(`http.proxySupport ${support}: a proxy that refuses is told from a server that does`, async () => {
      await set('proxySupport', support);
      proxy.answer = { status: 403 };
      assert.match(messageOf(await register()), /^proxy-refused: The proxy 127\.0\.0\.1:\d+ does .* \(HTTP 403\)/);
      assert.match(messageOf(await callModel()), /^proxy-refused: .*\(HTTP 403\)/);
      assert.deepEqual(asked(), [meshTarget(), bedrockTarget()]);
    });

    test(`http.proxySupport ${support}: a proxy that is not there is named, and its password is not`, async () => {
      await set('proxySupport', support);
      await set('proxy', 'http://me:secret@127.0.0.1:1');
      for (const ending of [await register(), await callModel()]) {
        assert.match(messageOf(ending), /^proxy-unreachable: The proxy 127\.0\.0\.1:1 cannot be reached/);
        assert.doesNotMatch(JSON.stringify(ending), /secret/);
      }
      assert.match(messageOf(await register()), /ECONNREFUSED/);
    });
  }

  test('the user name and password of http.proxy sign in', async () => {
    await proxy.stop();
    proxy = await ConnectProxy.start({ authorization: `Basic ${btoa('me:secret')}` });
    await set('proxy', `http://me:secret@127.0.0.1:${proxy.port}`);
    assert.equal(messageOf(await register()), 'connected');
    assert.equal(messageOf(await callModel()), 'connected');
  });

  test('http.proxySupport off, and a host in http.noProxy, go past the proxy', async () => {
    await set('proxySupport', 'off');
    assert.match(messageOf(await register()), /^unreachable: /);
    await set('proxySupport', 'on');
    await set('noProxy', ['mesh.test']);
    assert.match(messageOf(await register()), /^unreachable: /);
    assert.match(messageOf(await callModel()), /^bedrock-unreachable: /);
    assert.deepEqual(asked(), []);
  });
});
