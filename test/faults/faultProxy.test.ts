import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { FaultProxy, type Flow } from '../fakes/faultProxy.ts';

/** The proxy that the fault suite trusts: each thing it can be told to do is seen from both ends. */

let server: Server;
let sockets: WebSocketServer;
let proxy: FaultProxy;
let heard: string[];
let atServer: Socket | undefined;
const clients: Socket[] = [];

const portOf = (listening: Server) => (listening.address() as AddressInfo).port;

beforeEach(async () => {
  heard = [];
  server = createServer((socket) => {
    atServer = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => heard.push(String(data)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start(() => portOf(server));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  sockets?.close();
  await proxy.stop();
  await new Promise((resolve) => server.close(resolve));
});

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(what);
}

/** A client whose head has gone through, so that what follows is passed on as it comes. */
async function client(): Promise<{ socket: Socket; got: Buffer[]; ends: string[] }> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  clients.push(socket);
  const got: Buffer[] = [];
  const ends: string[] = [];
  socket.on('data', (data) => got.push(data));
  socket.on('end', () => ends.push('end'));
  socket.on('error', (error) => ends.push('code' in error ? String(error.code) : 'error'));
  socket.write('POST / HTTP/1.1\r\n\r\n');
  await until(() => heard.join('') === 'POST / HTTP/1.1\r\n\r\n', 'the head did not arrive');
  atServer?.write('HTTP/1.1 200 OK\r\n\r\n');
  await until(() => got.length === 1, 'no answer arrived');
  heard.length = 0;
  got.length = 0;
  return { socket, got, ends };
}

test('a reset is a reset at both ends, and an end is an end without an error', async () => {
  const first = await client();
  proxy.cut('reset');
  await until(() => first.ends.includes('ECONNRESET'), 'the client saw no reset');
  heard.length = 0;
  const second = await client();
  proxy.cut('end');
  await until(() => second.ends[0] === 'end', 'the client saw no end');
});

const flows: readonly (readonly [Flow, string])[] = [
  [{ kind: 'delay', ms: 30 }, 'late'],
  [{ kind: 'trickle', bytesPerSecond: 1000 }, 'slowly'],
  [{ kind: 'split' }, 'byte by byte'],
  [{ kind: 'coalesce', ms: 30 }, 'in one piece'],
];
for (const [flow, how] of flows) {
  test(`what is sent arrives ${how} and whole, in both directions`, async () => {
    const { socket, got } = await client();
    proxy.flow('both', flow);
    const began = performance.now();
    for (const part of ['one ', 'two ', 'three']) socket.write(part);
    atServer?.write('an answer of thirty characters');
    const answer = () => String(Buffer.concat(got));
    await until(() => heard.join('') === 'one two three' && answer().length === 30, `${heard.join('')} ${answer()}`);
    if (flow.kind === 'trickle') assert.ok(performance.now() - began >= 15);
    if (flow.kind === 'delay') assert.ok(performance.now() - began >= 29);
    if (flow.kind === 'coalesce') assert.equal(heard.length, 1);
  });
}

test('what is held arrives later, what falls into the black hole never does, and the other direction knows nothing of it', async () => {
  const { socket, got } = await client();
  proxy.flow('up', { kind: 'hold' });
  socket.write('held ');
  atServer?.write('down');
  await until(() => got.length === 1, 'the other direction was held as well');
  assert.deepEqual(heard, []);
  proxy.flow('up', { kind: 'pass' });
  await until(() => heard.join('') === 'held ', 'what was held is lost');
  proxy.flow('up', { kind: 'blackHole' });
  socket.write('lost ');
  await new Promise((resolve) => setTimeout(resolve, 30));
  proxy.flow('up', { kind: 'pass' });
  socket.write('found');
  await until(() => heard.join('') === 'held found', heard.join(''));
});

test('a peer that does not read closes the window of the one that writes', async () => {
  const { socket } = await client();
  proxy.flow('up', { kind: 'stopReading' });
  const wrote = socket.write(Buffer.alloc(20_000_000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(wrote, false);
  assert.ok(socket.writableLength > 0);
});

test('while nobody listens connections are refused, and live ones stay', async () => {
  const { socket } = await client();
  await proxy.refuse();
  const refused = connect(proxy.port, '127.0.0.1');
  clients.push(refused);
  const code = await new Promise((resolve) => refused.on('error', (error) => resolve('code' in error && error.code)));
  assert.equal(code, 'ECONNREFUSED');
  socket.write('still here');
  await until(() => heard.join('') === 'still here', 'the live connection is gone');
  await proxy.listen();
  heard.length = 0;
  await client();
});

for (const moment of ['before', 'after'] as const) {
  test(`a rule sees a masked message as text, and acts ${moment} it has been passed on`, async () => {
    await new Promise((resolve) => server.close(resolve));
    sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => sockets.once('listening', resolve));
    const said: string[] = [];
    sockets.on('connection', (socket) => {
      socket.on('error', () => socket.terminate());
      socket.on('message', (data) => {
        said.push(String(data));
        socket.send('"thanks"');
      });
    });
    const { port } = sockets.address() as AddressInfo;
    const there = await FaultProxy.start(() => port);
    there.when({
      direction: 'up',
      moment,
      matches: (text) => text.includes('the result'),
      act: (connection) => connection.flow('up', { kind: 'hold' }),
    });
    const socket = new WebSocket(there.url);
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send('something else');
    socket.send(`${'long '.repeat(20_000)}the result`);
    socket.send('what follows');
    await until(() => said.length >= (moment === 'before' ? 1 : 2), 'nothing arrived');
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(said.length, moment === 'before' ? 1 : 2);
    there.flow('up', { kind: 'pass' });
    await until(() => said.length === 3, 'the rest never came');
    socket.terminate();
    await there.stop();
  });
}
