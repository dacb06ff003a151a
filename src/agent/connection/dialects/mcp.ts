import type { Clock } from '../../shared/clock.ts';
import type { Dialect } from './dialect.ts';
import { createBudget, edgePace, type Pace, type RequestBudget } from './mcp/budget.ts';
import { createLull, type Lull } from './mcp/lull.ts';
import { openMcp } from './mcp/session.ts';

/**
 * JSON-RPC as the platform's MCP servers speak it. One of them lets an agent ask for work; on the others it can only
 * be present. Make one for each server: what was asked and refused so far is remembered over reconnects.
 */
export function createMcp(pace: Pace = edgePace): Dialect {
  let budget: RequestBudget | undefined;
  let lull: Lull | undefined;
  return {
    name: 'mcp',
    // The server that has work closes above 32 KiB.
    maxFrameBytes: 30_000,
    open: (me, clock: Clock, most) => {
      budget ??= createBudget(clock, pace);
      lull ??= createLull(clock);
      return openMcp(me, clock, { budget, lull }, most);
    },
  };
}
