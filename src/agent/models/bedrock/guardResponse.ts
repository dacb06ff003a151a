import { Readable } from 'node:stream';

/** Largest frame, largest answer and largest error body that are taken from the network, in bytes. */
const limits = { frame: 4 * 1024 * 1024, answer: 64 * 1024 * 1024, errorBody: 256 * 1024 };

/** Something between here and AWS answered, e.g. a proxy with its own page. */
export class NotBedrock extends Error {
  override readonly name = 'NotBedrock';
  readonly status: number;

  constructor(status: number, contentType: string) {
    super(`HTTP ${status} with ${contentType || 'no content type'}`);
    this.status = status;
  }
}

export class OversizedAnswer extends Error {
  override readonly name = 'OversizedAnswer';
}

/** The part of the SDK's HTTP response that is looked at here. */
export interface RawResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `socket`: what it came over, as Node says it. */
  body: AsyncIterable<Uint8Array> & { destroy?(): void; readonly socket?: object };
}

/**
 * Bounds what the SDK will read into memory, by replacing the body, and throws `NotBedrock` for an answer that no
 * AWS service gives: the SDK would parse it as JSON and report a syntax error.
 */
export function guardResponse(response: RawResponse, expected: 'stream' | 'whole' = 'stream'): void {
  const contentType = response.headers['content-type'] ?? '';
  const good = response.statusCode === 200;
  if (good && expected === 'whole' && /^application\/json/.test(contentType)) {
    response.body = Readable.from(boundBytes(response.body, limits.frame), { objectMode: false });
    return;
  }
  if (good && contentType.startsWith('application/vnd.amazon.eventstream')) {
    response.body = boundFrames(response.body);
    return;
  }
  const fromService =
    response.headers['x-amzn-errortype'] !== undefined || /^application\/(x-amz-)?json/.test(contentType);
  if (good || !fromService) {
    response.body.destroy?.();
    throw new NotBedrock(response.statusCode, contentType.slice(0, 60));
  }
  // The SDK collects what does not stream as a Node stream.
  response.body = Readable.from(boundBytes(response.body, limits.errorBody), { objectMode: false });
}

async function* boundBytes(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > limit) throw new OversizedAnswer(`more than ${limit} bytes`);
    yield chunk;
  }
}

/** Each frame begins with its length; the SDK would set aside as much memory as it claims, up to 4 GiB. */
async function* boundFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let length = 0;
  let lengthBytes = 0;
  let left = 0;
  for await (const chunk of boundBytes(source, limits.answer)) {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const step = Math.min(left, chunk.length - at);
        left -= step;
        at += step;
        continue;
      }
      length = length * 256 + (chunk[at] ?? 0);
      at += 1;
      lengthBytes += 1;
      if (lengthBytes < 4) continue;
      if (length < 16 || length > limits.frame) throw new OversizedAnswer(`a frame of ${length} bytes`);
      left = length - 4;
      length = 0;
      lengthBytes = 0;
    }
    yield chunk;
  }
}
