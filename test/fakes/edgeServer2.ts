import { randomUUID } from 'node:crypto';
import { type EdgeRequest, edgeReply, edgeVersions, edgeWelcome, readEdgeRequest } from './edgeFrame.ts';
import { type EdgeTask, EdgeTools } from './edgeTools.ts';
import { isObject, type JsonObject } from './meshFrame.ts';
import { type WireClient, WireDoor } from './wireDoor.ts';

export interface EdgeServer2Options {
  readonly key?: string;
  /** Requests a tenant has for 24 hours. */
  readonly quota?: number;
  /** Every answer counts as longer than one message may be, and comes in pieces, cut anywhere. */
  readonly chunked?: boolean;
  /** As some releases do: of an answer that is too long only the announcement arrives, and nothing of the answer. */
  readonly loses?: boolean;
  readonly pingEveryMs?: number;
}

/** The second edge server on loopback: the one that is alive, where work is asked for. */
export class EdgeServer2 {
  readonly key: string;
  readonly door: WireDoor;
  readonly tools: EdgeTools;
  /** Requests that counted against the quota. */
  counted = 0;
  /** Refuses the next of these with 429. */
  throttle = 0;
  #quota: number;
  readonly #longest: number;
  readonly #piece: number;
  readonly #loses: boolean;
  readonly #over = new Set<number>();

  constructor(options: EdgeServer2Options = {}) {
    this.key = options.key ?? 'edge-test-key';
    this.#quota = options.quota ?? 10_000;
    const small = options.chunked || options.loses;
    this.#longest = small ? 100 : 32_768;
    this.#piece = small ? 97 : 64 * 1024;
    this.#loses = options.loses ?? false;
    this.tools = new EdgeTools();
    this.door = new WireDoor({
      maxMessageBytes: 32_768,
      compresses: true,
      tokenInQuery: true,
      unauthorized: '{"error":"unauthorized"}',
      ...(options.pingEveryMs !== undefined && { pingEveryMs: options.pingEveryMs }),
      // What `POST /api/v1/auth/edge-mcp` would say; an open server does not exist here.
      accepts: (token) => token !== '' && token === this.key,
      onText: (client, text) => this.#heard(client, text),
      onBinary: (client) => client.close(1003, 'can only accept text messages'),
    });
  }

  static async start(options: EdgeServer2Options = {}): Promise<EdgeServer2> {
    const server = new EdgeServer2(options);
    await server.door.listen();
    return server;
  }

  /** A restart: the map of tasks is gone. */
  async restartEmpty(): Promise<void> {
    await this.door.stop();
    this.tools.forget();
    await this.door.listen();
  }

  /** As an orchestrator does: `task_create`, then `task_assign`. */
  assign(task: {
    readonly id?: string;
    readonly type?: string;
    readonly title?: string;
    readonly description?: string;
    /** The first agent that is known, unless it is named. */
    readonly agentId?: string;
  }): string {
    const { id = randomUUID(), type = 'code_review', title = 'Review', description = '' } = task;
    const agentId = task.agentId ?? [...this.tools.agents.keys()][0] ?? '';
    // To the second, as the real one says it.
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const entry: EdgeTask = { id, title, description, type, priority: 'medium', status: 'assigned', created_at: now };
    this.tools.tasks.set(id, { ...entry, agent_id: agentId, assigned_at: now });
    this.door.happened();
    return id;
  }

  #heard(client: WireClient, text: string) {
    const request = readEdgeRequest(client, text);
    if (!request) return;
    const { id, method } = request;
    const refuse = (code: number, message: string, data: object) =>
      client.send(edgeReply(id, { error: { code, message, data } }));
    const odd = (message: string) =>
      refuse(-32600, `[PROTOCOL_ERROR] ${message}`, {
        category: 'PROTOCOL',
        code: 'PROTOCOL_ERROR',
        documentation: 'https://developer-mesh.io/docs/mcp-protocol',
        severity: 'ERROR',
        suggestion: 'Check that your client implements the MCP protocol correctly',
      });
    if (this.#over.has(client.number)) return odd('Session not found: The session does not exist or has expired');
    if (!['initialize', 'initialized', 'ping'].includes(method)) {
      const limited = this.#limited();
      if (limited) return refuse(429, `Rate limit exceeded: ${limited.limit_type}`, limited);
      this.counted += 1;
    }
    switch (method) {
      case 'initialize':
        return this.#initialize(client, request);
      case 'initialized':
        return;
      case 'ping':
        return client.send(edgeReply(id, { result: {} }));
      case 'shutdown':
        // The session is gone and the socket stays open.
        this.#over.add(client.number);
        return client.send(edgeReply(id, { result: {} }));
      case 'tools/list':
        return this.#list(client, id);
      case 'tools/call':
        return this.#call(client, request);
      case 'tools/batch':
        return this.#batch(client, request);
      default:
        return odd(`Method not found: The method '${method}' is not supported by this server`);
    }
  }

  #limited(): ({ limit_type: string } & JsonObject) | undefined {
    if (this.throttle > 0) {
      this.throttle -= 1;
      return {
        limit_type: 'tenant',
        limit: 100,
        remaining: 0,
        reset_at: Math.floor(Date.now() / 1000) + 1,
        retry_after: 1,
      };
    }
    if (this.counted < this.#quota) return undefined;
    const resetAt = Math.floor(Date.now() / 1000) + 3600;
    const quota = { quota_used: this.counted, quota_limit: this.#quota, quota_reset_at: resetAt };
    // Of this limit it knows no time of its own: Go's year 1.
    return { limit_type: 'quota', limit: 0, remaining: 0, reset_at: -62_135_596_800, retry_after: 3600, ...quota };
  }

  #initialize(client: WireClient, { id, params }: EdgeRequest) {
    const invalid = (field: string, code: string, problem: string) => {
      const message = `[${code}] Validation failed: ${problem}: Field: ${field}`;
      client.send(edgeReply(id, { error: { code: -32603, message, data: { category: 'VALIDATION', code, field } } }));
    };
    const { protocolVersion, clientInfo } = params;
    if (!edgeVersions.includes(protocolVersion)) {
      const problem = `unsupported version '${String(protocolVersion ?? '')}', supported: [${edgeVersions.join(' ')}]`;
      return invalid('protocolVersion', 'UNSUPPORTED_PROTOCOL_VERSION', problem);
    }
    const { name, version } = isObject(clientInfo) ? clientInfo : {};
    const fits = (value: unknown, longest: number) =>
      typeof value === 'string' && value.length >= 1 && value.length <= longest;
    if (!fits(name, 256)) return invalid('clientInfo.name', 'EMPTY_CLIENT_NAME', 'cannot be empty');
    if (!fits(version, 128)) return invalid('clientInfo.version', 'EMPTY_CLIENT_VERSION', 'cannot be empty');
    client.send(edgeReply(id, edgeWelcome(protocolVersion)));
  }

  #list(client: WireClient, id: unknown) {
    const tools = this.tools.names.map((name) => ({ name, description: name, inputSchema: { type: 'object' } }));
    this.#answer(client, id, { tools });
  }

  /** Whole to a notification, however long it is; to a request in pieces, when it is long. */
  #answer(client: WireClient, id: unknown, result: object): void {
    const text = edgeReply(id, { result });
    const bytes = Buffer.from(text.trimEnd());
    if (bytes.length <= this.#longest || id === undefined || id === null) client.send(text);
    else this.#inPieces(client, id, this.#loses ? Buffer.alloc(0) : bytes);
  }

  #inPieces(client: WireClient, id: unknown, bytes: Buffer): void {
    const size = this.#piece;
    const total = Math.ceil(bytes.length / size);
    const say = (method: string, params: object) =>
      client.send(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`);
    const progress = (current: number, message: string) => {
      const percentage = total > 0 ? (100 * current) / total : 0;
      say('$/progress', { token: `chunk_${String(id)}`, percentage, message, current, total });
    };
    progress(0, 'Starting content streaming');
    for (let chunk = 0; chunk < total; chunk++) {
      // Cut by bytes: a character on the border becomes U+FFFD on both sides.
      const data = bytes.subarray(chunk * size, (chunk + 1) * size).toString('utf8');
      const head = { requestId: id, chunk, totalChunks: total, contentType: 'application/json' };
      say('$/contentChunk', { ...head, data, isLast: chunk === total - 1 });
      progress(chunk + 1, `Sent chunk ${chunk + 1} of ${total}`);
    }
    progress(total, 'Content streaming complete');
    client.send(edgeReply(id, { result: { streamed: true, chunks_complete: true } }));
  }

  #call(client: WireClient, { id, params }: EdgeRequest) {
    const outcome = this.tools.run(String(params['name']), isObject(params['arguments']) ? params['arguments'] : {});
    if (!outcome.ok) {
      const error = { code: -32603, message: `[INTEGRATION_ERROR] ${outcome.error}`, data: {} };
      return client.send(edgeReply(id, { error }));
    }
    client.send(edgeReply(id, { result: { content: [{ type: 'text', text: goText(outcome.value) }] } }));
  }

  #batch(client: WireClient, { id, params }: EdgeRequest) {
    const tools: readonly unknown[] = Array.isArray(params['tools']) ? params['tools'] : [];
    if (tools.length === 0 || tools.length > 10) {
      const error = { code: -32602, message: '[VALIDATION] Invalid batch: 1 to 10 tools', data: {} };
      return client.send(edgeReply(id, { error }));
    }
    const batch_results = tools.map((tool, index) => {
      const { id: entry = '', name = '', arguments: given } = isObject(tool) ? tool : {};
      const outcome = this.tools.run(String(name), isObject(given) ? given : {});
      // A Go Duration: nanoseconds.
      const head = { id: entry, name, duration_ms: 41_250, index };
      return outcome.ok
        ? { ...head, status: 'success', result: outcome.value }
        : { ...head, status: 'error', error: outcome.error };
    });
    const good = batch_results.filter(({ status }) => status === 'success').length;
    const text = `Batch execution completed: ${good}/${tools.length} tools succeeded`;
    const counts = { success_count: good, error_count: tools.length - good, total_duration: 0 };
    const parallel = params['parallel'] !== false;
    this.#answer(client, id, { content: [{ type: 'text', text }], batch_results, ...counts, parallel });
  }
}

/** Go's `%v`: no JSON, and nothing that can be read back. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const fields = Object.keys(value).sort();
  return `map[${fields.map((field) => `${field}:${goText(value[field])}`).join(' ')}]`;
}
