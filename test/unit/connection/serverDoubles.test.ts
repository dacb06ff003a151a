import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { WebSocket } from 'ws';
import { EdgeServer1 } from '../../fakes/edgeServer1.ts';
import { EdgeServer2 } from '../../fakes/edgeServer2.ts';
import { EnvelopeServer } from '../../fakes/envelopeServer.ts';
import { McpServer } from '../../fakes/mcpServer.ts';
import type { WireDoor } from '../../fakes/wireDoor.ts';

const envelope = await EnvelopeServer.start({ admin: false });
const mcp = await McpServer.start();
const edge1 = await EdgeServer1.start();
const edge2 = await EdgeServer2.start({ chunked: true });
after(async () => {
  for (const { door } of [envelope, mcp, edge1, edge2]) await door.stop();
});

/** Sends the texts in order; gives what came back within 100 ms of quiet, the close code last if there was one. */
async function talk(
  server: { readonly door: WireDoor; readonly key: string },
  ...texts: readonly (string | Uint8Array)[]
) {
  const socket = new WebSocket(server.door.url, { headers: { Authorization: `Bearer ${server.key}` } });
  const heard: string[] = [];
  socket.on('error', () => {});
  socket.on('message', (data) => heard.push(String(data)));
  await new Promise((resolve) => socket.once('open', resolve));
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  for (const text of texts) socket.send(text);
  const quiet = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100));
  const code = await Promise.race([closed, quiet]);
  socket.terminate();
  return { heard, code };
}

const rpc = (method: string, params: object = {}, id: string | number = 'a') =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const guide = '{"type":"agent.register","agent_id":"a"}';
const initialize = { protocolVersion: '2025-06-18', clientInfo: { name: 'x', version: '1' } };

const hangUps: readonly [string, { door: WireDoor; key: string }, string | Uint8Array, number][] = [
  ['envelope: a numeric id', envelope, '{"id":1,"type":0,"method":"ping"}', 1000],
  ['envelope: a type that is text', envelope, guide, 1000],
  ['envelope: more than a megabyte', envelope, JSON.stringify({ id: 'x'.repeat(1024 * 1024) }), 1009],
  ['mcp: a frame without the literal version', mcp, guide, 1000],
  ['mcp: a binary frame', mcp, new Uint8Array([1]), 1000],
  ['edge 1: no JSON', edge1, '{', 1007],
  ['edge 2: no JSON', edge2, '{', 1007],
  ['edge 2: a batch array', edge2, '[]', 1007],
  ['edge 2: more than 32 KiB', edge2, rpc('ping', { x: 'x'.repeat(32_768) }), 1009],
  ['edge 1: more than 32 KiB', edge1, rpc('ping', { x: 'x'.repeat(32_768) }), 1009],
];
for (const [what, server, text, expected] of hangUps) {
  test(`a double hangs up as the real one does on ${what}`, async () => {
    assert.equal((await talk(server, text)).code, expected);
  });
}

const answers: readonly [string, { door: WireDoor; key: string }, readonly string[], RegExp][] = [
  ['envelope: a JSON-RPC hello passes by accident', envelope, [rpc('initialize')], /^\{"id":"a","type":1,"result":/],
  [
    'envelope: agent.register needs admin',
    envelope,
    ['{"id":"r","type":0,"method":"agent.register"}'],
    /^\{"id":"r","type":3,"error":\{"code":4001/,
  ],
  ['envelope: progress is no request', envelope, ['{"id":"p","type":0,"method":"task.progress"}'], /4004/],
  ['envelope: no notification is taken', envelope, ['{"id":"p","type":7}'], /4003.*invalid message type: 7/],
  ['envelope: ping is a type', envelope, ['{"id":"p","type":4}'], /^\{"id":"p","type":5,"result":\{"pong":true/],
  [
    'mcp: the notification is answered, without id',
    mcp,
    ['{"jsonrpc":"2.0","method":"initialized"}'],
    /^\{"jsonrpc":"2.0","result":\{"status":"ok"\}\}$/,
  ],
  ['edge 1: the guide gets an error without id', edge1, [guide], /^\{"jsonrpc":"2.0","error":\{"code":-32603.*\}\}\n$/],
  ['edge 1: it has no tools', edge1, [rpc('tools/list')], /"tools":\[\]/],
  ['edge 2: the guide gets an error without id', edge2, [guide], /^\{"jsonrpc":"2.0","error":\{"code":-32600/],
  [
    'edge 2: the name of the client is wanted',
    edge2,
    [rpc('initialize', { protocolVersion: '2025-06-18' })],
    /clientInfo\.name/,
  ],
  [
    'edge 2: a single call gives no JSON',
    edge2,
    [rpc('tools/call', { name: 'agent_heartbeat', arguments: { agent_id: 'a1' } })],
    /"text":"map\[message:Heartbeat received for agent a1 status:online success:true\]"/,
  ],
];
for (const [what, server, texts, expected] of answers) {
  test(`a double answers as the real one does: ${what}`, async () => {
    const { heard, code } = await talk(server, ...texts);
    assert.equal(code, undefined);
    assert.match(heard.at(-1) ?? '', expected);
  });
}

test('the second edge double sends a long list in pieces that make one response', async () => {
  const { heard } = await talk(edge2, rpc('initialize', initialize), rpc('tools/list', {}, 'l'));
  const frames = heard.map((text) => JSON.parse(text));
  const chunks = frames.filter((frame) => frame.method === '$/contentChunk');
  const whole = JSON.parse(chunks.map((chunk) => chunk.params.data).join(''));
  assert.equal(whole.result.tools.length, edge2.tools.names.length);
  assert.deepEqual(frames.at(-1), { jsonrpc: '2.0', id: 'l', result: { streamed: true, chunks_complete: true } });
  assert.ok(heard.every((text) => text.endsWith('\n')));
});

test('the second edge double keeps the line open after a shutdown and knows the session no more', async () => {
  const { heard, code } = await talk(edge2, rpc('shutdown'), rpc('ping', {}, 'p'));
  assert.equal(code, undefined);
  assert.match(heard[1] ?? '', /Session not found/);
});

test('the second edge double counts requests and refuses with 429 as an RPC error', async () => {
  const strict = await EdgeServer2.start({ quota: 1 });
  try {
    const { heard } = await talk(strict, rpc('initialize', initialize), rpc('tools/list'), rpc('tools/list'));
    assert.match(heard[2] ?? '', /"code":429.*"limit_type":"quota".*"retry_after":3600/);
  } finally {
    await strict.door.stop();
  }
});

test('a wrong key is answered with 401 before any WebSocket', async () => {
  for (const { door } of [envelope, mcp, edge1, edge2]) {
    const socket = new WebSocket(door.url, { headers: { Authorization: 'Bearer wrong' } });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('error', () => {});
    });
    socket.terminate();
    assert.equal(status, 401);
  }
});
