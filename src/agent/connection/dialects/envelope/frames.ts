import type { AgentIdentity } from '../../messages.ts';

/** What the number in `type` means. Sent are only requests: the server refuses everything else. */
export const frameTypes = { request: 0, response: 1, notification: 2, error: 3, pong: 5 } as const;

/** One request as text. `id` is text: a number makes the server hang up. `params` is always there, as it must be. */
export function request(id: string, method: string, params: object = {}): string {
  return JSON.stringify({ id, type: frameTypes.request, method, params });
}

/** Names only: objects do not decode there. */
export function capabilityNames(me: AgentIdentity): readonly string[] {
  return [...new Set(me.capabilities.flatMap(({ taskTypes }) => taskTypes))];
}
