import { envelope } from '../../src/agent/connection/dialects/envelope.ts';
import { dialectContract } from './dialect.ts';

dialectContract({ dialect: envelope, hears: ['registered', 'task', 'cancel', 'delivered', 'refused'] });
