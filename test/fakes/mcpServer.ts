import { isObject, type JsonObject } from './meshFrame.ts';
import { type WireClient, WireDoor } from './wireDoor.ts';

/** The older MCP server on loopback: JSON-RPC, registers an agent, stores nothing and never gives work. */
export class McpServer {
  readonly key: string;
  readonly door: WireDoor;
  /** Agent ids that registered. */
  readonly agents: string[] = [];

  constructor(options: { readonly key?: string; readonly pingEveryMs?: number } = {}) {
    this.key = options.key ?? 'mcp-test-key';
    this.door = new WireDoor({
      maxMessageBytes: 1024 * 1024,
      subprotocol: 'mcp.v1',
      unauthorized: 'Unauthorized',
      ...(options.pingEveryMs !== undefined && { pingEveryMs: options.pingEveryMs }),
      accepts: (token) => token === this.key,
      onText: (client, text) => this.#heard(client, text),
      onBinary: (client) => client.close(1000, 'Connection closed by server'),
    });
  }

  static async start(options: { readonly key?: string } = {}): Promise<McpServer> {
    const server = new McpServer(options);
    await server.door.listen();
    return server;
  }

  #heard(client: WireClient, text: string) {
    // It looks for these bytes, in either spelling, before it parses anything.
    if (!/"jsonrpc": ?"2\.0"/.test(text)) return client.close(1000, 'Connection closed by server');
    let frame: JsonObject = {};
    try {
      const value: unknown = JSON.parse(text);
      if (isObject(value)) frame = value;
    } catch {
      return client.send('{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}');
    }
    const { id, method } = frame;
    const params = isObject(frame['params']) ? frame['params'] : {};
    const withId = id === undefined || id === null ? {} : { id };
    const answer = (rest: object) => client.send(JSON.stringify({ jsonrpc: '2.0', ...withId, ...rest }));
    switch (method) {
      case 'initialize':
        return answer({
          result: {
            protocolVersion: '2025-06-18',
            serverInfo: { name: 'developer-mesh-mcp', version: '1.0.0' },
            capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
          },
        });
      case 'initialized':
        // Answered although it is a notification, and so without an id.
        return answer({ result: { status: 'ok' } });
      case 'ping':
        return answer({ result: { pong: true } });
      case 'x-devmesh/agent/register': {
        this.agents.push(String(params['agent_id']));
        return answer({ result: { registered: true, agent_id: params['agent_id'] } });
      }
      case 'x-devmesh/agent/health':
        return answer({ result: { status: 'healthy', timestamp: Math.floor(Date.now() / 1000) } });
      case 'x-devmesh/tools/batch':
        return answer({ result: { results: [{ tool: 'stub', result: { ok: true } }] } });
      case 'shutdown':
        answer({ result: { status: 'shutting_down' } });
        return client.close(1000, 'Server shutting down');
      default:
        return answer({ error: { code: -32601, message: `Method not found: ${String(method)}` } });
    }
  }
}
