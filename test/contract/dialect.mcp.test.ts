import { createMcp } from '../../src/agent/connection/dialects/mcp.ts';
import { dialectContract } from './dialect.ts';

// What was asked is counted over connections, but each fixture is a conversation of its own.
dialectContract({
  dialect: { ...createMcp(), open: (...given) => createMcp().open(...given) },
  hears: ['registered', 'task', 'cancel', 'delivered', 'refused', 'noTasks', 'resting', 'expired'],
});
