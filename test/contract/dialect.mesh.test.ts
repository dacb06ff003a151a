import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mesh } from '../../src/agent/connection/dialects/mesh.ts';
import type { Outgoing } from '../../src/agent/connection/messages.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { dialectContract, self } from './dialect.ts';

dialectContract({
  dialect: mesh,
  hears: ['registered', 'task', 'cancel', 'config', 'healthCheck', 'capabilityQuery', 'delivered', 'refused'],
});

const result: Outgoing = {
  kind: 'result',
  result: {
    task_id: 't-1',
    status: 'completed',
    result: {},
    metadata: { static_issues: 0, ai_suggestions: 0, confidence: 1, duration_ms: 1, not_reviewed: [] },
    completed_at: '2025-11-10T09:00:00Z',
  },
};

test('mesh: a result is delivered by a pong, and by a reply once the server says that it acknowledges', () => {
  const session = mesh.open(self, new FakeClock(), () => mesh.maxFrameBytes);
  assert.equal(session.encode(result).delivery, 'pong');
  session.decode('{"type":"agent.registered","features":["batch"]}');
  assert.equal(session.encode(result).delivery, 'pong');
  session.decode('{"type":"agent.registered","features":["ack","batch"]}');
  assert.equal(session.encode(result).delivery, 'reply');
  assert.equal(session.encode({ kind: 'accepted', taskId: 't-1' }).delivery, 'none');
});

test('mesh: an agent id that the server gives is used from then on', () => {
  const session = mesh.open(self, new FakeClock(), () => mesh.maxFrameBytes);
  session.decode('{"type":"agent.registered","agent_id":"server-7"}');
  const [frame] = session.encode({ kind: 'register', runningTasks: [] }).frames;
  const { agent_id, config } = JSON.parse(frame ?? '');
  assert.deepEqual([agent_id, config.agent_id], ['server-7', 'server-7']);
});

test('mesh: two sessions know nothing of each other', () => {
  mesh
    .open(self, new FakeClock(), () => mesh.maxFrameBytes)
    .decode('{"type":"agent.registered","agent_id":"server-7","features":["ack"]}');
  const other = mesh.open(self, new FakeClock(), () => mesh.maxFrameBytes).encode(result);
  assert.equal(other.delivery, 'pong');
  assert.equal(JSON.parse(other.frames[0] ?? '').agent_id, self.id);
});
