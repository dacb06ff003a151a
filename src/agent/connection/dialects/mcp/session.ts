import type { Clock } from '../../../shared/clock.ts';
import { type Fields, fieldsOf, pick } from '../../fields.ts';
import type { AgentHealth, AgentIdentity, Incoming, Outgoing } from '../../messages.ts';
import type { Decoded, DialectSession, Encoded } from '../dialect.ts';
import type { RequestBudget } from './budget.ts';
import type { Lull } from './lull.ts';
import { createPieces } from './pieces.ts';
import { isUnknownMethod, type RpcError, type RpcFrame, readRpc, rpcRefusal, rpcRequest } from './rpc.ts';
import { createWork, type Work } from './work.ts';

export const protocolVersion = '2025-06-18';
/** What a batch with one tool adds to what the tool is given. */
const roomAround = 2000;
const mostPending = 1000;
/** What is left of a character that was cut in two. */
const broken = '\ufffd';

/** Which of the servers it is, once it said so. */
type Server = 'unknown' | 'gives work' | 'edge without work' | 'older without work';

type Pending = 'initialize' | 'register' | 'heartbeat' | 'work';

const said = (words: readonly Incoming[], replies: readonly string[] = []): Decoded => ({
  kind: 'words',
  words,
  replies,
});

/** What outlives a connection to the server. */
export interface McpMemory {
  readonly budget: RequestBudget;
  readonly lull: Lull;
}

export function openMcp(
  me: AgentIdentity,
  clock: Clock,
  { budget, lull }: McpMemory,
  mostFrameBytes: () => number,
): DialectSession {
  const agentId = me.readableId ?? me.id;
  const pending = new Map<string, Pending>();
  const pieces = createPieces();
  let server: Server = 'unknown';
  let registrationId = '';
  let health: AgentHealth | undefined;

  function ask(kind: Pending, method: string, params?: object, id = clock.uuid()): string {
    pending.set(id, kind);
    for (const oldest of pending.keys()) {
      if (pending.size <= mostPending) break;
      pending.delete(oldest);
    }
    if (method !== 'initialize' && method !== 'ping') budget.spend();
    return rpcRequest(id, method, params);
  }
  const work: Work = createWork({
    agentId,
    budget,
    lull,
    clock,
    mostResultBytes: () => Math.max(mostFrameBytes() / 2, mostFrameBytes() - roomAround),
    health: () => health,
    batch: (id, tools) => {
      const params = { parallel: false, tools };
      if (id !== undefined) return ask('work', 'tools/batch', params, id);
      budget.spend();
      return rpcRequest(undefined, 'tools/batch', params);
    },
  });

  function encode(message: Outgoing): Encoded {
    const messageId = clock.uuid();
    const framed = (frames: readonly string[], delivery: Encoded['delivery'] = 'none') => ({
      messageId,
      frames,
      delivery,
    });
    switch (message.kind) {
      case 'register': {
        registrationId = messageId;
        work.running(message.runningTasks);
        const clientInfo = { name: agentId.slice(0, 256), version: me.version.slice(0, 128), type: 'ide' };
        const params = { protocolVersion, clientInfo, capabilities: {} };
        return framed([ask('initialize', 'initialize', params, messageId)]);
      }
      case 'heartbeat': {
        health = message.health;
        if (server === 'older without work') {
          return framed([ask('heartbeat', 'x-devmesh/agent/health', undefined, messageId)]);
        }
        // Where there is work the heartbeat travels with the question for it.
        return framed(server === 'edge without work' ? [ask('heartbeat', 'ping', undefined, messageId)] : []);
      }
      case 'result':
        // Without work there is nobody who would keep a result.
        if (server !== 'gives work') return framed([]);
        return framed([work.result(messageId, message.result)], 'reply');
      case 'accepted':
        work.running([message.taskId]);
        return framed([]);
      case 'progress':
      case 'health':
      case 'capabilities':
      case 'configApplied':
      case 'error':
        return framed([]);
    }
  }

  function decode(text: string): Decoded {
    const frame = readRpc(text);
    switch (frame.kind) {
      case 'malformed':
        return { ...frame, replies: [] };
      case 'call':
        return called(frame.id, frame.method, frame.params);
      case 'result': {
        if (frame.id === undefined) {
          const batchId = work.idOf(frame.result);
          // One server answers even the notification of ours.
          return batchId === undefined ? said([]) : answered(batchId, 'work', frame.result);
        }
        const asked = take(frame.id);
        if (asked === undefined) return { kind: 'unknown', name: 'a response to nothing' };
        if (pick(frame.result, 'streamed') !== true) return answered(frame.id, asked, frame.result);
        return inPieces(frame.id, asked);
      }
      case 'error': {
        const { id, error } = frame;
        if (/\bSession not found\b/i.test(error.text)) return said([{ kind: 'expired', text: error.text }]);
        if (id === undefined) {
          const batchId = work.idOf(undefined);
          if (batchId !== undefined) return refused(batchId, 'work', error);
        } else {
          const asked = take(id);
          if (asked !== undefined) return refused(id, asked, error);
        }
        // Also what is sent for a notification.
        return { kind: 'unknown', name: `an error: ${error.text}` };
      }
    }
  }

  function inPieces(id: string, asked: Pending): Decoded {
    const text = pieces.take(id);
    const whole: RpcFrame | undefined = text === undefined ? undefined : readRpc(text);
    if (whole?.kind === 'error') return refused(id, asked, whole.error);
    const again = asked === 'work' && (whole?.kind !== 'result' || text?.includes(broken)) ? work.lost(id) : undefined;
    if (again !== undefined) return said([], [again]);
    if (whole?.kind === 'result') return answered(id, asked, whole.result);
    const problem = 'a response came in pieces, and not all of them';
    return refused(id, asked, { code: -32603, text: problem, data: fieldsOf({}) });
  }

  function take(id: string): Pending | undefined {
    const asked = pending.get(id);
    pending.delete(id);
    return asked;
  }

  function called(id: string | undefined, method: string, params: Fields): Decoded {
    if (method === '$/contentChunk') {
      if (pieces.add(params)) return said([]);
      return { kind: 'malformed', problem: 'a piece that was not due', replies: [] };
    }
    if (method === '$/progress' || method === '$/logMessage') return said([]);
    if (method === 'ping' && id !== undefined) return said([], [JSON.stringify({ jsonrpc: '2.0', id, result: {} })]);
    return { kind: 'unknown', name: method.slice(0, 100) };
  }

  function answered(id: string, asked: Pending, result: Fields): Decoded {
    switch (asked) {
      case 'initialize': {
        const initialized = rpcRequest(undefined, 'initialized');
        const older = pick(fieldsOf(pick(result, 'serverInfo')), 'name') === 'developer-mesh-mcp';
        // Not `tools/list`: it may be so long that this server loses its own answer.
        if (!older) return said([], [initialized, ...work.ask()]);
        const capabilities = [...new Set(me.capabilities.flatMap(({ taskTypes }) => taskTypes))];
        const params = { agent_id: agentId, agent_type: 'ide', capabilities };
        return said([], [initialized, ask('register', 'x-devmesh/agent/register', params)]);
      }
      case 'register':
        server = 'older without work';
        return said([{ kind: 'registered', agentId }, { kind: 'noTasks' }]);
      case 'heartbeat':
        return said([]);
      case 'work': {
        const answer = work.answered(id, result);
        if (answer === 'none') return withoutWork();
        server = 'gives work';
        return said(answer.words, answer.replies);
      }
    }
  }

  function withoutWork(): Decoded {
    server = 'edge without work';
    return said([{ kind: 'registered', agentId }, { kind: 'noTasks' }]);
  }

  function refused(id: string, asked: Pending, error: RpcError): Decoded {
    const { code, text } = error;
    const reason = rpcRefusal(code, text);
    const retryAfterMs = reason === 'rate' ? wishedRest(error) : undefined;
    if (reason === 'rate') budget.rest(retryAfterMs ?? 1000);
    const refusal = { reason, text, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    switch (asked) {
      case 'initialize':
      case 'register':
        return said([{ kind: 'refused', ...refusal, about: registrationId }]);
      case 'work':
        if (server === 'unknown' && isUnknownMethod(code, text)) return withoutWork();
        return refusedWork(work.refused(id, refusal, registrationId), text);
      case 'heartbeat':
        return { kind: 'unknown', name: `a refused heartbeat: ${text}` };
    }
  }

  /** Nothing hangs on a question that is asked again anyway, unless it is refused for long. */
  function refusedWork(words: readonly Incoming[], text: string): Decoded {
    return words.length > 0 ? said(words) : { kind: 'unknown', name: `a refused question for work: ${text}` };
  }

  return {
    silenceMeansRegistered: undefined,
    get pollEvery() {
      return server === 'gives work' ? budget.wait : undefined;
    },
    poll: () => (server === 'gives work' ? work.poll() : []),
    encode,
    decode,
    goodbye: () => (server === 'gives work' ? work.goodbye() : []),
  };
}

/** Milliseconds; undefined when the error does not say. */
function wishedRest({ data }: RpcError): number | undefined {
  const seconds = pick(data, 'retry_after', 'retry_after_seconds');
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}
