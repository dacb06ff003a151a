import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { failed, failures, type Outcome, succeeded } from '../../../src/agent/failures.ts';
import type { FoundIssue } from '../../../src/agent/findings/finding.ts';
import type { Model, ModelRequest } from '../../../src/agent/models/model.ts';
import { largePreview, largeReview, previewReview } from '../../../src/agent/review/preview.ts';
import { createReviewer, type ReviewParts } from '../../../src/agent/review/review.ts';
import { checkSettings } from '../../../src/agent/settings.ts';
import type { NotReviewed, Snapshot } from '../../../src/agent/workspace/snapshot.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';

const never = new AbortController().signal;
const payload = { files: ['**/*'] };
const priced = 'global.anthropic.claude-opus-5';

function file(name: string, text = 'def total(values):\n    return sum(values) / len(values)\n'): Snapshot {
  return { file: name, absolutePath: `/ws/${name}`, language: 'python', text };
}

const ruleIssue: FoundIssue = {
  source: 'rule',
  type: 'correctness',
  severity: 'high',
  confidence: 0.9,
  file: 'a.py',
  range: { line: 2, column: 5, endLine: 2, endColumn: 10 },
  title: 'A rule says so',
  description: 'It does.',
  quote: 'return',
};

interface World {
  snapshots: readonly Snapshot[];
  notReviewed?: readonly NotReviewed[];
  model?: Outcome<Model>;
  folder?: string;
  useModel?: boolean;
}

function world({ snapshots, notReviewed = [], model, folder, useModel = true }: World) {
  const scripted = new ScriptedModel(priced);
  scripted.onRequest = () => formAnswer({ findings: [] });
  const logged: string[] = [];
  const parts: ReviewParts = {
    clock: new FakeClock(),
    log: (_level, message) => logged.push(message),
    settings: () => checkSettings({ review: { useModel } }).settings,
    workspace: { snapshots: async () => succeeded({ snapshots, notReviewed }) },
    checks: async () => [{ name: 'rules', check: async (one) => (one.file === 'a.py' ? [ruleIssue] : []) }],
    model: async () => model ?? succeeded(scripted),
    ...(folder !== undefined && { answersFolder: folder }),
  };
  const review = () =>
    createReviewer(parts)(
      { id: 't', type: 'code_review', payload, priority: 'high', origin: 'local' },
      { progress: () => {}, found: () => {}, replaceFindings: () => {} },
      never,
    );
  return { parts, scripted, logged, review };
}

async function exact(parts: ReviewParts) {
  const preview = await previewReview(payload, parts, never);
  assert.ok(preview.ok);
  return preview.value;
}

/** Without the marks, which are drawn anew each time. */
const comparable = ({ system, prompt, tool, maxTokens }: ModelRequest) =>
  JSON.stringify({ system, prompt: prompt.replace(/data-[0-9a-f-]{36}/g, 'data'), tool, maxTokens });

test('a preview is, word for word, what the review then sends, and the model is not called for it', async () => {
  const snapshots = Array.from({ length: 9 }, (_, index) => file(`${'abcdefghi'[index]}.py`));
  const { parts, scripted, logged, review } = world({ snapshots });
  const preview = await exact(parts);
  assert.equal(scripted.requests.length, 0);
  assert.deepEqual(logged, []);
  await review();
  assert.ok(scripted.requests.length > 1);
  assert.deepEqual(preview.requests.map(comparable), scripted.requests.map(comparable));
  assert.match(preview.requests[0]?.prompt ?? '', /A rule says so/);
});

test('what is remembered is not shown as sent, and a preview makes nothing remembered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'preview-'));
  try {
    const { parts, review } = world({ snapshots: [file('a.py'), file('b.py')], folder });
    assert.equal((await exact(parts)).requests.length, 1);
    assert.equal((await exact(parts)).requests.length, 1);
    await review();
    const after = await exact(parts);
    assert.deepEqual([after.requests.length, after.remembered], [0, 2]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('secrets and hidden characters are shown as they would be sent: masked', async () => {
  const key = `AKIA${'Q4ZX7LWN2MVB6TRE'}`;
  const { parts } = world({ snapshots: [file('a.py', `key = "${key}"\nname = "a\u202eb"\n`)] });
  const text = JSON.stringify((await exact(parts)).requests);
  assert.doesNotMatch(text, new RegExp(key));
  assert.doesNotMatch(text, /\u202e/);
});

test('it says how many files, what is left out and why, and what it would cost', async () => {
  const { parts } = world({ snapshots: [file('a.py')], notReviewed: [{ file: 'b.py', reason: 'generated' }] });
  const preview = await exact(parts);
  assert.deepEqual([preview.files, preview.notReviewed], [2, [{ file: 'b.py', reason: 'generated' }]]);
  assert.equal(preview.model, priced);
  assert.ok(preview.tokens > 100 && (preview.dollars ?? 0) > 0);
});

test('a model without a known price has no cost, and where there is no model it is said why', async () => {
  const unpriced = world({ snapshots: [file('a.py')], model: succeeded(new ScriptedModel('own-model')) });
  assert.equal((await exact(unpriced.parts)).dollars, undefined);
  const none = await exact(world({ snapshots: [file('a.py')], model: failed(failures.noRegion()) }).parts);
  assert.equal(none.failure?.code, 'no-region');
  assert.equal(none.requests.length, 1);
  const off = await exact(world({ snapshots: [file('a.py')], useModel: false }).parts);
  assert.deepEqual([off.requests.length, off.failure?.code], [0, 'model-off']);
});

async function isLarge(parts: ReviewParts): Promise<boolean> {
  const large = await largePreview(payload, parts, never);
  assert.ok(large.ok);
  return large.value !== undefined;
}

test('a review is large by its files, by its tokens, or by its dollars', async () => {
  const files = (count: number, text?: string) =>
    Array.from({ length: count }, (_, index) => file(`f${index}.py`, text));
  const free = succeeded(new ScriptedModel('own-model'));
  assert.equal(await isLarge(world({ snapshots: files(largeReview.files), model: free }).parts), false);
  assert.equal(await isLarge(world({ snapshots: files(largeReview.files + 1), model: free }).parts), true);
  const long = 'value = compute(value)\n'.repeat(800);
  assert.equal(await isLarge(world({ snapshots: files(10, long), model: free }).parts), false);
  assert.equal(await isLarge(world({ snapshots: files(25, long), model: free }).parts), true);
  assert.equal(await isLarge(world({ snapshots: files(10, long) }).parts), true, 'costs more than a dollar');
});

test('what would send nothing is not large, however much there is', async () => {
  const snapshots = Array.from({ length: 60 }, (_, index) => file(`f${index}.py`));
  assert.equal(await isLarge(world({ snapshots, useModel: false }).parts), false);
  assert.equal(await isLarge(world({ snapshots, model: failed(failures.noRegion()) }).parts), false);
});

test('what cannot be read says so', async () => {
  const { parts } = world({ snapshots: [] });
  assert.equal((await previewReview({}, parts, never)).ok, false);
  assert.equal((await largePreview({}, parts, never)).ok, false);
});
