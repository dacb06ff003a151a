import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';

/*
 * The other side of the wire benches, in a process of its own so that what it costs is not counted as the agent's. It
 * keeps nothing: it sends what it is told to, and says how long the answers took.
 */

export type WireOrder =
  /** Texts of so many bytes, that the client sends back: one after the other, or all at once. */
  | { readonly do: 'echoes'; readonly count: number; readonly bytes: number; readonly atOnce: boolean }
  /** Tasks, from their assignment to their result. */
  | { readonly do: 'tasks'; readonly count: number; readonly atOnce: boolean };
export type WireAnswer =
  | { readonly port: number }
  /** Milliseconds of each, and of all together. */
  | { readonly each: readonly number[]; readonly ms: number };

/** Between two that are sent one after the other, so that each finds everybody at rest. */
const restMs = 2;
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
let client: WebSocket | undefined;
let onText: (text: string) => void = () => undefined;
let tasks = 0;

server.on('listening', () => answer({ port: (server.address() as AddressInfo).port }));
server.on('connection', (socket) => {
  client = socket;
  socket.on('message', (data) => {
    const text = String(data);
    if (text.includes('"agent.register"')) socket.send('{"type":"agent.registered","features":["ack"]}');
    else onText(text);
  });
});

process.on('message', (order: WireOrder) => void obey(order));
process.on('disconnect', () => process.exit(0));

function answer(message: WireAnswer): void {
  process.send?.(message);
}

async function obey(order: WireOrder): Promise<void> {
  const { count, atOnce } = order;
  const each: number[] = [];
  const sentAt = new Map<string, number>();
  let wake: () => void = () => undefined;
  onText = (text) => {
    const id = order.do === 'echoes' ? 'echo' : resultOf(text);
    if (id === undefined) return;
    each.push(performance.now() - (sentAt.get(id) ?? 0));
    if (!atOnce || each.length === count) wake();
  };
  const began = performance.now();
  if (atOnce) {
    const done = new Promise<void>((resolve) => {
      wake = resolve;
    });
    for (let n = 0; n < count; n++) put(order, sentAt);
    await done;
  } else {
    for (let n = 0; n < count; n++) {
      const heard = new Promise<void>((resolve) => {
        wake = resolve;
      });
      put(order, sentAt);
      await heard;
      await pause(restMs);
    }
  }
  answer({ each, ms: performance.now() - began });
}

function put(order: WireOrder, sentAt: Map<string, number>): void {
  if (order.do === 'echoes') {
    sentAt.set('echo', performance.now());
    client?.send('e'.repeat(order.bytes));
    return;
  }
  const id = `task-${++tasks}`;
  const task = { id, type: 'code_review', priority: 'normal', payload: { diff: true } };
  sentAt.set(id, performance.now());
  client?.send(JSON.stringify({ type: 'task.assigned', id: `frame-${id}`, payload: task }));
}

/** The id of the task; acknowledged on the way. Other frames are not looked at: a real server reads them no faster. */
function resultOf(text: string): string | undefined {
  if (!text.includes('"task.complete"')) return undefined;
  const frame: { readonly id: string; readonly payload: { readonly task_id: string } } = JSON.parse(text);
  client?.send(`{"type":"ack","id":"${frame.id}"}`);
  return frame.payload.task_id;
}
