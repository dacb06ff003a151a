import type { AgentIdentity } from '../messages.ts';
import type { Dialect, DialectSession } from './dialect.ts';
import { decodeFrame } from './mesh/decode.ts';
import { encodeMessage } from './mesh/encode.ts';

/** The platform's integration guide: flat JSON with a string `type`, one WebSocket text frame each. */
export const mesh: Dialect = {
  name: 'mesh',
  maxFrameBytes: 900_000,
  open: (self, clock) => {
    let me = self;
    let serverAcknowledges = false;
    const session: DialectSession = {
      silenceMeansRegistered: 2_000,
      pollEvery: undefined,
      poll: () => [],
      encode: (message) => {
        const messageId = clock.uuid();
        const named: AgentIdentity = { ...me, id: me.assignedId ?? me.id };
        const frame = encodeMessage(message, { me: named, messageId, timestamp: new Date(clock.now()).toISOString() });
        const proof = serverAcknowledges ? 'reply' : 'pong';
        return {
          messageId,
          frames: [JSON.stringify(frame)],
          delivery: message.kind === 'result' ? proof : 'none',
        };
      },
      decode: (text) => {
        const { decoded, acknowledges, unnameable } = decodeFrame(text, me);
        if (acknowledges) serverAcknowledges = true;
        if (decoded.kind === 'words') {
          for (const word of decoded.words) {
            if (word.kind === 'registered' && word.agentId !== undefined) me = { ...me, assignedId: word.agentId };
          }
        }
        if (!unnameable || decoded.kind !== 'malformed') return decoded;
        const { problem, cut } = unnameable;
        const { frames } = session.encode({ kind: 'error', code: 'invalid_task_id', text: problem, about: cut });
        return { ...decoded, replies: frames };
      },
    };
    return session;
  },
};
