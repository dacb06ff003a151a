import type { AgentIdentity, Capability, Outgoing } from '../../messages.ts';

interface Envelope {
  readonly me: AgentIdentity;
  readonly messageId: string;
  /** RFC 3339 */
  readonly timestamp: string;
}

/** The JSON object of one outgoing frame. */
export function encodeMessage(message: Outgoing, { me, messageId, timestamp }: Envelope): object {
  if (message.kind === 'register') {
    return {
      id: messageId,
      type: 'agent.register',
      agent_id: me.id,
      agent_name: me.name,
      agent_type: 'ide',
      capabilities: me.capabilities.map(capability),
      // The id may be one that the server gave us since the configuration was made.
      config: { ...me.config, agent_id: me.id },
      running_tasks: message.runningTasks,
      timestamp,
    };
  }
  const [type, payload] = typeAndPayload(message, me);
  return { id: messageId, type, agent_id: me.id, timestamp, payload };
}

function typeAndPayload(message: Exclude<Outgoing, { kind: 'register' }>, me: AgentIdentity): [string, object] {
  switch (message.kind) {
    case 'heartbeat': {
      const { health } = message;
      return [
        'agent.heartbeat',
        {
          status: health.status,
          active_tasks: health.activeTasks,
          queued_tasks: health.queuedTasks,
          completed_tasks: health.completedTasks,
          failed_tasks: health.failedTasks,
          uptime_seconds: health.uptimeSeconds,
        },
      ];
    }
    case 'accepted':
      return ['task.accepted', { task_id: message.taskId }];
    case 'progress': {
      const { taskId, progress, message: text, stage } = message;
      return ['task.progress', { task_id: taskId, progress: Math.min(1, Math.max(0, progress)), message: text, stage }];
    }
    case 'result': {
      const { task_id, status, result, metadata, error, completed_at } = message.result;
      return [
        'task.complete',
        {
          task_id,
          agent_id: me.id,
          status,
          result,
          metadata,
          ...(error !== undefined && { error }),
          completed_at,
        },
      ];
    }
    case 'health':
      return ['health.status', { healthy: message.healthy, issues: message.issues, checks: message.checks }];
    case 'capabilities':
      return ['capability.report', { capabilities: me.capabilities.map(capability) }];
    case 'configApplied': {
      const { version, applied, refused } = message;
      return ['config.applied', { ...(version !== undefined && { version }), applied, refused }];
    }
    case 'error': {
      const { text, code, about } = message;
      return ['error', { error: text, code, ...(about !== undefined && { id: about }) }];
    }
  }
}

function capability({ name, confidence, taskTypes, languages, specialties }: Capability): object {
  return { name, confidence, task_types: taskTypes, languages, specialties };
}
