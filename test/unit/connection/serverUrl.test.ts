import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerUrl } from '../../../src/agent/connection/serverUrl.ts';

const accepted: readonly [typed: string, url: string, origin: string, host: string][] = [
  ['wss://mesh.example.com/ws', 'wss://mesh.example.com/ws', 'wss://mesh.example.com:443', 'mesh.example.com'],
  ['wss://mesh.example.com', 'wss://mesh.example.com/ws', 'wss://mesh.example.com:443', 'mesh.example.com'],
  ['wss://mesh.example.com/', 'wss://mesh.example.com/ws', 'wss://mesh.example.com:443', 'mesh.example.com'],
  [
    'wss://mesh.example.com/v1/agents',
    'wss://mesh.example.com/v1/agents',
    'wss://mesh.example.com:443',
    'mesh.example.com',
  ],
  [
    'wss://mesh.example.com/?team=a',
    'wss://mesh.example.com/ws?team=a',
    'wss://mesh.example.com:443',
    'mesh.example.com',
  ],
  ['  WSS://Mesh.Example.COM:443/ws ', 'wss://mesh.example.com/ws', 'wss://mesh.example.com:443', 'mesh.example.com'],
  [
    'https://mesh.example.com:8443',
    'wss://mesh.example.com:8443/ws',
    'wss://mesh.example.com:8443',
    'mesh.example.com:8443',
  ],
  ['http://localhost:8080', 'ws://localhost:8080/ws', 'ws://localhost:8080', 'localhost:8080'],
  ['ws://localhost', 'ws://localhost/ws', 'ws://localhost:80', 'localhost'],
  ['ws://127.0.0.1:9/x', 'ws://127.0.0.1:9/x', 'ws://127.0.0.1:9', '127.0.0.1:9'],
  ['ws://127.8.9.1', 'ws://127.8.9.1/ws', 'ws://127.8.9.1:80', '127.8.9.1'],
  ['ws://[::1]:8080', 'ws://[::1]:8080/ws', 'ws://[::1]:8080', '[::1]:8080'],
  ['ws://[0:0:0:0:0:0:0:1]', 'ws://[::1]/ws', 'ws://[::1]:80', '[::1]'],
  // Spelled oddly, and still this computer: the connection goes where the check looked.
  ['ws://2130706433', 'ws://127.0.0.1/ws', 'ws://127.0.0.1:80', '127.0.0.1'],
  ['ws://0x7f.1', 'ws://127.0.0.1/ws', 'ws://127.0.0.1:80', '127.0.0.1'],
  ['wss://exämple.org', 'wss://xn--exmple-cua.org/ws', 'wss://xn--exmple-cua.org:443', 'xn--exmple-cua.org'],
];
for (const [typed, url, origin, host] of accepted) {
  test(`${typed} is dialled as ${url}`, () => {
    assert.deepEqual(parseServerUrl(typed), { ok: true, value: { url, origin, host } });
  });
}

const refused: readonly [typed: string, reason: RegExp][] = [
  ['', /empty/],
  ['   ', /empty/],
  ['mesh.example.com', /look like/],
  ['wss:mesh.example.com', /look like/],
  ['wss:///mesh.example.com', /look like/],
  ['wss://', /look like/],
  ['wss://exa mple.org', /space/],
  ['wss://mesh.example.com\\@evil.com', /backslash/],
  ['wss://mesh.example.com/\u0007', /control/],
  ['wss://mesh\n.example.com', /control|space/],
  ['ftp://mesh.example.com', /begin with wss/],
  ['file://localhost/etc/passwd', /begin with wss/],
  ['wss://mesh.example.com:99999', /not a URL/],
  ['wss://[::1', /not a URL/],
  ['wss://mesh.example.com:0', /port 0/],
  ['wss://user@mesh.example.com', /user name/],
  ['wss://user:secret@mesh.example.com', /user name/],
  ['wss://@mesh.example.com', /user name/],
  ['wss://127.0.0.1@evil.com', /user name/],
  ['ws://localhost:80@evil.com', /user name/],
  ['wss://mesh.example.com/#x', /fragment/],
  ['wss://mesh.example.com/#', /fragment/],
  ['ws://mesh.example.com', /encryption/],
  ['http://mesh.example.com', /encryption/],
  ['ws://127.0.0.1.evil.com', /encryption/],
  ['ws://localhost.evil.com', /encryption/],
  ['ws://localhost%2eevil.com', /encryption/],
  ['ws://localhost.', /encryption/],
  ['ws://evil.com/127.0.0.1', /encryption/],
  ['ws://evil.com?localhost', /encryption/],
  ['ws://0.0.0.0', /encryption/],
  ['ws://128.0.0.1', /encryption/],
  ['ws://10.0.0.1', /encryption/],
  ['ws://2130706432.evil.com', /encryption/],
  ['ws://3232235777', /encryption/],
  ['ws://[::]', /encryption/],
  ['ws://[::ffff:127.0.0.1]', /encryption/],
  ['ws://[fe80::1]', /encryption/],
  ['ws://lоcalhost', /encryption/],
  [`wss://${'a'.repeat(3000)}`, /2048/],
];
for (const [typed, reason] of refused) {
  test(`${JSON.stringify(typed.slice(0, 60))} is refused`, () => {
    const outcome = parseServerUrl(typed);
    assert.equal(outcome.ok, false);
    assert.match(outcome.ok ? '' : outcome.failure.message, reason);
    assert.equal(outcome.ok ? '' : outcome.failure.code, 'bad-server-url');
  });
}
