import { isObject, type JsonObject } from './meshFrame.ts';
import type { WireClient } from './wireDoor.ts';

export interface EdgeRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: JsonObject;
}

/** As the edge servers read a frame: what does not decode into their struct, an array included, ends it with 1007. */
export function readEdgeRequest(client: WireClient, text: string): EdgeRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isObject(value)) {
    client.close(1007, 'failed to unmarshal JSON');
    return undefined;
  }
  const { id, method, params } = value;
  return { id, method: typeof method === 'string' ? method : '', params: isObject(params) ? params : {} };
}

/** Their JSON writer ends every message with a line break; an absent id stays absent. */
export function edgeReply(id: unknown, rest: object): string {
  const withId = id === undefined || id === null ? {} : { id };
  return `${JSON.stringify({ jsonrpc: '2.0', ...withId, ...rest })}\n`;
}

export const edgeVersions: readonly unknown[] = ['2024-11-05', '2025-03-26', '2025-06-18'];

export function edgeWelcome(protocolVersion: unknown): object {
  return {
    result: {
      capabilities: {
        logging: {},
        prompts: {},
        resources: { listChanged: false, subscribe: false },
        tools: { listChanged: true },
      },
      protocolVersion,
      serverInfo: { name: 'edge-mcp', version: '1.0.0' },
    },
  };
}
