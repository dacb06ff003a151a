import { type DialectMemory, detecting } from '../../src/agent/connection/dialects/detect.ts';
import type { Dialect } from '../../src/agent/connection/dialects/dialect.ts';
import { envelope } from '../../src/agent/connection/dialects/envelope.ts';
import { createMcp } from '../../src/agent/connection/dialects/mcp.ts';
import { mesh } from '../../src/agent/connection/dialects/mesh.ts';
import { serverContract } from './server.ts';
import { edgeKind, envelopeKind, meshKind, olderMcpKind, workingEdgeKind } from './serverKinds.ts';

/** As the real ones, but asking more often than a scenario takes. */
const mcp = () =>
  createMcp({ busy: 30, alert: 1000, idle: 60, drowsy: 2000, asleep: 60, earnEvery: 1, savings: 10_000 });
const polled: Dialect = {
  ...envelope,
  open: (...given) => ({ ...envelope.open(...given), pollEvery: 60 }),
};
const automatic = () => {
  let known: Dialect['name'] | undefined;
  const memory: DialectMemory = {
    recall: () => known,
    remember: (name) => {
      known = name;
    },
    forget: () => {
      known = undefined;
    },
  };
  return detecting({ mesh, envelope: polled, mcp: mcp() }, memory);
};

serverContract('mesh', meshKind, () => mesh, 'mesh');
serverContract(
  'envelope',
  () => envelopeKind(),
  () => polled,
  'envelope',
);
serverContract(
  'envelope, ordinary key',
  () => envelopeKind(false),
  () => polled,
  'envelope',
);
serverContract('older MCP', olderMcpKind, mcp, 'mcp', false);
serverContract('edge without work', edgeKind, mcp, 'mcp', false);
serverContract('edge with work', () => workingEdgeKind(), mcp, 'mcp');
serverContract('edge with work, in pieces', () => workingEdgeKind({ chunked: true }), mcp, 'mcp');
serverContract('edge with work, losing long answers', () => workingEdgeKind({ loses: true }), mcp, 'mcp');

serverContract('mesh, found out', meshKind, automatic, 'mesh');
serverContract('envelope, found out', () => envelopeKind(), automatic, 'envelope');
serverContract('older MCP, found out', olderMcpKind, automatic, 'mcp', false);
serverContract('edge without work, found out', edgeKind, automatic, 'mcp', false);
serverContract('edge with work, found out', () => workingEdgeKind(), automatic, 'mcp');
