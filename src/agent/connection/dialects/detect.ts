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
/**
 * Ends that say nothing about the message they follow: the server goes away, is busy, or knows the key and does not
 * accept it. After any other the next connection begins with the guide's registration.
 */
const notAboutTheHello: ReadonlySet<number> = new Set([1001, 1012, 1013, 1014, 4001, 4401, 4403]);
/** How servers hang up on a message they do not understand. */
const hangUps: ReadonlySet<number> = new Set([1000, 1002, 1003, 1005, 1007, 1008]);
/** Those that say nothing else, so that waiting cannot help. */
const notUnderstood: ReadonlySet<number> = new Set([1002, 1003, 1007]);
const policyViolation = 1008;
const cut = 1006;

/**
 * Finds out which dialect a server speaks, by one message that every known server answers in its own way. Who is silent,
 * or hangs up on it, is taken for one that follows the guide. What was found out once is not asked again.
 */
export function detecting(dialects: Readonly<Record<DialectName, Dialect>>, memory: DialectMemory): Dialect {
  let known = memory.recall();
  /** How the next unknown server is addressed. */
  let next: 'hello' | 'guide' = 'hello';
  /** What the last connection began with. */
  let first: 'hello' | 'guide' | 'known' = 'known';
  /** The server hung up on the hello, in so many words. */
  let hungUp = false;
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
    inVain = 0;
    memory.forget();
  };
  const guess = { found: () => found('mesh'), mistaken };
  return {
    get name() {
      return current ?? 'mesh';
    },
    get maxFrameBytes() {
      return dialects[current ?? 'mesh'].maxFrameBytes;
    },
    open: (self, clock, mostFrameBytes) => {
      first = known === undefined ? next : 'known';
      current = known ?? (next === 'guide' ? 'mesh' : undefined);
      if (current === 'mesh') return guided(dialects.mesh.open(self, clock, mostFrameBytes), guess);
      if (current !== undefined) return dialects[current].open(self, clock, mostFrameBytes);
      return probing(dialects, { self, clock, mostFrameBytes }, { ...guess, found, guessed: () => (current = 'mesh') });
    },
    ended: ({ registered, opened, closeCode, unanswered }: LastConnection) => {
      if (registered) {
        inVain = 0;
        next = 'hello';
        return undefined;
      }
      if (!opened) return undefined;
      if (first === 'hello') {
        // It may have named its dialect before it hung up, and want the registration first all the same.
        const asked = current === undefined || current === 'mesh';
        if (!asked || closeCode === undefined || notAboutTheHello.has(closeCode)) return undefined;
        if (known === undefined) next = 'guide';
        hungUp = closeCode !== cut;
        return 'another';
      }
      if (first === 'guide') {
        const none = hungUp && closeCode !== undefined && hangUps.has(closeCode);
        next = 'hello';
        return none ? 'noneFits' : undefined;
      }
      // It waits for other words: the hello finds out within seconds which.
      if (unanswered) {
        mistaken();
        return 'another';
      }
      inVain += 1;
      // Taken for a refused key, after which nothing is tried: the person's next try shall not begin the same way.
      if (inVain >= 2 || closeCode === policyViolation) mistaken();
      return closeCode !== undefined && notUnderstood.has(closeCode) ? 'another' : undefined;
    },
  };
}

interface Guess {
  /** Who bears the guide's registration, in silence or in words, speaks by the guide. */
  found(): void;
  mistaken(): void;
}

/** The guide's dialect on a server that was not told to be one: what speaks otherwise is found out. */
function guided(session: DialectSession, { found, mistaken }: Guess): DialectSession {
  return {
    ...session,
    afterSilence: () => {
      found();
      return [];
    },
    decode: (text) => {
      const decoded = session.decode(text);
      if (decoded.kind === 'words' && !decoded.words.some(({ kind }) => kind === 'refused')) found();
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

/** What a session is opened with. */
interface Opening {
  readonly self: AgentIdentity;
  readonly clock: Clock;
  readonly mostFrameBytes: () => number;
}

function probing(
  dialects: Readonly<Record<DialectName, Dialect>>,
  { self, clock, mostFrameBytes }: Opening,
  findings: Findings,
): DialectSession {
  let inner: DialectSession | undefined;
  let registration: Extract<Outgoing, { kind: 'register' }> = { kind: 'register', runningTasks: [] };
  let helloId = '';
  let innerId = '';

  function begin(name: DialectName): { readonly session: DialectSession; readonly frames: readonly string[] } {
    const opened = dialects[name].open(self, clock, mostFrameBytes);
    const session = name === 'mesh' ? guided(opened, { ...findings, found: () => findings.found('mesh') }) : opened;
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
      const decoded = session.decode(text);
      // It does not know the hello, and need not. That the key is wrong is no answer to a hello alone.
      if (frame['type'] === 'error' && !refusesKey(decoded)) return { kind: 'words', words: [], replies: frames };
      return decoded.kind === 'unknown'
        ? { kind: 'words', words: [], replies: frames }
        : { ...decoded, replies: [...frames, ...decoded.replies] };
    }
    // An error in JSON-RPC may leave out the id of what it could not read.
    const nameless = name === 'mcp' && frame['error'] !== undefined && (frame['id'] ?? null) === null;
    if (frame['id'] !== helloId && !nameless) return { kind: 'unknown', name: 'no answer to the hello' };
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
      if (inner) return inner.afterSilence?.() ?? [];
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

/** Some answer whatever comes before a registration as if the key were at fault. */
function refusesKey(decoded: Decoded): boolean {
  if (decoded.kind !== 'words') return false;
  return decoded.words.some((word) => word.kind === 'refused' && word.reason === 'key' && !/regist/i.test(word.text));
}

/** By its form alone; undefined when it has none that we know. */
function spokenIn(text: string): DialectName | undefined {
  const json = parseJson(text);
  if (!json.ok || !isObject(json.value)) return undefined;
  if (json.value['jsonrpc'] === '2.0') return 'mcp';
  if (typeof json.value['type'] === 'number') return 'envelope';
  return typeof json.value['type'] === 'string' ? 'mesh' : undefined;
}
