import { edgeReply, edgeVersions, edgeWelcome, readEdgeRequest } from './edgeFrame.ts';
import { type WireClient, WireDoor } from './wireDoor.ts';

/** The first edge server on loopback: speaks MCP, has no tool of its own, and so no work to give. */
export class EdgeServer1 {
  readonly key: string;
  readonly door: WireDoor;

  /** With an empty key it is open to everybody. */
  constructor(options: { readonly key?: string; readonly pingEveryMs?: number } = {}) {
    this.key = options.key ?? 'edge-test-key';
    this.door = new WireDoor({
      maxMessageBytes: 32_768,
      unauthorized: '{"error":"unauthorized"}',
      ...(options.pingEveryMs !== undefined && { pingEveryMs: options.pingEveryMs }),
      accepts: (token) => this.key === '' || token === this.key,
      onText: (client, text) => this.#heard(client, text),
      onBinary: (client) => client.close(1003, 'can only accept text messages'),
    });
  }

  static async start(options: { readonly key?: string } = {}): Promise<EdgeServer1> {
    const server = new EdgeServer1(options);
    await server.door.listen();
    return server;
  }

  #heard(client: WireClient, text: string) {
    const request = readEdgeRequest(client, text);
    if (!request) return;
    const { id, method, params } = request;
    const answer = (result: object) => client.send(edgeReply(id, { result }));
    // One code for everything, and also for a notification.
    const refuse = (message: string) => client.send(edgeReply(id, { error: { code: -32603, message } }));
    switch (method) {
      case 'initialize': {
        const { protocolVersion } = params;
        if (!edgeVersions.includes(protocolVersion)) {
          return refuse(`unsupported protocol version: ${String(protocolVersion ?? '')} (supported: [...])`);
        }
        return client.send(edgeReply(id, edgeWelcome(protocolVersion)));
      }
      case 'initialized':
        return;
      case 'ping':
      case 'shutdown':
        return answer({});
      case 'tools/list':
        return answer({ tools: [] });
      default:
        return refuse(`method not found: ${method}`);
    }
  }
}
