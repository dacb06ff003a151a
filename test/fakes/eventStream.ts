import { crc32 } from 'node:zlib';

/** Header of a frame by name; all values are strings, as Bedrock sends them. */
type FrameHeaders = Readonly<Record<string, string>>;

/** One frame of application/vnd.amazon.eventstream: lengths, checksum of them, headers, payload, checksum of all. */
export function frame(headers: FrameHeaders, payload: string | Uint8Array): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const unsealed = Buffer.concat([prelude, head, body]);
  const seal = Buffer.alloc(4);
  seal.writeUInt32BE(crc32(unsealed), 0);
  return Buffer.concat([unsealed, seal]);
}

export function eventFrame(type: string, payload: unknown): Buffer {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' };
  return frame(headers, JSON.stringify(payload));
}

export function exceptionFrame(type: string, message: string): Buffer {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' };
  return frame(headers, JSON.stringify({ message }));
}

function header(name: string, value: string): Buffer {
  const text = Buffer.from(value);
  const stringType = 7;
  const start = Buffer.from([name.length, ...Buffer.from(name), stringType, text.length >> 8, text.length & 0xff]);
  return Buffer.concat([start, text]);
}
