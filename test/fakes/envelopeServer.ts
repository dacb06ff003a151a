import { randomUUID } from 'node:crypto';
import { isObject, type JsonObject } from './meshFrame.ts';
import { type WireClient, WireDoor } from './wireDoor.ts';

export interface EnvelopeTask {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  status: string;
  assignedTo: string;
  accepts: number;
  readonly progress: number[];
  /** What `task.complete` and `task.fail` brought, effective ones only. */
  readonly results: { readonly method: string; readonly params: JsonObject }[];
  /** Attempts to finish it that were refused because it was finished. */
  repeats: number;
}

export interface EnvelopeServerOptions {
  readonly key?: string;
  /** Without it `agent.register` is refused with 4001, as for every ordinary key. */
  readonly admin?: boolean;
  /** Messages a connection may send before 4002. */
  readonly messagesAllowed?: number;
  readonly pingEveryMs?: number;
  /** As shipped: nothing ever moves a task to in_progress, so that none can be completed. */
  readonly completesNothing?: boolean;
}

class WireError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** The numeric envelope on loopback, with what makes it particular: see each method. */
export class EnvelopeServer {
  readonly key: string;
  readonly door: WireDoor;
  readonly tasks = new Map<string, EnvelopeTask>();
  /** Refuses the next messages of this method with 4002. */
  readonly throttled = new Map<string, number>();
  admin: boolean;
  readonly #options: EnvelopeServerOptions;
  readonly #agents = new Map<number, string>();
  readonly #sent = new Map<number, number>();

  constructor(options: EnvelopeServerOptions = {}) {
    this.#options = options;
    this.key = options.key ?? 'envelope-test-key';
    this.admin = options.admin ?? true;
    this.door = new WireDoor({
      maxMessageBytes: 1024 * 1024,
      subprotocol: 'mcp.v1',
      unauthorized: 'Unauthorized',
      ...(options.pingEveryMs !== undefined && { pingEveryMs: options.pingEveryMs }),
      accepts: (token) => token === this.key,
      onText: (client, text) => this.#heard(client, text),
      // Bytes are for its own 12-byte header, which no text client sends.
      onBinary: (client) => client.close(1000),
      onGone: ({ number }) => this.#agents.delete(number),
    });
  }

  static async start(options: EnvelopeServerOptions = {}): Promise<EnvelopeServer> {
    const server = new EnvelopeServer(options);
    await server.door.listen();
    return server;
  }

  /** Agent ids that said `initialize`, in the order of their connections. */
  get agents(): readonly string[] {
    return [...this.#agents.values()];
  }

  /** `task.assigned`: without an id, and with nothing of the task but its title. `quietly`: the push is lost. */
  assign(task: { readonly id?: string; readonly type?: string; readonly title: string }, quietly = false): string {
    const { id, title, type } = this.#add(task);
    if (!quietly) {
      const params = { assigned_at: new Date().toISOString(), capabilities: [type], task_id: id, title };
      this.#push({ type: 2, method: 'task.assigned', params });
    }
    return id;
  }

  /** `task.delegated`: with an id, `type` inside the params, and nothing of the task at all. */
  delegate(task: { readonly id?: string; readonly type?: string; readonly title: string }): string {
    const { id } = this.#add(task);
    const params = { type: 'task.delegated', task_id: id, from_agent: 'a', to_agent: this.agents[0], reason: 'manual' };
    this.#push({ id: randomUUID(), type: 2, method: 'task.delegated', params });
    return id;
  }

  /** Tells nobody. */
  cancel(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (task) task.status = 'cancelled';
  }

  /** The same push once more. */
  pushAgain(taskId: string): void {
    const task = this.tasks.get(taskId);
    this.#push({
      type: 2,
      method: 'task.assigned',
      params: { task_id: taskId, title: task?.title ?? '', capabilities: [task?.type ?? ''] },
    });
  }

  #add({
    id = randomUUID(),
    type = 'code_review',
    title,
  }: {
    id?: string;
    type?: string;
    title: string;
  }): EnvelopeTask {
    const assignedTo = this.agents[0] ?? '';
    const base = { id, type, title, status: 'assigned', assignedTo };
    const task: EnvelopeTask = { ...base, accepts: 0, progress: [], results: [], repeats: 0 };
    this.tasks.set(id, task);
    return task;
  }

  #push(frame: object): void {
    for (const client of this.door.clients) client.send(JSON.stringify(frame));
  }

  #heard(client: WireClient, text: string) {
    const frame = decoded(text);
    // Any decode error ends the read loop; the pool then closes normally.
    if (!frame) return client.close(1000);
    const { id, type } = frame;
    const answer = (rest: object) => client.send(JSON.stringify({ id, ...rest }));
    const refuse = (code: number, message: string) => answer({ type: 3, error: { code, message } });
    const count = (this.#sent.get(client.number) ?? 0) + 1;
    this.#sent.set(client.number, count);
    if (count > (this.#options.messagesAllowed ?? 1000)) return refuse(4002, 'Rate limit exceeded');
    if (type === 4) return answer({ type: 5, result: { pong: true, timestamp: Math.floor(Date.now() / 1000) } });
    if (type !== 0) return refuse(4003, `invalid message type: ${type}`);
    if (id === '') return refuse(4000, 'Message ID is required');
    if (frame.method === '') return refuse(4000, 'Method is required');
    const throttled = this.throttled.get(frame.method) ?? 0;
    if (throttled > 0) {
      this.throttled.set(frame.method, throttled - 1);
      return refuse(4002, 'Rate limit exceeded');
    }
    try {
      answer({ type: 1, result: this.#call(client, frame.method, frame.params) });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      refuse(error.code, error.message);
    }
  }

  #call(client: WireClient, method: string, params: JsonObject): JsonObject {
    const me = this.#agents.get(client.number) ?? '';
    switch (method) {
      case 'initialize': {
        stringList(params['capabilities']);
        this.#agents.set(client.number, String(params['agentId'] ?? randomUUID()));
        const limits = { max_context_tokens: 200_000, max_message_size: 10_485_760, max_concurrent_tasks: 10 };
        return { version: '1.0.0', session_id: randomUUID(), capabilities: { agents: true, tasks: true }, limits };
      }
      case 'agent.register': {
        if (!this.admin) throw new WireError(4001, 'Unauthorized');
        const { name } = params;
        const capabilities = stringList(params['capabilities']);
        return { agent_id: me, name, capabilities, registered_at: new Date().toISOString() };
      }
      case 'agent.heartbeat':
        return { status: 'acknowledged' };
      case 'agent.update_status':
        return { agent_id: me, status: params['status'], updated_at: new Date().toISOString() };
      case 'task.list': {
        const tasks = [...this.tasks.values()]
          .filter(({ status }) => params['status'] === undefined || status === params['status'])
          .map(({ id, type, status, assignedTo }) => ({
            task_id: id,
            type,
            status,
            priority: 'normal',
            assigned_to: assignedTo,
          }));
        return { tasks: tasks.slice(0, 20), total: tasks.length, limit: 20, offset: 0 };
      }
      case 'task.status': {
        const { id, type, status } = this.#task(params);
        return { task_id: id, type, status, priority: 'normal', attempts: 0 };
      }
      case 'task.accept':
        return this.#accept(this.#task(params), me);
      case 'task.submit_result': {
        const task = this.#task(params);
        task.progress.push(Number(params['progress']));
        return { task_id: task.id, progress: params['progress'], submitted_at: new Date().toISOString() };
      }
      case 'task.complete':
      case 'task.fail':
        return this.#finish(this.#task(params), me, method, params);
      default:
        throw new WireError(4004, 'Method not found');
    }
  }

  #task(params: JsonObject): EnvelopeTask {
    const id = params['task_id'];
    if (typeof id !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
      throw new WireError(4003, 'invalid task ID: invalid UUID length: 0');
    }
    const task = this.tasks.get(id);
    if (!task) throw new WireError(4003, 'failed to get task: task not found');
    return task;
  }

  #accept(task: EnvelopeTask, me: string): JsonObject {
    task.accepts += 1;
    if (task.assignedTo !== me) throw new WireError(4003, 'failed to accept task: task is not assigned to this agent');
    if (task.status !== 'assigned') {
      throw new WireError(4003, `failed to accept task: task cannot be accepted in status ${task.status}`);
    }
    task.status = this.#options.completesNothing ? 'accepted' : 'in_progress';
    return { task_id: task.id, status: 'accepted', accepted_by: me, accepted_at: new Date().toISOString() };
  }

  #finish(task: EnvelopeTask, me: string, method: string, params: JsonObject): JsonObject {
    const [verb, participle] = method === 'task.fail' ? ['fail', 'failed'] : ['complete', 'completed'];
    const refuse = (why: string) => new WireError(4003, `failed to ${verb} task: ${why}`);
    if (task.assignedTo !== me) throw refuse('task is not assigned to this agent');
    if (verb === 'fail' && !params['error']) throw refuse('error message is required');
    if (verb === 'complete' && !isObject(params['result'])) throw new WireError(4003, 'json: cannot unmarshal');
    if (task.status !== 'in_progress') {
      task.repeats += 1;
      throw refuse(`task cannot be ${participle} in status ${task.status}`);
    }
    task.status = participle ?? '';
    task.results.push({ method, params });
    return { task_id: task.id, status: participle, completed_by: me, completed_at: new Date().toISOString() };
  }
}

function stringList(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new WireError(4003, 'json: cannot unmarshal object into Go struct field .capabilities of type string');
}

interface Decoded {
  readonly id: string;
  readonly type: number;
  readonly method: string;
  readonly params: JsonObject;
}

/** As Go decodes it: a key of another type is an error, an unknown key is nothing, a missing one is the zero value. */
function decoded(text: string): Decoded | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { id = '', type = 0, method = '', params = {} } = value;
  if (typeof id !== 'string' || typeof method !== 'string') return undefined;
  if (typeof type !== 'number' || !Number.isInteger(type) || type < 0 || type > 255) return undefined;
  return { id, type, method, params: isObject(params) ? params : {} };
}
