import type { SocketTarget } from '../../src/agent/connection/socket.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { MemoryNetwork, type MemoryPeer } from '../fakes/memorySocket.ts';
import { type SocketPeer, type SocketWorld, socketContract } from './socket.ts';

const target: SocketTarget = { url: 'ws://memory/ws', headers: {}, connectTimeoutMs: 5000, maxIncomingBytes: 100_000 };

socketContract('memory', async () => {
  const clock = new FakeClock();
  const network = new MemoryNetwork(clock);
  const nowhere = { ...target, url: 'ws://nowhere/ws' };
  const world: SocketWorld = {
    open: (wanted, events) => {
      const refused = { kind: 'error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' } as const;
      if (wanted === nowhere) network.reception = refused;
      return network.open(wanted, events);
    },
    target,
    get peers() {
      return network.peers.map(peerOf);
    },
    refuseNext: (status, seconds) => {
      network.reception = { kind: 'upgradeRefused', status, retryAfterMs: seconds * 1000 };
    },
    ignoreNext: () => {
      network.reception = 'never answer';
    },
    nowhere,
    until: async (isTrue) => {
      for (let step = 0; step < 1000 && !isTrue(); step++) await clock.advance(10);
      if (!isTrue()) throw new Error('it did not happen');
    },
    pass: (ms) => clock.advance(ms),
    dispose: async () => {},
  };
  return world;
});

function peerOf(peer: MemoryPeer): SocketPeer {
  return {
    received: peer.received,
    send: (text) => peer.send(text),
    sendBinary: (bytes) => peer.sendBinary(bytes),
    close: (code, reason) => peer.close(code, reason),
    cut: () => peer.cut(),
    freeze: () => {
      peer.silent = true;
    },
    answersPings: (answers) => {
      peer.answersPings = answers;
    },
  };
}
