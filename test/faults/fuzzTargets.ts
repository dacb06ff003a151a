import { createHash } from 'node:crypto';
import { checkConfigUpdate } from '../../src/agent/connection/configUpdate.ts';
import { described } from '../../src/agent/connection/described.ts';
import { type DialectMemory, detecting } from '../../src/agent/connection/dialects/detect.ts';
import type { Dialect, DialectSession } from '../../src/agent/connection/dialects/dialect.ts';
import { envelope } from '../../src/agent/connection/dialects/envelope.ts';
import { createMcp } from '../../src/agent/connection/dialects/mcp.ts';
import { mesh } from '../../src/agent/connection/dialects/mesh.ts';
import { fieldsOf } from '../../src/agent/connection/fields.ts';
import { fitResult } from '../../src/agent/connection/fitResult.ts';
import type { AgentIdentity, Incoming, Outgoing } from '../../src/agent/connection/messages.ts';
import { parseServerUrl } from '../../src/agent/connection/serverUrl.ts';
import {
  readDeadline,
  readId,
  readPriority,
  readTitle,
  typeByCapability,
} from '../../src/agent/connection/taskFields.ts';
import { parseRetryAfter } from '../../src/agent/connection/webSocket.ts';
import { askWriter, type WriterQuestion } from '../../src/agent/documentation/askWriter.ts';
import { readEdit } from '../../src/agent/documentation/proposals.ts';
import { noTokens } from '../../src/agent/models/model.ts';
import { readModelFinding } from '../../src/agent/review/ai/answerSchema.ts';
import { createAnswerParser } from '../../src/agent/review/ai/parseAnswer.ts';
import { checkSettings } from '../../src/agent/settings.ts';
import { decodeLine } from '../../src/agent/tasks/journalLines.ts';
import { JournalState } from '../../src/agent/tasks/journalState.ts';
import { parseAnalysis, parseDocumentation, parseReview } from '../../src/agent/tasks/payload.ts';
import type { TaskResult } from '../../src/agent/tasks/task.ts';
import { redact } from '../../src/agent/workspace/redact.ts';
import type { Dice } from '../fakes/dice.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { type Script, ScriptedModel } from '../fakes/scriptedModel.ts';
import { type Sample, samplesOf } from './fuzzWords.ts';

/** Something that reads what others wrote. */
export interface Target {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** Of so many messages that are for others it gets one: those that read the wire get all. */
  readonly every: number;
  /** Begins a new life, set up for messages like this one. */
  begin?(sample: Sample): void;
  /** `value`: the text as JSON, as it is read from the other side; undefined when it is none. */
  take(text: string, value: unknown): void | Promise<void>;
}

const me: AgentIdentity = {
  id: '2f4f7a3e-8c0e-4e0b-9d52-2a3f7f3a7b10',
  name: 'Visual Studio Code on nova',
  version: '1.0.0',
  capabilities: [
    { name: 'code_analysis', confidence: 0.9, taskTypes: ['code_review'], languages: ['go'], specialties: [] },
  ],
  config: {},
};
const register: Outgoing = { kind: 'register', runningTasks: ['t-1'] };

/** Its ids are those of the fixtures: `<1>`, `<2>`, ... */
class FixtureClock extends FakeClock {
  #ids = 0;

  override uuid(): string {
    this.#ids += 1;
    return `<${this.#ids}>`;
  }
}

interface Step {
  readonly say?: Outgoing;
  readonly hear?: unknown;
  readonly poll?: true;
}

function isStep(value: unknown): value is Step {
  return typeof value === 'object' && value !== null;
}

function dialectTarget(
  name: Dialect['name'],
  make: () => Dialect,
  heard: (words: readonly Incoming[]) => void,
): Target {
  let session = opened(make());
  return {
    name: `${name} decode`,
    samples: samplesOf(name),
    every: 1,
    begin(sample) {
      session = opened(make());
      for (const step of sample.before.filter(isStep)) {
        if (step.say) session.encode(step.say);
        else if (step.poll) session.poll();
        else session.decode(typeof step.hear === 'string' ? step.hear : JSON.stringify(step.hear));
      }
    },
    take(text) {
      const decoded = session.decode(text);
      if (decoded.kind === 'words') heard(decoded.words);
    },
  };
}

function opened(dialect: Dialect): DialectSession {
  return dialect.open(me, new FixtureClock(), () => dialect.maxFrameBytes);
}

/** What nobody remembers. */
const forgetful: DialectMemory = { recall: () => undefined, remember: () => undefined, forget: () => undefined };

function firstFrame(samples: readonly Sample[]): Target {
  return {
    name: 'first frame of an unknown server',
    samples,
    every: 1,
    take(text) {
      const session = opened(detecting({ mesh, envelope, mcp: createMcp() }, forgetful));
      session.encode(register);
      session.decode(text);
      session.decode(text);
      session.poll();
    },
  };
}

const sampled = (from: string, ...values: readonly unknown[]): readonly Sample[] =>
  values.map((value) => ({ from, before: [], value }));

const payloads = sampled(
  'payload',
  { code: 'print(1)', language: 'python', filename: 'a.py', instructions: 'look at errors', focus_areas: ['security'] },
  { files: ['src/**/*.ts', 'README.md'], focusAreas: 'security, speed' },
  { diff: true },
  { file: 'src/a.ts', symbol: 'open' },
  { paths: ['src'], question: 'What depends on what?' },
);
const configs = sampled(
  'config',
  {
    version: 3,
    embedding_strategy: 'balanced',
    model_preferences: [{ task_type: 'code_analysis', primary_models: ['m'], fallback_models: [], weight: 0.5 }],
    constraints: { max_cost_per_month_usd: 10, rate_limits: { concurrent_requests: 1, requests_per_minute: 60 } },
    fallback_behavior: { max_retries: 3, circuit_breaker: { enabled: true, timeout_seconds: 30 } },
    is_active: true,
  },
  { constraints: { 'rate_limits.concurrent_requests': 2 } },
);
const settings = sampled('settings', {
  server: { url: 'wss://example.com/ws', dialect: 'auto' },
  agent: { name: 'a', id: 'b' },
  bedrock: { region: 'eu-central-1', model: 'm' },
  review: { minimumSeverity: 'low', minimumConfidence: 0.5 },
  limits: { concurrentTasks: 2, queuedTasks: 200 },
});
const finding = {
  quote: 'return a / b',
  line_hint: 3,
  failure_scenario: 'b is 0',
  category: 'correctness',
  severity: 'high',
  confidence: 0.9,
  title: 'Division by zero',
  suggestion: 'check b',
  fix: { old: 'a / b', new: 'b ? a / b : 0' },
};
const findings = sampled('finding', finding);
const answers = sampled(
  'answer',
  { findings: [finding, { ...finding, title: 'Another' }], notes: 'none' },
  { findings: [] },
  { report: { findings: [finding] } },
  { findings: JSON.stringify([finding]) },
);
const edits = sampled('edit', { symbol: 'open', old: 'function open() {', new: '/** Opens. */\nfunction open() {' });
const result: TaskResult = {
  task_id: 't-1',
  status: 'completed',
  result: { summary: 'one finding', findings: [finding], recommendations: [] },
  metadata: { static_issues: 1, ai_suggestions: 0, confidence: 0.9, duration_ms: 5, not_reviewed: [] },
  completed_at: '2026-01-01T00:00:00.000Z',
};
const task = { id: 't-1', type: 'code_review', priority: 'normal', payload: { diff: true }, origin: 'server' };
const records = sampled(
  'record',
  { kind: 'received', task },
  { kind: 'accepted', id: 't-1' },
  { kind: 'running', id: 't-1', attempt: 1 },
  { kind: 'stopped', id: 't-1', attempt: 1 },
  { kind: 'result', result },
  { kind: 'ended', id: 't-1', how: 'delivered', at: 1, status: 'completed', result },
);
const prose = sampled(
  'prose',
  'Please review src/parcels.ts and "lib/*.go", and tell me what AKIAIOSFODNN7EXAMPLE is doing there.',
  'password = "hunter2hunter2"; see https://user:pa55word@example.com/path?token=abcdefghijklmnopqrstuvwxyz',
  'wss://example.com:8443/ws?token=abc',
);

function journalTarget(): Target {
  let state = new JournalState();
  return {
    name: 'journal line',
    samples: records,
    every: 4,
    begin: () => {
      state = new JournalState();
    },
    take(text, value) {
      decodeLine(text);
      // Under a right checksum, as a bug of an earlier version might have left it; nothing that could not be written.
      if (value === undefined) return;
      const sum = createHash('sha256').update(text).digest('hex').slice(0, 16);
      const record = decodeLine(`{"v":1,"sum":"${sum}","record":${text}}`);
      if (record) state.apply(record);
      state.records();
    },
  };
}

function answerTarget(dice: Dice): Target {
  return {
    name: "model's answer in pieces",
    samples: answers,
    every: 24,
    take(text) {
      const parser = createAnswerParser();
      for (let at = 0; at < text.length; ) {
        const next = at + dice.between(1, 400);
        parser.add(text.slice(at, next));
        at = next;
      }
      parser.end(dice.chance(0.5));
    },
  };
}

function writerTarget(dice: Dice): Target {
  const clock = new FakeClock();
  const question: WriterQuestion = {
    file: 'a.ts',
    language: 'typescript',
    shownText: 'function open() {}\n',
    span: { from: 1, to: 1 },
    targets: [{ name: 'open', kind: 'function', line: 0 }],
  };
  return {
    name: "model's documentation",
    samples: sampled('documentation', { edits: edits.map(({ value }) => value) }),
    every: 24,
    async take(text) {
      const kind = dice.pick(['input', 'text']);
      const at = dice.between(0, text.length);
      const pieces = [text.slice(0, at), text.slice(at)].map((json): Script[number] =>
        kind === 'input' ? { kind, json } : { kind: 'text', text: json },
      );
      const model = new ScriptedModel('scripted', [...pieces, { kind: 'done', tokens: noTokens }]);
      await askWriter(model, question, clock, new AbortController().signal);
    },
  };
}

/**
 * Every reader of what a server, a model or a disk wrote; over 300 lines with their samples, because a reader that is
 * missing from one list is seen. `heard` gets what the dialects made of it.
 */
export function allTargets(dice: Dice, heard: (words: readonly Incoming[]) => void): readonly Target[] {
  const dialects = [
    dialectTarget('mesh', () => mesh, heard),
    dialectTarget('envelope', () => envelope, heard),
    dialectTarget('mcp', () => createMcp(), heard),
  ];
  return [
    ...dialects,
    firstFrame(dialects.flatMap(({ samples }) => samples)),
    { name: 'config.update', samples: configs, every: 4, take: (_text, value) => void checkConfigUpdate(value) },
    {
      name: "task's fields",
      samples: sampled('fields', { ...task, deadline: '2026-01-01T00:00:00Z', title: 'a', capabilities: ['analysis'] }),
      every: 4,
      take(_text, value) {
        const fields = fieldsOf(value);
        readId(fields, ['task_id', 'id']);
        typeByCapability(fields, me);
        for (const each of [value, ...fields.values()]) {
          readPriority(each);
          readDeadline(each);
          readTitle(each);
        }
      },
    },
    {
      name: "task's payload",
      samples: payloads,
      every: 4,
      take(text, value) {
        for (const parse of [parseReview, parseDocumentation, parseAnalysis]) parse(value);
        parseReview(text);
      },
    },
    journalTarget(),
    { name: 'settings', samples: settings, every: 4, take: (_text, value) => void checkSettings(value) },
    answerTarget(dice.fork()),
    writerTarget(dice.fork()),
    { name: "model's finding", samples: findings, every: 4, take: (_text, value) => void readModelFinding(value) },
    { name: "model's edit", samples: edits, every: 4, take: (_text, value) => void readEdit(value) },
    {
      name: 'result to be shortened',
      samples: sampled('result', result.result),
      every: 24,
      take(_text, value) {
        fitResult({ ...result, result: value ?? null }, 8_000);
      },
    },
    {
      name: 'prose of a task',
      samples: prose,
      every: 4,
      take(text) {
        described('general', text);
        parseServerUrl(text);
        parseRetryAfter(text, 0);
      },
    },
    { name: 'redactor', samples: prose, every: 24, take: (text) => void redact(text) },
  ];
}
