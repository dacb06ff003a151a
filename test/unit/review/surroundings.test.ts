import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { succeeded } from '../../../src/agent/failures.ts';
import type { Finding, FoundIssue } from '../../../src/agent/findings/finding.ts';
import { createSuppressions } from '../../../src/agent/findings/suppressions.ts';
import type { ChangeScope } from '../../../src/agent/host.ts';
import { surroundingsOf } from '../../../src/agent/review/context/surroundings.ts';
import type { ReviewResult } from '../../../src/agent/review/result.ts';
import { createReviewer } from '../../../src/agent/review/review.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import type { Task, WorkReport } from '../../../src/agent/tasks/task.ts';
import { createWorkspace } from '../../../src/agent/workspace/workspace.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';

const cart = [
  'import { priceOf } from "./prices";',
  'export function total(items) {',
  '  return items[0].price;',
  '}',
  '',
].join('\n');
const prices = 'export function priceOf(item) {\n  return item.price;\n}\n';
const crash = {
  quote: '  return items[0].price;',
  line_hint: 3,
  failure_scenario: 'total([]) throws a TypeError.',
  category: 'correctness',
  severity: 'high',
  confidence: 0.9,
  title: 'An empty cart throws',
};

/** The reviewer over a real workspace, with a model that reports `crash` each time. */
function world(context: TestContext, files: Readonly<Record<string, string>>, issues: readonly FoundIssue[] = []) {
  const host = new FakeHost({ files });
  context.after(() => host.dispose());
  const clock = new FakeClock();
  const suppressions = createSuppressions(host, clock, (error) => {
    throw error;
  });
  const workspace = createWorkspace(host, () => defaultSettings.limits);
  const model = new ScriptedModel('m');
  model.onRequest = () => formAnswer({ notes: '', findings: [crash] });
  const reviewer = createReviewer({
    clock,
    log: host.log,
    settings: () => defaultSettings,
    workspace,
    surroundings: (snapshots, slices, signal) =>
      surroundingsOf(snapshots, { host, workspace, suppressions }, slices, signal),
    checks: async () => [{ name: 'rules', check: async ({ file }) => issues.filter((issue) => issue.file === file) }],
    model: async () => succeeded(model),
  });
  const shown: (readonly Finding[])[] = [];
  const report: WorkReport = {
    progress: () => {},
    found: () => {},
    replaceFindings: (findings) => shown.push(findings),
  };
  const review = async (payload: object) => {
    const task: Task = { id: 't1', type: 'code_review', priority: 'normal', payload, origin: 'server' };
    const outcome = await reviewer(task, report, new AbortController().signal);
    assert.notEqual(outcome.status, 'failed');
    return outcome.status === 'failed' ? assert.fail() : (outcome.result as ReviewResult);
  };
  return { host, model, review, shown, suppressions };
}

test('the model is shown the instructions, what was imported, and the code, in this order', async (context) => {
  const { model, review } = world(context, {
    'src/cart.js': cart,
    'src/prices.js': prices,
    'AGENTS.md': 'Prices are in cents.',
    'src/pay.js': 'import { total } from "./cart";\ntotal([]);\n',
  });
  const result = await review({ file: 'src/cart.js' });
  const { prompt = '' } = model.requests[0] ?? {};
  const places = ['Prices are in cents.', 'caller of total', '1| import { priceOf }'].map((text) =>
    prompt.indexOf(text),
  );
  assert.ok(
    places.every((place, index) => place > (places[index - 1] ?? -1)),
    `${places}`,
  );
  assert.deepEqual(result.instructions_applied, ['AGENTS.md']);
});

test('what the review file excludes is not reviewed, and what it switches off is not found', async (context) => {
  const issue: FoundIssue = {
    source: 'rule',
    type: 'security',
    severity: 'high',
    confidence: 0.9,
    file: 'src/cart.js',
    range: { line: 1, column: 1, endLine: 1, endColumn: 7 },
    title: 'Found by a rule',
    description: 'It is there.',
    quote: 'import',
    ruleId: 'js-off',
  };
  const { review } = world(
    context,
    {
      'src/cart.js': cart,
      'src/old.js': cart,
      '.developer-mesh/review.yaml': 'exclude: [src/old.js]\nrules:\n  disable: [js-off]\n',
    },
    [issue],
  );
  const result = await review({ files: ['src/*.js'] });
  assert.deepEqual(result.not_reviewed, [{ file: 'src/old.js', reason: 'excluded by .developer-mesh/review.yaml' }]);
  assert.deepEqual(
    result.findings.map(({ title }) => title),
    ['An empty cart throws'],
  );
});

test('a review file that cannot be used is named, and counts as no file that was left out', async (context) => {
  const { review } = world(context, { 'src/cart.js': cart, '.developer-mesh/review.yaml': 'excluded: []' });
  const result = await review({ file: 'src/cart.js' });
  assert.match(result.summary, /^1 finding \(1 high\) in 1 file\. \.developer-mesh\/review\.yaml was not used: /);
  assert.equal(result.metrics.files_reviewed, 1);
});

test('what is dismissed for everybody stays out of the result, is counted, and its reason is told', async (context) => {
  const { model, review, shown, suppressions } = world(context, { 'src/cart.js': cart });
  await review({ file: 'src/cart.js' });
  const [finding] = shown[0] ?? [];
  assert.ok(finding);
  await suppressions.add(finding, [finding], 'finding', 'shared', 'no cart is ever empty');
  const result = await review({ file: 'src/cart.js', instructions: 'again' });
  assert.deepEqual(result.findings, []);
  assert.equal(result.metrics.suppressed, 1);
  assert.match(result.summary, /1 finding dismissed for everybody is left out/);
  assert.match(model.requests.at(-1)?.prompt ?? '', /no cart is ever empty/);
  assert.equal(shown[1]?.length, 1, 'it can still be looked at');
});

test('what one person dismissed is still the server’s to know', async (context) => {
  const { review, shown, suppressions } = world(context, { 'src/cart.js': cart });
  await review({ file: 'src/cart.js' });
  const [finding] = shown[0] ?? [];
  assert.ok(finding);
  await suppressions.add(finding, [finding], 'finding', 'personal', '');
  const result = await review({ file: 'src/cart.js' });
  assert.equal(result.findings.length, 1);
});

test('findings of a commit stand where their code is now, and those whose code is gone stand nowhere', async (context) => {
  const commit: ChangeScope = { kind: 'commit', commit: 'abc' };
  for (const [now, line, gone] of [
    [`// new\n// lines\n${cart}`, 5, undefined],
    ['export const other = 1;\n', 3, true],
  ] as const) {
    const { host, review, shown } = world(context, { 'src/cart.js': now });
    host.setChanges([
      {
        path: 'src/cart.js',
        kind: 'modified',
        lines: [{ from: 1, to: 4 }],
        saved: async () => succeeded(Buffer.from(cart)),
      },
    ]);
    const result = await review({ commit: commit.commit });
    assert.equal(result.findings[0]?.line, 3, 'the server knows the commit');
    assert.equal(shown[0]?.[0]?.range.line, line);
    assert.equal(shown[0]?.[0]?.inTask, gone);
  }
});
