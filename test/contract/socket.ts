import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { OpenSocket, Socket, SocketEnd, SocketTarget } from '../../src/agent/connection/socket.ts';

/** The other end of the socket under test. */
export interface SocketPeer {
  readonly received: readonly string[];
  send(text: string): void;
  sendBinary(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
  cut(): void;
  /** Neither reads nor says anything any more, and keeps the line open. */
  freeze(): void;
  answersPings(answers: boolean): void;
}

/** What one implementation needs to be tried: a way to open, the other ends, and a way to let time pass. */
export interface SocketWorld {
  readonly open: OpenSocket;
  readonly target: SocketTarget;
  /** The peers of the connections so far. */
  readonly peers: readonly SocketPeer[];
  refuseNext(status: number, retryAfterSeconds: number): void;
  ignoreNext(): void;
  /** Nobody listens where this target points. */
  readonly nowhere: SocketTarget;
  /** Lets things happen until it is true; fails after a few seconds. */
  until(isTrue: () => boolean): Promise<void>;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

class Recorder {
  readonly log: string[] = [];
  readonly messages: string[] = [];
  readonly ends: SocketEnd[] = [];
  onOpen = () => void this.log.push('open');
  onMessage = (text: string) => {
    this.log.push('message');
    this.messages.push(text);
  };
  onBinary = (bytes: number) => void this.log.push(`binary ${bytes}`);
  onPong = (mark: string) => void this.log.push(`pong ${mark}`);
  onClose = (end: SocketEnd) => {
    this.log.push('close');
    this.ends.push(end);
  };
}

/** What every Socket owes its owner. */
export function socketContract(name: string, makeWorld: () => Promise<SocketWorld>): void {
  describe(`socket contract: ${name}`, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await makeWorld();
    });
    afterEach(() => world.dispose());

    async function opened(): Promise<{ socket: Socket; peer: SocketPeer; heard: Recorder }> {
      const heard = new Recorder();
      const socket = world.open(world.target, heard);
      await world.until(() => heard.log.includes('open') && world.peers.length > 0);
      const peer = world.peers.at(-1);
      assert.ok(peer);
      return { socket, peer, heard };
    }
    async function ended(heard: Recorder): Promise<SocketEnd> {
      await world.until(() => heard.ends.length > 0);
      await world.pass(50);
      assert.equal(heard.ends.length, 1, 'the end is told exactly once');
      assert.equal(heard.log.at(-1), 'close', 'nothing follows the end');
      const [end] = heard.ends;
      assert.ok(end);
      return end;
    }

    test('nothing is told before the call has returned', async () => {
      const heard = new Recorder();
      world.open(world.target, heard);
      assert.deepEqual(heard.log, []);
      await world.until(() => heard.log[0] === 'open');
    });

    test('texts arrive whole and in order, in both directions', async () => {
      const { socket, peer, heard } = await opened();
      const texts = ['a', 'ü€😀', '{"x":1}', 'y'.repeat(70_000)];
      for (const text of texts) socket.send(text);
      for (const text of texts) peer.send(text);
      await world.until(() => peer.received.length === 4 && heard.messages.length === 4);
      assert.deepEqual(peer.received, texts);
      assert.deepEqual(heard.messages, texts);
    });

    test('a pong carries the mark of its ping and comes after the messages sent before it were read', async () => {
      const { socket, peer, heard } = await opened();
      socket.send('before');
      socket.ping('17');
      await world.until(() => heard.log.includes('pong 17'));
      assert.deepEqual(peer.received, ['before']);
    });

    test('a peer that answers no ping is not noticed by the socket itself', async () => {
      const { socket, peer, heard } = await opened();
      peer.answersPings(false);
      socket.ping('1');
      await world.pass(100);
      assert.deepEqual(heard.log, ['open']);
    });

    test('a close of ours ends with 1000', async () => {
      const { socket, heard } = await opened();
      socket.close();
      socket.close();
      assert.deepEqual(await ended(heard), { kind: 'closed', code: 1000, reason: '' });
    });

    test('a close of ours is over after a second even when the peer does not answer', async () => {
      const { socket, peer, heard } = await opened();
      peer.freeze();
      socket.close();
      await world.pass(1200);
      assert.deepEqual(await ended(heard), { kind: 'closed', code: 1006, reason: '' });
    });

    test('after a close of ours nothing is sent and nothing is heard', async () => {
      const { socket, peer, heard } = await opened();
      socket.close();
      socket.send('late');
      socket.ping('1');
      peer.send('late');
      await ended(heard);
      assert.deepEqual(peer.received, []);
      assert.deepEqual(heard.log, ['open', 'close']);
    });

    test('terminating ends it at once with 1006', async () => {
      const { socket, peer, heard } = await opened();
      peer.freeze();
      socket.terminate();
      socket.terminate();
      assert.deepEqual(await ended(heard), { kind: 'closed', code: 1006, reason: '' });
    });

    test('terminating while it connects ends it without opening', async () => {
      const heard = new Recorder();
      world.open(world.target, heard).terminate();
      await ended(heard);
      assert.deepEqual(heard.log, ['close']);
    });

    test('closing while it connects ends it without opening', async () => {
      const heard = new Recorder();
      world.open(world.target, heard).close();
      await ended(heard);
      assert.deepEqual(heard.log, ['close']);
    });

    test('the code and the reason of the server are told', async () => {
      const { peer, heard } = await opened();
      peer.close(4001, 'key revoked');
      assert.deepEqual(await ended(heard), { kind: 'closed', code: 4001, reason: 'key revoked' });
    });

    test('a line that breaks is a close with 1006', async () => {
      const { peer, heard } = await opened();
      peer.cut();
      assert.deepEqual(await ended(heard), { kind: 'closed', code: 1006, reason: '' });
    });

    test('a binary frame that holds JSON is read like text', async () => {
      const { peer, heard } = await opened();
      for (const text of ['{"type":"ü"}', ' \n[1]']) peer.sendBinary(Buffer.from(text));
      await world.until(() => heard.messages.length === 2);
      assert.deepEqual(heard.messages, ['{"type":"ü"}', ' \n[1]']);
    });

    test('any other binary frame is thrown away, and the connection lives', async () => {
      const { socket, peer, heard } = await opened();
      // "MCPW", version 1, and a header that claims 4 GB of payload.
      const header = Buffer.from('4d43505701000000000000000000000100010000ffffffff', 'hex');
      const others = [header, Buffer.from([1, 2, 3]), Buffer.from('{"a":"\xff"}', 'latin1'), Buffer.alloc(0)];
      for (const bytes of others) peer.sendBinary(bytes);
      peer.send('after');
      socket.send('still here');
      await world.until(() => heard.messages.length === 1 && peer.received.length === 1);
      assert.deepEqual(heard.log, ['open', 'binary 24', 'binary 3', 'binary 9', 'binary 0', 'message']);
      assert.deepEqual(heard.messages, ['after']);
    });

    test('a message over the limit ends the connection and is not told', async () => {
      const { peer, heard } = await opened();
      peer.send('x'.repeat(world.target.maxIncomingBytes + 1));
      const end = await ended(heard);
      assert.equal(end.kind === 'error' && end.code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
      assert.deepEqual(heard.messages, []);
    });

    test('a refused upgrade tells its status and how long to wait', async () => {
      world.refuseNext(503, 7);
      const heard = new Recorder();
      world.open(world.target, heard);
      assert.deepEqual(await ended(heard), { kind: 'upgradeRefused', status: 503, retryAfterMs: 7000 });
    });

    test('a server that never answers is given up at the deadline', async () => {
      world.ignoreNext();
      const heard = new Recorder();
      const target = { ...world.target, connectTimeoutMs: 80 };
      world.open(target, heard);
      await world.pass(90);
      assert.deepEqual(await ended(heard), { kind: 'connectTimeout', ms: 80 });
    });

    test('where nobody listens the error has the code of the system', async () => {
      const heard = new Recorder();
      world.open(world.nowhere, heard);
      const end = await ended(heard);
      assert.equal(end.kind === 'error' && end.code, 'ECONNREFUSED');
    });

    test('nothing it is asked for after the end throws', async () => {
      const { socket, peer, heard } = await opened();
      peer.cut();
      await ended(heard);
      socket.send('x');
      socket.ping('x');
      socket.close();
      socket.terminate();
      assert.equal(socket.bufferedBytes, 0);
    });
  });
}
