import { isObject, type JsonObject } from './meshFrame.ts';

export interface EdgeTask {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  readonly priority: string;
  readonly status: string;
  readonly created_at: string;
  readonly agent_id?: string;
  readonly assigned_at?: string;
  readonly completed_at?: string;
  readonly result?: JsonObject;
}

export type ToolOutcome =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly error: string };

/** The agent and task tools of the second edge server, over maps that a restart empties. */
export class EdgeTools {
  readonly agents = new Map<string, { status: string; beats: number }>();
  readonly tasks = new Map<string, EdgeTask>();
  /** `task_complete` calls that found the task finished. */
  repeats = 0;
  #lists = 0;

  readonly names = [
    'agent_heartbeat',
    'agent_list',
    'agent_status',
    'context_append',
    'context_create',
    'context_get',
    'context_update',
    'task_assign',
    'task_complete',
    'task_create',
    'task_get',
    'task_get_batch',
    'task_list',
    'template_get',
    'template_instantiate',
    'template_list',
    'workflow_create',
    'workflow_execute',
    'workflow_get',
    'workflow_list',
  ];

  forget(): void {
    this.agents.clear();
    this.tasks.clear();
  }

  /** Hands the task to another agent, which asks nobody. */
  reassign(taskId: string, agentId: string): void {
    const task = this.tasks.get(taskId);
    if (task) this.tasks.set(taskId, { ...task, agent_id: agentId });
  }

  run(name: string, given: JsonObject): ToolOutcome {
    switch (name) {
      case 'agent_heartbeat': {
        const agentId = String(given['agent_id'] ?? '');
        if (agentId === '') return { ok: false, error: 'agent_id is required' };
        const status = String(given['status'] ?? 'online');
        this.agents.set(agentId, { status, beats: (this.agents.get(agentId)?.beats ?? 0) + 1 });
        return { ok: true, value: { success: true, message: `Heartbeat received for agent ${agentId}`, status } };
      }
      case 'agent_status': {
        const agent = this.agents.get(String(given['agent_id']));
        return {
          ok: true,
          value: { agent_id: given['agent_id'], status: agent?.status ?? 'unknown', capabilities: [] },
        };
      }
      case 'task_list':
        return this.#list(given);
      case 'task_get':
        return this.#get(String(given['task_id']));
      case 'task_complete':
        return this.#complete(given);
      default:
        return { ok: false, error: `tool not found: ${name}` };
    }
  }

  #list(given: JsonObject): ToolOutcome {
    const { status, agent_id, sort_by } = given;
    const limit = Math.min(100, Number(given['limit'] ?? 50));
    const offset = Number(given['offset'] ?? 0);
    const fitting = [...this.tasks.values()].filter(
      (task) =>
        (status === undefined || task.status === status) && (agent_id === undefined || task.agent_id === agent_id),
    );
    // The order of a Go map is another each time, and times to the second leave many in it.
    this.#lists += 1;
    if (this.#lists % 2 === 0) fitting.reverse();
    if (sort_by === 'created_at')
      fitting.sort((one, other) => Date.parse(one.created_at) - Date.parse(other.created_at));
    const tasks = fitting.slice(offset, offset + limit).map(({ result: _, ...listed }) => listed);
    return { ok: true, value: { tasks, count: tasks.length, total_count: fitting.length, offset, limit } };
  }

  #get(id: string): ToolOutcome {
    const task = this.tasks.get(id);
    if (!task) return { ok: false, error: `task not found: ${id}` };
    return { ok: true, value: { agent_id: '', agent_type: '', result: null, ...task } };
  }

  #complete(given: JsonObject): ToolOutcome {
    const id = String(given['task_id']);
    const { status = 'completed', result = {} } = given;
    const task = this.tasks.get(id);
    if (!task) return { ok: false, error: `task not found: ${id}` };
    if (status !== 'completed' && status !== 'failed') {
      return { ok: false, error: `invalid status: ${String(status)} (must be 'completed' or 'failed')` };
    }
    if (task.status === 'completed' || task.status === 'failed') {
      this.repeats += 1;
      return { ok: false, error: `task already finished with status: ${task.status}` };
    }
    const completed_at = new Date().toISOString();
    // Whoever asks may finish it: the agent is not compared.
    this.tasks.set(id, { ...task, status, completed_at, result: isObject(result) ? result : {} });
    const message = `Task '${task.title}' marked as ${status}`;
    return { ok: true, value: { task_id: id, title: task.title, status, completed_at, message } };
  }
}
