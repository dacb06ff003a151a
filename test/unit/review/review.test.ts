import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { failed, failures, type Outcome, succeeded } from '../../../src/agent/failures.ts';
import type { Finding, FoundIssue } from '../../../src/agent/findings/finding.ts';
import { type Model, type ModelEvent, noTokens } from '../../../src/agent/models/model.ts';
import type { FixCheck } from '../../../src/agent/review/fixCheck.ts';
import type { ReviewResult } from '../../../src/agent/review/result.ts';
import { createReviewer } from '../../../src/agent/review/review.ts';
import type { StaticCheck } from '../../../src/agent/review/static/staticCheck.ts';
import { checkSettings } from '../../../src/agent/settings.ts';
import type { Task, WorkReport } from '../../../src/agent/tasks/task.ts';
import type { NotReviewed, Snapshot } from '../../../src/agent/workspace/snapshot.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';

const average = ['def average(items):', '    total = sum(items)', '    return total / len(items)', ''].join('\n');
const query = ['def load(db, user):', '    sql = "select * from t where u=" + user', '    return db.run(sql)', ''].join(
  '\n',
);

const divides = {
  quote: '    return total / len(items)',
  line_hint: 3,
  failure_scenario: 'average([]) divides by zero and raises ZeroDivisionError.',
  category: 'correctness',
  severity: 'high',
  confidence: 0.9,
  title: 'Division by zero for an empty list',
  suggestion: 'Return 0 for an empty list. Or raise ValueError.',
};

function snapshot(file: string, text: string, more: Partial<Snapshot> = {}): Snapshot {
  return { file, absolutePath: `/ws/${file}`, language: 'python', text, ...more };
}

function ruleIssue(file: string, more: Partial<FoundIssue> = {}): FoundIssue {
  return {
    source: 'rule',
    type: 'security',
    severity: 'high',
    confidence: 0.8,
    file,
    range: { line: 2, column: 5, endLine: 2, endColumn: 44 },
    title: 'SQL built by concatenation',
    description: 'The query is put together from text.',
    ruleId: 'python/sql',
    quote: 'sql = "select * from t where u=" + user',
    ...more,
  };
}

interface Setup {
  snapshots?: readonly Snapshot[];
  notReviewed?: readonly NotReviewed[];
  issues?: readonly FoundIssue[];
  check?: StaticCheck['check'];
  model?: Model | Outcome<Model>;
  review?: object;
  folder?: string;
  fixHolds?: FixCheck;
}

function setUp({ snapshots = [], notReviewed = [], issues = [], check, model, review = {}, folder, fixHolds }: Setup) {
  const found: Finding[][] = [];
  const finals: { findings: readonly Finding[]; reviewed: readonly string[]; hidden?: readonly Finding[] }[] = [];
  const stages: string[] = [];
  const report: WorkReport = {
    progress: (fraction, _message, stage) => {
      assert.ok(fraction >= 0 && fraction <= 1);
      stages.push(stage);
    },
    found: (findings) => found.push([...findings]),
    replaceFindings: (findings, reviewed, hidden = []) => finals.push({ findings, reviewed, hidden }),
  };
  const settings = checkSettings({ review }).settings;
  const reviewer = createReviewer({
    clock: new FakeClock(),
    log: () => {},
    settings: () => settings,
    ...(folder !== undefined && { answersFolder: folder }),
    ...(fixHolds && { fixHolds }),
    workspace: { snapshots: async () => succeeded({ snapshots, notReviewed }) },
    checks: async () => [
      { name: 'rules', check: check ?? (async ({ file }) => issues.filter((issue) => issue.file === file)) },
    ],
    model: async () =>
      model && 'stream' in model ? succeeded(model) : (model ?? failed(failures.noCredentials('none'))),
  });
  const run = async (payload: unknown = { files: ['**/*'] }, signal = new AbortController().signal) => {
    const outcome = await reviewer(task(payload), report, signal);
    const result = outcome.status === 'failed' ? undefined : (outcome.result as ReviewResult);
    return { outcome, result };
  };
  return { run, found, finals, stages };
}

function task(payload: unknown): Task {
  return { id: 'task-1', type: 'code_review', priority: 'normal', payload, origin: 'server' };
}

const done: ModelEvent = { kind: 'done', tokens: noTokens };
const failing = (failure: ReturnType<typeof failures.noRegion>): ModelEvent => ({
  kind: 'failed',
  failure,
  tokens: noTokens,
});

test("a review reports the model's findings where their quotes stand, once early and once in the end", async () => {
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [divides] }));
  const { run, found, finals } = setUp({ snapshots: [snapshot('a.py', average)], model });
  const { outcome, result } = await run();
  assert.equal(outcome.status, 'completed');
  assert.equal(result?.findings.length, 1);
  const [finding] = result?.findings ?? [];
  assert.deepEqual(
    [finding?.file, finding?.line, finding?.column, finding?.end_line, finding?.end_column, finding?.quote],
    ['a.py', 3, 5, 3, 30, 'return total / len(items)'],
  );
  assert.equal(found.length, 1);
  assert.deepEqual(finals[0]?.findings, found[0]);
  assert.deepEqual(finals[0]?.reviewed, ['a.py']);
  assert.match(result?.summary ?? '', /^1 finding \(1 high\) in 1 file\.$/);
  assert.deepEqual(result?.recommendations, ['Return 0 for an empty list (a.py:3)']);
});

test('static findings are reported before the model has answered', async () => {
  const model = new ScriptedModel('m');
  const { run, found } = setUp({ snapshots: [snapshot('q.py', query)], issues: [ruleIssue('q.py')], model });
  model.onRequest = () => {
    assert.equal(found[0]?.[0]?.ruleId, 'python/sql');
    return formAnswer({ notes: '', findings: [] });
  };
  const { result } = await run();
  assert.equal(result?.metrics.static_issues, 1);
  assert.equal(model.requests.length, 1);
});

test('a rule and the model on one line about one thing become one finding', async () => {
  const same = {
    ...divides,
    quote: '    sql = "select * from t where u=" + user',
    category: 'security',
    severity: 'critical',
    failure_scenario: 'user = "x\' or 1=1" reads every row.',
    title: 'SQL injection through user',
  };
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [same] }));
  const { run, found } = setUp({ snapshots: [snapshot('q.py', query)], issues: [ruleIssue('q.py')], model });
  const { result } = await run();
  const [only, ...others] = result?.findings ?? [];
  assert.deepEqual(others, []);
  assert.equal(only?.rule_id, 'python/sql');
  assert.equal(only?.severity, 'critical');
  assert.match(only?.description ?? '', /every row/);
  assert.equal(only?.id, found[0]?.[0]?.id);
  assert.equal(found.length, 1, 'the same thing was shown twice on the way');
  assert.equal(result?.metrics.merged, 1);
});

test('a quote that is not in the file is dropped and counted', async () => {
  const invented = { ...divides, quote: 'connection = pool.acquire()', title: 'Leak' };
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [invented, { praise: 'great' }, divides] }));
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model });
  const { result } = await run();
  assert.equal(result?.findings.length, 1);
  assert.equal(result?.metrics.dropped_unanchored, 1);
  assert.equal(result?.metrics.dropped_invalid, 1);
});

test('what is below the thresholds, outside the changes or beyond the limit is dropped and counted', async () => {
  const text = `${average}\n${'step()\n'.repeat(30)}${query}`;
  const findings = [
    { ...divides, confidence: 0.3 },
    { ...divides, severity: 'low', title: 'Another' },
    { ...divides, quote: 'sql = "select * from t where u=" + user', line_hint: 36, title: 'Far away' },
  ];
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings }));
  const { run } = setUp({
    snapshots: [snapshot('a.py', text, { changed: [{ from: 1, to: 3 }] })],
    model,
    review: { minimumSeverity: 'medium' },
  });
  const { result } = await run({ diff: true });
  assert.deepEqual(result?.findings, []);
  assert.equal(result?.metrics.dropped_by_filter, 3);
});

for (const [what, setup, code] of [
  ['no credentials', {}, 'no-credentials'],
  ['the model switched off', { review: { useModel: false } }, 'model-off'],
] as const) {
  test(`with ${what} the static findings stand and the review is inconclusive`, async () => {
    const snapshots = [snapshot('q.py', query), snapshot('a.py', average)];
    const { run, finals } = setUp({ snapshots, issues: [ruleIssue('q.py')], ...setup });
    const { outcome, result } = await run();
    assert.ok(outcome.status === 'inconclusive');
    assert.equal(outcome.failure.code, code);
    assert.deepEqual(
      result?.findings.map(({ rule_id }) => rule_id),
      ['python/sql'],
    );
    assert.deepEqual(
      result?.not_reviewed.map(({ file }) => file),
      ['q.py', 'a.py'],
    );
    assert.match(result?.summary ?? '', /^Static checks alone: 1 finding/);
    assert.equal(result?.metrics.files_reviewed, 0);
    assert.equal(outcome.metadata.model, undefined);
    assert.equal(finals.length, 1);
  });
}

test('one file the model fails on does not sink the others, and is never called reviewed', async () => {
  const model = new ScriptedModel('m');
  model.onRequest = ({ prompt }) =>
    prompt.includes('"b.py"') ? [failing(failures.answerBlocked())] : formAnswer({ notes: '', findings: [divides] });
  const snapshots = ['a.py', 'b.py', 'c.py'].map((file) => snapshot(file, average));
  const { run, finals } = setUp({ snapshots, model });
  const { outcome, result } = await run();
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'answer-blocked');
  assert.deepEqual(
    result?.findings.map(({ file }) => file),
    ['a.py', 'c.py'],
  );
  assert.deepEqual(
    result?.not_reviewed.map(({ file }) => file),
    ['b.py'],
  );
  assert.deepEqual(finals[0]?.reviewed, ['a.py', 'c.py']);
  assert.match(result?.summary ?? '', /in 2 of 3 files\. 1 file was not reviewed in full/);
});

test('a failure that every request would meet is met once', async () => {
  const model = new ScriptedModel('m');
  model.onRequest = () => [failing(failures.accessDenied('m', 'no'))];
  const snapshots = Array.from({ length: 20 }, (_, index) => snapshot(`${index}.py`, `${average}# ${index}`));
  const { run } = setUp({ snapshots, model });
  const { outcome, result } = await run();
  assert.equal(outcome.status, 'inconclusive');
  assert.equal(result?.not_reviewed.length, 20);
  assert.equal(model.requests.length, 1);
});

test('an answer that breaks off is asked for again, and what was complete stands once', async () => {
  const cut = JSON.stringify({ notes: '', findings: [divides] }).slice(0, -3);
  const model = new ScriptedModel(
    'm',
    [{ kind: 'input', json: cut }, failing(failures.streamCut())],
    formAnswer({ notes: '', findings: [divides] }),
  );
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model });
  const { outcome, result } = await run();
  assert.equal(outcome.status, 'completed');
  assert.equal(result?.findings.length, 1);
  assert.equal(model.requests.length, 2);
});

test('an answer cut at its length limit is asked for in halves', async () => {
  const text = Array.from({ length: 100 }, (_, index) => `step_${index}()`).join('\n');
  const model = new ScriptedModel('m');
  const asked: string[] = [];
  model.onRequest = ({ prompt }) => {
    const lines = /"lines": "([^"]+)"/.exec(prompt)?.[1] ?? '';
    asked.push(lines);
    return lines.startsWith('1-100 ') ? [failing(failures.answerTooLong())] : formAnswer({ notes: '', findings: [] });
  };
  const { run } = setUp({ snapshots: [snapshot('a.py', text)], model });
  const { outcome } = await run();
  assert.equal(outcome.status, 'completed');
  assert.deepEqual(asked, ['1-100 of 100', '1-50 of 100', '51-100 of 100']);
});

test('an answer without a list of findings is not "nothing found"', async () => {
  const model = new ScriptedModel('m');
  model.onRequest = () => [{ kind: 'text', text: 'I would rather not.' }, done];
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model });
  const { outcome, result } = await run();
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'answer-malformed');
  assert.match(result?.summary ?? '', /in 0 of 1 file/);
});

test('a model that writes the form out as text is understood', async () => {
  const text = `Here:\n\`\`\`json\n${JSON.stringify({ notes: '', findings: [divides] })}\n\`\`\``;
  const model = new ScriptedModel('m', [{ kind: 'text', text }, done]);
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model });
  assert.equal((await run()).result?.findings.length, 1);
});

test('a check that breaks down costs its own findings and is told', async () => {
  const model = new ScriptedModel('m');
  model.onRequest = () => formAnswer({ notes: '', findings: [] });
  const { run } = setUp({
    snapshots: [snapshot('a.py', average), snapshot('q.py', query)],
    check: async ({ file }) => (file === 'a.py' ? Promise.reject(new Error('boom')) : [ruleIssue(file)]),
    model,
  });
  const { outcome, result } = await run();
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'crashed');
  assert.equal(result?.findings.length, 1);
  assert.match(result?.not_reviewed[0]?.reason ?? '', /rules check broke down/);
});

test('unchanged code is not asked about again', async () => {
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [divides] }));
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model });
  const first = await run();
  const second = await run();
  assert.equal(model.requests.length, 1);
  assert.deepEqual(
    second.result?.findings.map(({ title, line }) => [title, line]),
    first.result?.findings.map(({ title, line }) => [title, line]),
  );
  assert.equal(second.result?.metrics.model_calls_saved, 1);
});

test('the first call goes out alone, then four at once', async () => {
  const model = new ScriptedModel('m');
  const activeAtStart: number[] = [];
  model.onRequest = () => {
    activeAtStart.push(model.active);
    return formAnswer({ notes: '', findings: [] });
  };
  const snapshots = Array.from({ length: 12 }, (_, index) => snapshot(`${index}.py`, average.repeat(200)));
  await setUp({ snapshots, model }).run();
  assert.equal(model.requests.length, 12);
  assert.equal(activeAtStart[0], 1);
  assert.equal(model.mostActive, 4);
  assert.ok(model.requests.every(({ reuse }) => reuse));
});

test('short files share a request, and each finding goes to the file whose number it gives', async () => {
  const model = new ScriptedModel('m');
  model.onRequest = ({ prompt, reuse }) => {
    assert.equal(reuse, undefined, 'nothing follows that could use it again');
    assert.match(prompt, /File 3 of 3:/);
    return formAnswer({
      notes: '',
      findings: [
        { ...divides, file: 2 },
        { ...divides, file: 3, title: 'Division' },
      ],
    });
  };
  const snapshots = ['a.py', 'b.py', 'c.py'].map((file) => snapshot(file, average));
  const { result } = await setUp({ snapshots, model }).run();
  assert.deepEqual(
    result?.findings.map(({ file, line }) => `${file}:${line}`),
    ['b.py:3', 'c.py:3'],
  );
  assert.equal(model.requests.length, 1);
  assert.equal(result?.metrics.files_reviewed, 3);
});

test('a finding with the wrong number of its file is placed by its quote when that stands in one file alone', async () => {
  const sum = { ...divides, file: 9, quote: '    total = sum(items)', line_hint: 2, title: 'Sum of text' };
  const findings = [{ ...divides, file: 2 }, sum];
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings }));
  const { result } = await setUp({ snapshots: [snapshot('a.py', average), snapshot('q.py', query)], model }).run();
  assert.deepEqual(
    result?.findings.map(({ file }) => file),
    ['a.py', 'a.py'],
  );
});

test('of files that shared a request only the changed one is asked about again', async () => {
  const model = new ScriptedModel('m');
  model.onRequest = () => formAnswer({ notes: '', findings: [] });
  const texts = { 'a.py': average, 'b.py': average };
  const snapshots: Snapshot[] = [];
  const { run } = setUp({ snapshots, model });
  const fill = () => snapshots.splice(0, 2, ...Object.entries(texts).map(([file, text]) => snapshot(file, text)));
  fill();
  await run();
  texts['b.py'] += '# more';
  fill();
  const { result } = await run();
  assert.equal(model.requests.length, 2);
  assert.match(model.requests[1]?.prompt ?? '', /"b\.py"/);
  assert.doesNotMatch(model.requests[1]?.prompt ?? '', /"a\.py"/);
  assert.equal(result?.metrics.model_calls_saved, 1);
});

test('after a restart an unchanged tree is not asked about again, whichever model of a list had answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'answers-'));
  try {
    const snapshots = [snapshot('a.py', average), snapshot('q.py', query.repeat(300))];
    const first = new ScriptedModel('first of the list');
    first.onRequest = () => formAnswer({ notes: '', findings: [divides] });
    let asked = 'first of the list';
    const chosen: Model = {
      get id() {
        return asked;
      },
      stream: (request, signal) => {
        asked = 'the one that answered';
        return first.stream(request, signal);
      },
    };
    const before = await setUp({ snapshots, model: chosen, folder }).run();
    assert.equal(before.result?.metrics.model_calls, 2);
    const again = new ScriptedModel('first of the list');
    const { result } = await setUp({ snapshots, model: again, folder }).run();
    assert.equal(again.requests.length, 0);
    assert.equal(result?.findings[0]?.title, divides.title);
    const kept = readFileSync(join(folder, 'answers.jsonl'), 'utf8');
    assert.ok(!kept.includes('total = sum(items)'), 'source that no finding quotes was kept');
    assert.ok(!kept.includes('select * from'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what is below the thresholds is kept for who wants to see it, and the summary says how many', async () => {
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [{ ...divides, confidence: 0.45 }] }));
  const { run, finals, found } = setUp({ snapshots: [snapshot('a.py', average)], model });
  const { result } = await run();
  assert.deepEqual(found, []);
  assert.deepEqual(result?.findings, []);
  assert.deepEqual(
    finals[0]?.hidden?.map(({ title, confidence }) => [title, confidence]),
    [[divides.title, 0.45]],
  );
  assert.match(result?.summary ?? '', /1 finding below the set severity or confidence is hidden\.$/);
  assert.equal(result?.metrics.hidden, 1);
});

test('a fix that does not hold is offered neither with a finding nor with a hidden one', async () => {
  const fix = { old: 'sql = ', new: 'sql = (' };
  const issues = [ruleIssue('a.py', { fix }), ruleIssue('a.py', { fix, confidence: 0.1, title: 'Unsure' })];
  const fixesWith = async (holds: boolean) => {
    const { run, finals } = setUp({ snapshots: [snapshot('a.py', query)], issues, fixHolds: async () => holds });
    await run();
    return [...(finals[0]?.findings ?? []), ...(finals[0]?.hidden ?? [])].map((finding) => finding.fix);
  };
  assert.deepEqual(await fixesWith(true), [fix, fix]);
  assert.deepEqual(await fixesWith(false), [undefined, undefined]);
});

test('a finding that the model takes back while it writes is not shown', async () => {
  const findings = [{ ...divides, verdict: 'withdrawn' }, { verdict: 'withdrawn' }];
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings }));
  const { outcome, result } = await setUp({ snapshots: [snapshot('a.py', average)], model }).run();
  assert.equal(outcome.status, 'completed');
  assert.deepEqual(result?.findings, []);
  assert.equal(result?.metrics.dropped_withdrawn, 2);
  assert.equal(result?.metrics.dropped_invalid, 0);
});

test('a second look drops the grave findings that it refutes, and is remembered too', async () => {
  const other = {
    ...divides,
    quote: '    total = sum(items)',
    line_hint: 2,
    title: 'Sum of text',
    severity: 'critical',
  };
  const light = { ...divides, severity: 'low', title: 'Light', quote: 'def average(items):', line_hint: 1 };
  const model = new ScriptedModel('m');
  model.onRequest = ({ tool, prompt }) => {
    if (tool?.name !== 'give_verdicts') return formAnswer({ notes: '', findings: [divides, other, light] });
    assert.match(prompt, /"finding": 1,\n {2}"line": 2,/);
    assert.doesNotMatch(prompt, /"Light"/);
    return formAnswer({
      verdicts: [
        { finding: 1, case: '', verdict: 'refuted' },
        { finding: 2, case: '', verdict: 'stands' },
      ],
    });
  };
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model, review: { verify: true } });
  const { result } = await run();
  assert.deepEqual(
    result?.findings.map(({ title }) => title),
    ['Light', divides.title],
  );
  assert.equal(result?.metrics.dropped_refuted, 1);
  assert.equal(result?.metrics.model_calls, 2);
  const again = await run();
  assert.equal(again.result?.findings.length, 2);
  assert.equal(model.requests.length, 2);
});

test('a second look that fails refutes nothing', async () => {
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [divides] }), [failing(failures.streamCut())]);
  const { run } = setUp({ snapshots: [snapshot('a.py', average)], model, review: { verify: true } });
  const { outcome, result } = await run();
  assert.equal(outcome.status, 'completed');
  assert.equal(result?.findings.length, 1);
});

test('static checks of a language without rules say so', async () => {
  const files = [snapshot('a.kt', 'fun f() = 1', { language: 'kotlin' }), snapshot('a.py', average)];
  const { result } = await setUp({ snapshots: files, review: { useModel: false } }).run();
  assert.match(result?.summary ?? '', /There are no rules for kotlin \(1 file\)/);
  const kotlin = await setUp({ snapshots: files.slice(0, 1), review: { useModel: false } }).run();
  assert.doesNotMatch(kotlin.result?.summary ?? '', /nothing found/i);
  assert.match(kotlin.result?.summary ?? '', /There are no rules for kotlin/);
  const python = await setUp({ snapshots: files.slice(1), review: { useModel: false } }).run();
  assert.doesNotMatch(python.result?.summary ?? '', /no rules/);
});

test('an abort ends the review with its reason, in the model and in a check', async () => {
  const hanging = new ScriptedModel('m', ['hang']);
  const slowCheck: StaticCheck['check'] = (_snapshot, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  for (const setup of [{ model: hanging }, { check: slowCheck }] satisfies Setup[]) {
    const controller = new AbortController();
    const running = setUp({ snapshots: [snapshot('a.py', average)], ...setup }).run(undefined, controller.signal);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
  }
  assert.equal(hanging.requests.length, 1);
  assert.equal(hanging.active, 0);
});

test("code inside the task is reviewed under a name of our own and answered under the server's", async () => {
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [divides] }));
  const { run, finals } = setUp({ model });
  const { result } = await run({ Language: 'Python', Code: average, Filename: '../../srv/average.py' });
  assert.equal(result?.findings[0]?.file, '../../srv/average.py');
  assert.equal(finals[0]?.findings[0]?.file, 'payload.py');
  assert.deepEqual(finals[0]?.reviewed, []);
});

test('no change at all is a complete answer; files that were all held back are not', async () => {
  const nothing = await setUp({}).run({ diff: true });
  assert.equal(nothing.outcome.status, 'completed');
  assert.match(nothing.result?.summary ?? '', /nothing to review/);
  const heldBack = await setUp({ notReviewed: [{ file: '.env', reason: 'may hold secrets' }] }).run({
    files: ['.env'],
  });
  assert.ok(heldBack.outcome.status === 'inconclusive');
  assert.equal(heldBack.outcome.failure.code, 'nothing-reviewed');
  assert.match(heldBack.result?.summary ?? '', /^Nothing found in 0 of 1 file/);
});

test('secrets go neither to the model nor into the result, and lines keep their places', async () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const text = ['import os', `token = "${key}"; call(token, os)`, 'end()'].join('\n');
  const model = new ScriptedModel('m');
  const shown = `token = "${'*'.repeat(key.length)}"; call(token, os)`;
  model.onRequest = ({ prompt }) => {
    assert.ok(!prompt.includes(key), 'the secret went out');
    assert.ok(prompt.includes(shown));
    return formAnswer({ notes: '', findings: [{ ...divides, quote: shown, failure_scenario: `It prints ${key}.` }] });
  };
  const { run, found } = setUp({
    snapshots: [snapshot('a.py', text)],
    issues: [
      ruleIssue('a.py', {
        range: { line: 2, column: 1, endLine: 2, endColumn: 9 },
        type: 'reliability',
        quote: `token = "${key}"`,
        title: `Bad ${key}`,
        description: `Says ${key}`,
        suggestion: `Remove ${key}`,
      }),
      ruleIssue('a.py', { type: 'performance', quote: `not what stands there: ${key}` }),
    ],
    model,
  });
  const { result } = await run({ files: ['a.py'], instructions: `use ${key}` });
  assert.equal(result?.findings.length, 3);
  assert.equal(result?.metrics.secrets_masked, 1);
  assert.ok(!JSON.stringify([result, found]).includes(key), 'the secret came back');
});

test('a fix that would carry a masked secret along is left out, and the finding stays', async () => {
  const key = 'ghp_Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAB12';
  const text = ['a = 1', `token = "${key}"`, 'x = 1 / 0', 'b = 2', 'x = 1 / 0', ''].join('\n');
  const widened = { ...divides, quote: 'x = 1 / 0', line_hint: 3, fix: { old: 'x = 1 / 0', new: 'x = 0' } };
  const rule = ruleIssue('a.py', {
    range: { line: 2, column: 1, endLine: 2, endColumn: 10 },
    fix: { old: `token = "${key}"`, new: 'token = None' },
  });
  const model = new ScriptedModel('m', formAnswer({ notes: '', findings: [widened] }));
  const { run, found, finals } = setUp({ snapshots: [snapshot('a.py', text)], issues: [rule], model });
  await run();
  assert.equal(finals.at(-1)?.findings.length, 2);
  assert.ok(!JSON.stringify([found, finals]).includes(key), 'the secret came back');
});

test('a payload that makes no sense fails the task with the reason', async () => {
  const { outcome } = await setUp({}).run({ code: 5 });
  assert.ok(outcome.status === 'failed');
  assert.equal(outcome.failure.code, 'malformed-payload');
});

test('only files are counted as files that were left out', async () => {
  const notReviewed = [
    { file: 'node_modules/', reason: 'third-party or built files' },
    { file: 'old/*.py', reason: 'no file matches' },
    { file: 'logo.png', reason: 'binary file' },
    { file: '(12 more)', reason: 'binary file' },
  ];
  const { result } = await setUp({ snapshots: [snapshot('a.py', average)], notReviewed }).run();
  assert.equal(result?.metrics.files, 14);
  assert.equal(result?.not_reviewed.length, notReviewed.length + 1, 'and the file that no model looked at');
});
