import type { Clock } from '../../shared/clock.ts';
import { isObject } from '../fields.ts';
import type { AgentIdentity, Incoming, Outgoing } from '../messages.ts';
import { parseJson } from '../safeJson.ts';
import type { Decoded, Dialect, DialectSession, Encoded, LastConnection } from './dialect.ts';

export type DialectName = Dialect['name'];

/** What one server was found to speak. */
export interface DialectMemory {
  recall(): DialectName | undefined;
  remember(name: DialectName): void;
  forget(): void;
}

/** So long a server may think about the hello before it counts as one that does not know it. */
const helloWithinMs = 3_000;
/** How servers hang up on a message they do not understand. */
const hangUps: ReadonlySet<number> = new Set([1000, 1002, 1003, 1007, 1008]);

/**
 * Finds out which dialect a server speaks, by one message that every known server answers in its own way. Who is silent,
 * or hangs up on it, is taken for one that follows the guide. What was found out once is not asked again.
 */
export function detecting(dialects: Readonly<Record<DialectName, Dialect>>, memory: DialectMemory): Dialect {
  let known = memory.recall();
  /** How the next unknown server is addressed. */
  let next: 'hello' | 'guide' = 'hello';
  /** Connections in a row that ended before the registration. */
  let inVain = 0;
  let current: DialectName | undefined = known;

  const found = (name: DialectName) => {
    known = name;
    current = name;
    memory.remember(name);
  };
  const mistaken = () => {
    known = undefined;
    current = undefined;
    next = 'hello';
    memory.forget();
  };
  return {
    get name() {
      return current ?? 'mesh';
    },
    get maxFrameBytes() {
      return dialects[current ?? 'mesh'].maxFrameBytes;
    },
    open: (self, clock) => {
      current = known ?? (next === 'guide' ? 'mesh' : undefined);
      if (current === 'mesh') return guided(dialects.mesh.open(self, clock), mistaken);
      if (current !== undefined) return dialects[current].open(self, clock);
      return probing(dialects, self, clock, { found, guessed: () => (current = 'mesh'), mistaken });
    },
    ended: ({ registered, opened, closeCode }: LastConnection) => {
      if (registered) {
        inVain = 0;
        // By silence: it bore the guide's registration.
        if (known === undefined && current === 'mesh') found('mesh');
        return undefined;
      }
      if (!opened) return undefined;
      inVain += 1;
      if (known !== undefined) {
        if (inVain >= 2) mistaken();
        return undefined;
      }
      if (next === 'guide') {
        next = 'hello';
        return closeCode !== undefined && hangUps.has(closeCode) ? 'noneFits' : undefined;
      }
      if (current !== undefined || closeCode === undefined) return undefined;
      if (hangUps.has(closeCode)) {
        next = 'guide';
        return 'another';
      }
      // Once it may have been the network.
      if (inVain >= 2) next = 'guide';
      return undefined;
    },
  };
}

/** The guide's dialect on a server that was not told to be one: what speaks otherwise is found out. */
function guided(session: DialectSession, mistaken: () => void): DialectSession {
  return {
    ...session,
    decode: (text) => {
      const decoded = session.decode(text);
      if (decoded.kind !== 'malformed' || spokenIn(text) === 'mesh' || spokenIn(text) === undefined) return decoded;
      mistaken();
      return expired;
    },
  };
}

const expired: Decoded = {
  kind: 'words',
  words: [{ kind: 'expired', text: 'the server speaks another dialect' }],
  replies: [],
};

interface Findings {
  found(name: DialectName): void;
  /** Nothing was heard, so it is taken for the guide's. */
  guessed(): void;
  mistaken(): void;
}

function probing(
  dialects: Readonly<Record<DialectName, Dialect>>,
  self: AgentIdentity,
  clock: Clock,
  findings: Findings,
): DialectSession {
  let inner: DialectSession | undefined;
  let registration: Extract<Outgoing, { kind: 'register' }> = { kind: 'register', runningTasks: [] };
  let helloId = '';
  let innerId = '';

  function begin(name: DialectName): { readonly session: DialectSession; readonly frames: readonly string[] } {
    const opened = dialects[name].open(self, clock);
    const session = name === 'mesh' ? guided(opened, findings.mistaken) : opened;
    const { messageId, frames } = session.encode(registration);
    inner = session;
    innerId = messageId;
    return { session, frames };
  }

  /** The connection knows our registration by the id of the hello. */
  function renamed(decoded: Decoded): Decoded {
    if (decoded.kind !== 'words') return decoded;
    const words = decoded.words.map(
      (word): Incoming =>
        word.kind === 'refused' && word.about === innerId && innerId !== '' ? { ...word, about: helloId } : word,
    );
    return { ...decoded, words };
  }

  function first(text: string): Decoded {
    const name = spokenIn(text);
    if (name === undefined) return { kind: 'malformed', problem: 'no dialect that we know', replies: [] };
    const json = parseJson(text);
    const frame = json.ok && isObject(json.value) ? json.value : {};
    if (name === 'mesh') {
      findings.found(name);
      const { session, frames } = begin(name);
      // It does not know the hello, and need not.
      if (frame['type'] === 'error') return { kind: 'words', words: [], replies: frames };
      const decoded = session.decode(text);
      return decoded.kind === 'unknown'
        ? { kind: 'words', words: [], replies: frames }
        : { ...decoded, replies: [...frames, ...decoded.replies] };
    }
    if (frame['id'] !== helloId) return { kind: 'unknown', name: 'no answer to the hello' };
    findings.found(name);
    const { session, frames } = begin(name);
    // Somebody's MCP server that wants the hello in its own form.
    if (name === 'mcp' && frame['error'] !== undefined) return { kind: 'words', words: [], replies: frames };
    // Every dialect's own first message asks what the hello asked.
    return renamed(session.decode(JSON.stringify({ ...frame, id: innerId })));
  }

  return {
    get silenceMeansRegistered() {
      return inner ? inner.silenceMeansRegistered : helloWithinMs;
    },
    afterSilence: () => {
      if (inner) return [];
      findings.guessed();
      return begin('mesh').frames;
    },
    get pollEvery() {
      return inner?.pollEvery;
    },
    poll: () => inner?.poll() ?? [],
    encode: (message): Encoded => {
      if (message.kind === 'register' && !inner) {
        registration = message;
        helloId = clock.uuid();
        return { messageId: helloId, frames: [hello(helloId, self)], delivery: 'none' };
      }
      return inner?.encode(message) ?? { messageId: clock.uuid(), frames: [], delivery: 'none' };
    },
    decode: (text) => (inner ? renamed(inner.decode(text)) : first(text)),
    goodbye: () => inner?.goodbye?.() ?? [],
  };
}

/**
 * Compact, because one server looks for the bytes `"jsonrpc":"2.0"`; with an id that is text, because one hangs up on a
 * number; with the capabilities as names, because one cannot read them otherwise.
 */
function hello(id: string, self: AgentIdentity): string {
  const name = (self.readableId ?? self.id).slice(0, 255);
  const version = self.version.slice(0, 128);
  const params = {
    protocolVersion: '2025-06-18',
    clientInfo: { name, version, type: 'ide' },
    name: self.name,
    agentId: self.id,
    version: '1.0.0',
    capabilities: [...new Set(self.capabilities.flatMap(({ taskTypes }) => taskTypes))],
    metadata: { type: 'ide', agent_version: version },
  };
  return JSON.stringify({ jsonrpc: '2.0', id, type: 0, method: 'initialize', params });
}

/** By its form alone; undefined when it has none that we know. */
function spokenIn(text: string): DialectName | undefined {
  const json = parseJson(text);
  if (!json.ok || !isObject(json.value)) return undefined;
  if (json.value['jsonrpc'] === '2.0') return 'mcp';
  if (typeof json.value['type'] === 'number') return 'envelope';
  return typeof json.value['type'] === 'string' ? 'mesh' : undefined;
}
