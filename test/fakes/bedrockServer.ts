import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises';
import { type BedrockAnswer, fail, type Step } from './bedrockAnswers.ts';
import { type ConverseBody, readConverseBody } from './converseRequest.ts';
import { verifySignature } from './signatureV4.ts';

export interface BedrockRequest {
  readonly model: string;
  readonly operation: 'converse-stream' | 'converse' | 'count-tokens';
  readonly body: ConverseBody;
  /** All text of system and messages, for handlers that answer from it. */
  readonly prompt: string;
  readonly authentication: 'signature' | 'bearer';
  readonly headers: IncomingMessage['headers'];
  /** `left`: the client closed the connection before the answer was whole. */
  ending: 'open' | 'finished' | 'left';
  /** Frames handed to the network so far. */
  sent: number;
}

export interface BedrockServerOptions {
  readonly region?: string;
  readonly apiKey?: string;
  /** Absent: plain HTTP, as no real service. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/**
 * Amazon Bedrock's ConverseStream, Converse and CountTokens on loopback, over HTTP/1.1, with TLS or without, and with real event stream frames. It checks every
 * request as strictly as the service; what fails a check is answered as the service would and not recorded.
 */
export class BedrockServer {
  readonly region: string;
  readonly apiKey: string;
  readonly accessKeyId = 'AKIAIOSFODNN7EXAMPLE';
  readonly secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  /** Requests that passed every check, in order. */
  readonly requests: BedrockRequest[] = [];
  /** What was refused, one sentence each. */
  readonly refusals: string[] = [];
  /** Session tokens that count as expired. */
  readonly expiredTokens = new Set<string>();
  /** Connections that were ever opened. */
  connections = 0;
  /** Answers what the queue has no answer for. */
  onRequest: ((request: BedrockRequest) => BedrockAnswer | Promise<BedrockAnswer>) | undefined;
  readonly #queue: BedrockAnswer[] = [];
  readonly #server: Server;

  constructor(options: BedrockServerOptions = {}) {
    this.region = options.region ?? 'us-east-1';
    this.apiKey = options.apiKey ?? 'bedrock-api-key-c2VjcmV0LWZvci10ZXN0cw';
    const { tls } = options;
    this.#server = tls ? createSecureServer(tls) : createServer();
    this.#server.on('request', (incoming, response) => {
      // A client that goes away while its answer is being written is what many tests are about.
      response.on('error', () => undefined);
      void this.#serve(incoming, response).catch((error) => response.destroy(error));
    });
    this.#server.on('connection', () => {
      this.connections += 1;
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The environment of a process that is to call this server. */
  get environment(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: this.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.secretAccessKey,
      AWS_REGION: this.region,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  /** Answers for the next requests, one each. */
  queue(...answers: readonly BedrockAnswer[]): void {
    this.#queue.push(...answers);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const checked = this.#check(incoming, Buffer.concat(chunks));
    if (!('model' in checked)) {
      this.refusals.push(checked.kind === 'reply' ? checked.body : checked.kind);
      return this.#write(response, checked, undefined);
    }
    this.requests.push(checked);
    response.on('close', () => {
      checked.ending = response.writableFinished ? 'finished' : 'left';
    });
    const answer = this.#queue.shift() ?? (await this.onRequest?.(checked));
    await this.#write(response, answer ?? fail('ValidationException', 400, 'No answer is scripted.'), checked);
  }

  /** The request, or the service's refusal. */
  #check(incoming: IncomingMessage, body: Buffer): BedrockRequest | BedrockAnswer {
    const path = incoming.url ?? '';
    const [, encoded, operation] = /^\/model\/([^/?]+)\/(converse-stream|converse|count-tokens)$/.exec(path) ?? [];
    if (incoming.method !== 'POST' || encoded === undefined || !isOperation(operation)) {
      return fail('UnknownOperationException', 404, `${incoming.method} ${path}`);
    }
    const authentication = this.#authenticate(incoming, path, body);
    if (typeof authentication !== 'string') return authentication;
    const model = decodeURIComponent(encoded);
    if (encodeURIComponent(model) !== encoded) {
      return fail('ValidationException', 400, 'The provided model identifier is invalid.');
    }
    if (incoming.headers['content-type'] !== 'application/json') {
      return fail('ValidationException', 400, 'The content type is not application/json.');
    }
    const read = readConverseBody(operation === 'count-tokens' ? converseOf(body) : body.toString('utf8'));
    if ('refusal' in read) return fail('ValidationException', 400, read.refusal);
    const texts = [...(read.body.system ?? []), ...read.body.messages.flatMap(({ content }) => content)];
    return {
      model,
      operation,
      body: read.body,
      prompt: texts.map(({ text }) => text).join('\n'),
      authentication,
      headers: incoming.headers,
      ending: 'open',
      sent: 0,
    };
  }

  #authenticate(incoming: IncomingMessage, path: string, body: Buffer): 'signature' | 'bearer' | BedrockAnswer {
    const bearer = /^Bearer (.+)$/.exec(incoming.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      return bearer === this.apiKey
        ? 'bearer'
        : fail('AccessDeniedException', 403, 'Authentication failed: Please make sure your API Key is valid.');
    }
    const token = incoming.headers['x-amz-security-token'];
    if (typeof token === 'string' && this.expiredTokens.has(token)) {
      return fail('ExpiredTokenException', 403, 'The security token included in the request is expired');
    }
    const { accessKeyId, secretAccessKey, region } = this;
    const request = { method: incoming.method ?? '', path, headers: incoming.headers, body };
    const verdict = verifySignature(request, { accessKeyId, secretAccessKey, region, service: 'bedrock' });
    if (verdict === 'valid') return 'signature';
    if (verdict === 'missing') return fail('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
    if (verdict === 'unknown key') {
      return fail('UnrecognizedClientException', 403, 'The security token included in the request is invalid.');
    }
    return fail(
      'InvalidSignatureException',
      403,
      `The request signature we calculated does not match the signature you provided (${verdict}).\n\nThe Canonical String for this request should have been\n'POST\n${path}\n\nx-amz-security-token:${String(token)}'`,
    );
  }

  async #write(response: ServerResponse, answer: BedrockAnswer, request: BedrockRequest | undefined): Promise<void> {
    switch (answer.kind) {
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'silence':
        return;
      case 'reply':
        response.writeHead(answer.status, {
          'x-amzn-requestid': 'b1946ac9-2492-4d23-8f3f-0f0e0f0e0f0e',
          ...answer.headers,
        });
        response.end(answer.body);
        return;
      case 'stream':
        response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
        for (const step of answer.steps) {
          if (response.destroyed) return;
          if (step.do === 'stall') return;
          await this.#take(response, step, answer.chunkBytes);
          if (request && step.do === 'send') request.sent += 1;
        }
        response.end();
    }
  }

  async #take(response: ServerResponse, step: Step, chunkBytes: number | undefined): Promise<void> {
    if (step.do === 'wait') await pause(step.ms);
    if (step.do === 'reset') {
      // What was written goes out first.
      await breathe();
      response.socket?.resetAndDestroy();
    }
    if (step.do !== 'send') return;
    const size = chunkBytes ?? step.bytes.length;
    for (let at = 0; at < step.bytes.length && !response.destroyed; at += size) {
      response.write(step.bytes.subarray(at, at + size));
      if (chunkBytes !== undefined) await breathe();
    }
  }
}

function isOperation(name: string | undefined): name is BedrockRequest['operation'] {
  return name === 'converse-stream' || name === 'converse' || name === 'count-tokens';
}

/** What is to be counted, as the body of the call itself would be; the limit of the answer is no part of it. */
function converseOf(body: Buffer): string {
  const { input } = JSON.parse(body.toString('utf8')) as { readonly input?: { readonly converse?: object } };
  return JSON.stringify({ inferenceConfig: { maxTokens: 1 }, ...input?.converse });
}
