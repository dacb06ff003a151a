import type { Dialect } from './dialect.ts';
import { openEnvelope } from './envelope/session.ts';

/**
 * The numeric envelope of the platform's server up to August 2025: requests with string ids, each answered under its
 * id, and notifications about work that carry next to nothing of it.
 */
export const envelope: Dialect = { name: 'envelope', maxFrameBytes: 900_000, open: openEnvelope };
