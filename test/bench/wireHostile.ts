import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';

/*
 * A server that answers the upgrade and then sends what should cost an agent memory: which, is the path it is asked for.
 * In a process of its own, whose memory is not the agent's. It says its port once, as a message.
 */
const accept = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const megabyte = Buffer.alloc(1024 * 1024, 'x');
const declared = (bytes: number) => {
  const head = Buffer.alloc(10);
  head[0] = 0x81;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(bytes), 2);
  return head;
};

/** Writes for as long as the other side takes it. */
function flood(socket: Socket, piece: Buffer, times: number): void {
  let left = times;
  const more = () => {
    while (left-- > 0) if (!socket.write(piece)) return;
  };
  socket.on('drain', more);
  more();
}

function attack(socket: Socket, path: string): void {
  switch (path) {
    case '/declared':
      socket.write(declared(100 * 1024 * 1024));
      flood(socket, megabyte, 100);
      break;
    case '/endless':
      socket.write(declared(2 ** 53));
      flood(socket, megabyte, 100);
      break;
    case '/fragments':
      socket.write(Buffer.from([0x01, 0x01, 0x78]));
      flood(socket, Buffer.concat(Array.from({ length: 1000 }, () => Buffer.from([0x00, 0x01, 0x78]))), 1000);
      break;
    case '/bomb': {
      // Compressed, which was never agreed on.
      const body = deflateRawSync(Buffer.alloc(64 * 1024 * 1024));
      const head = declared(body.length);
      head[0] = 0xc1;
      socket.write(Buffer.concat([head, body]));
      break;
    }
    case '/pings':
      flood(socket, Buffer.concat(Array.from({ length: 1000 }, () => Buffer.from([0x89, 0x01, 0x78]))), 50);
      break;
    case '/messages': {
      const text = Buffer.from('{"type":"nothing.we.know","payload":{"a":[1,2,3]}}');
      const frame = Buffer.concat([Buffer.from([0x81, text.length]), text]);
      flood(socket, Buffer.concat(Array.from({ length: 1000 }, () => frame)), 200);
    }
  }
}

const server = createServer((socket) => {
  let request = '';
  let upgraded = false;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (upgraded) return;
    request += String(chunk);
    if (!request.includes('\r\n\r\n')) return;
    upgraded = true;
    const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? '';
    const hash = createHash('sha1').update(`${key}${accept}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${hash}\r\n\r\n`,
    );
    attack(socket, /^GET (\S+)/.exec(request)?.[1] ?? '');
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit(0));
