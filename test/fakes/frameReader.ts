/** A piece of a stream: some bytes as they came, and the text of the message that ends with them. */
export interface Segment {
  readonly bytes: Buffer;
  readonly text?: string;
}

/** Frames above this are passed on as they come, unread. */
const largestRead = 8 * 1024 * 1024;
const headEnd = Buffer.from('\r\n\r\n');
const opcodeText = 1;
const opcodeContinuation = 0;

/**
 * Cuts one direction of a WebSocket connection into its HTTP head and its frames, so that whoever stands in between can
 * act between two of them. What is no WebSocket stream comes out as it went in.
 */
export class FrameReader {
  #mode: 'head' | 'frames' | 'opaque' = 'head';
  #rest: Buffer = Buffer.alloc(0);
  #message = '';

  push(chunk: Buffer): Segment[] {
    if (this.#mode === 'opaque') return [{ bytes: chunk }];
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const segments: Segment[] = [];
    const [first = 0] = this.#rest;
    // No method of HTTP, and no answer in it, begins with anything but a capital letter.
    if (this.#mode === 'head' && (first < 0x41 || first > 0x5a)) this.#mode = 'opaque';
    if (this.#mode === 'head') {
      const end = this.#rest.indexOf(headEnd);
      if (end < 0) return [];
      segments.push(this.#take(end + headEnd.length));
      const head = String(segments[0]?.bytes);
      this.#mode = head.startsWith('HTTP/1.1 101') || head.startsWith('GET ') ? 'frames' : 'opaque';
    }
    while (this.#mode === 'frames') {
      const frame = this.#frame();
      if (!frame) break;
      segments.push(frame);
    }
    if (this.#mode === 'opaque' && this.#rest.length > 0) segments.push(this.#take(this.#rest.length));
    return segments;
  }

  #take(length: number): Segment {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return { bytes };
  }

  #frame(): Segment | undefined {
    const bytes = this.#rest;
    const [first, second] = bytes;
    if (first === undefined || second === undefined) return undefined;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskBytes = second & 0x80 ? 4 : 0;
    const header = 2 + lengthBytes + maskBytes;
    if (bytes.length < header) return undefined;
    const length =
      lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
    if (length > largestRead) {
      this.#mode = 'opaque';
      return undefined;
    }
    if (bytes.length < header + length) return undefined;
    const body = Buffer.from(bytes.subarray(header, header + length));
    const mask = bytes.subarray(header - maskBytes, header);
    if (maskBytes > 0) for (let at = 0; at < length; at++) body[at] = (body[at] ?? 0) ^ (mask[at & 3] ?? 0);
    const opcode = first & 0x0f;
    const frame = this.#take(header + length);
    if (opcode !== opcodeText && opcode !== opcodeContinuation) return frame;
    this.#message += body.toString('utf8');
    if (!(first & 0x80)) return frame;
    const text = this.#message;
    this.#message = '';
    return { ...frame, text };
  }
}
