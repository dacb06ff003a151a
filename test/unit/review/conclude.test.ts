import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundIssue } from '../../../src/agent/findings/finding.ts';
import type { ModelFinding } from '../../../src/agent/review/ai/answerSchema.ts';
import { createPlacer } from '../../../src/agent/review/ai/placer.ts';
import { capAll, capPerFile, keepOut } from '../../../src/agent/review/filter.ts';
import { merge, mergeStatics } from '../../../src/agent/review/merge.ts';
import { recommend } from '../../../src/agent/review/recommend.ts';

function issue(line: number, more: Partial<FoundIssue> = {}): FoundIssue {
  return {
    source: 'model',
    type: 'correctness',
    severity: 'medium',
    confidence: 0.8,
    file: 'a.ts',
    range: { line, column: 1, endLine: line, endColumn: 10 },
    title: 'Null dereference of user',
    description: 'findUser gives null for an unknown id and user.name then throws.',
    quote: 'user.name',
    ...more,
  };
}

test('a finding passes at the thresholds and not below them', () => {
  const rules = { minimumSeverity: 'medium', minimumConfidence: 0.8 } as const;
  assert.equal(keepOut(issue(1), rules), undefined);
  assert.equal(keepOut(issue(1, { severity: 'critical' }), rules), undefined);
  assert.equal(keepOut(issue(1, { severity: 'low' }), rules), 'hidden');
  assert.equal(keepOut(issue(1, { confidence: 0.79 }), rules), 'hidden');
});

test('a finding counts as of the changes up to three lines away', () => {
  const rules = { minimumSeverity: 'low', minimumConfidence: 0 } as const;
  const changed = [{ from: 10, to: 12 }];
  assert.deepEqual(
    [6, 7, 12, 15, 16].map((line) => keepOut(issue(line), rules, changed)),
    ['outside', undefined, undefined, undefined, 'outside'],
  );
  assert.equal(keepOut(issue(1), rules, []), 'outside');
});

test('the limit for a file keeps the gravest, in their order', () => {
  const issues = [issue(1, { severity: 'low' }), issue(2, { severity: 'high' }), issue(3), issue(4, { file: 'b.ts' })];
  assert.deepEqual(
    capPerFile(issues, 2).map(({ range }) => range.line),
    [2, 3, 4],
  );
});

test('what the editor says on that line already is not said again, but another thing there is', () => {
  const editor = issue(4, {
    source: 'editor',
    title: "'user' is possibly 'null'.",
    description: "'user' is possibly 'null'.",
    ruleId: 'ts(18047)',
  });
  const other = issue(4, {
    type: 'security',
    title: 'Path traversal through the upload name',
    description: 'A name with ../ writes outside the folder.',
  });
  const { issues, repeated } = merge([editor], [issue(4), other]);
  assert.deepEqual(
    issues.map(({ title }) => title),
    [editor.title, other.title],
  );
  assert.deepEqual(issues[0], editor, 'what the editor says is its own');
  assert.equal(repeated, 1);
  assert.equal(merge([editor], [issue(9)]).issues.length, 2, 'another line is another finding');
});

test('a rule and the editor on one place about one thing become one finding', () => {
  const rule = issue(4, {
    source: 'rule',
    ruleId: 'js-nan-compare',
    title: 'A comparison with NaN has the same result always',
    description: 'value === NaN is always false, so the condition never holds.',
    severity: 'medium',
  });
  const editor = issue(4, {
    source: 'editor',
    severity: 'high',
    title: "This condition will always return 'false'.",
    description: "This condition will always return 'false'.",
    ruleId: 'ts(2845)',
  });
  const elsewhere = { ...editor, range: { ...editor.range, column: 40, endColumn: 50 } };
  const { issues, repeated } = mergeStatics([rule, editor, elsewhere]);
  assert.equal(repeated, 1);
  assert.deepEqual(
    issues.map(({ ruleId, severity }) => [ruleId, severity]),
    [
      ['js-nan-compare', 'high'],
      ['ts(2845)', 'high'],
    ],
  );
  assert.match(issues[0]?.description ?? '', /Also reported as ts\(2845\)\.$/);
  const other = issue(4, { source: 'editor', title: 'Cannot find name foo.', description: 'Cannot find name foo.' });
  assert.equal(mergeStatics([rule, other]).issues.length, 2, 'another thing at the same place stays');
});

test('the limit for a run keeps the gravest of all files', () => {
  const issues = [issue(1, { severity: 'low' }), issue(2, { severity: 'high', file: 'b.ts' }), issue(3)];
  assert.deepEqual(
    capAll(issues, 2).map(({ range }) => range.line),
    [2, 3],
  );
});

test('a rule enriched by the model keeps its name and place and takes the graver judgement', () => {
  const rule = issue(4, {
    source: 'rule',
    ruleId: 'r1',
    title: 'Rule',
    description: 'General.',
    severity: 'high',
    confidence: 0.6,
  });
  const model = issue(4, { severity: 'low', confidence: 0.9, suggestion: 'Check it.', fix: { old: 'a', new: 'b' } });
  const [only, ...others] = merge([rule], [model]).issues;
  assert.deepEqual(others, []);
  assert.deepEqual(only, {
    ...rule,
    confidence: 0.9,
    description: model.description,
    suggestion: 'Check it.',
    fix: { old: 'a', new: 'b' },
  });
});

test('what the model says twice about the same lines stands once, as it was surest of it', () => {
  const sure = issue(4, { confidence: 0.95 });
  assert.deepEqual(merge([], [issue(4), sure]).issues, [sure]);
  assert.equal(merge([], [issue(4), issue(40)]).issues.length, 2);
});

test('recommendations name each cause once, the gravest first, and at most ten', () => {
  const many = Array.from({ length: 14 }, (_, index) =>
    issue(index + 1, { title: `Cause ${String.fromCharCode(65 + index)}` }),
  );
  assert.equal(recommend(many).length, 10);
  const sql = { ruleId: 'sql', suggestion: 'Use parameters. They are safe.' };
  assert.deepEqual(recommend([issue(3), issue(9, sql), issue(1, { ...sql, severity: 'critical' })]), [
    'Use parameters (a.ts:1 and 1 more)',
    'Put right: Null dereference of user (a.ts:3)',
  ]);
  assert.deepEqual(recommend([]), []);
});

const text = 'if (a) {\n  run(x);\n}\nif (b) {\n  run(x);\n}\n';
function said(more: Partial<ModelFinding>): ModelFinding {
  return {
    quote: 'if (b) {',
    category: 'correctness',
    severity: 'low',
    confidence: 1,
    title: 'T',
    failureScenario: 'S',
    ...more,
  };
}
const place = (finding: ModelFinding, code = text) =>
  createPlacer({ file: 'a.ts', language: 'typescript', text: code }, code)(finding);

test('a fix is kept when it replaces text that stands once, and widened until it does', () => {
  assert.deepEqual(place(said({ fix: { old: 'if (b) {', new: 'if (c) {' } }))?.fix, {
    old: 'if (b) {',
    new: 'if (c) {',
  });
  const twice = said({ quote: 'if (b) {\n  run(x);', fix: { old: 'run(x);', new: 'run(y);' } });
  const fix = place(twice)?.fix;
  assert.ok(fix && text.split(fix.old).length === 2);
  assert.equal(text.replace(fix.old, fix.new), 'if (a) {\n  run(x);\n}\nif (b) {\n  run(y);\n}\n');
});

test('a fix for text that is not there, that changes nothing or that hides something is left out', () => {
  for (const fix of [
    { old: 'if (d) {', new: 'x' },
    { old: 'if (b) {', new: 'if (b) {' },
    { old: 'if (b) {', new: 'if (\u202eb) {' },
    { old: '\n', new: 'x' },
    { old: 'run(x);', new: 'run(y);' },
  ]) {
    const placed = place(said({ quote: fix.old.startsWith('run') ? 'if (a) {' : 'if (b) {', fix }));
    assert.ok(placed && placed.fix === undefined, JSON.stringify(fix));
  }
});

test('a fix for a file with CRLF has CRLF', () => {
  const code = text.replaceAll('\n', '\r\n');
  const fix = place(said({ fix: { old: 'if (b) {\n  run(x);', new: 'if (b) {\n  run(y);' } }), code)?.fix;
  assert.deepEqual(fix, { old: 'if (b) {\r\n  run(x);', new: 'if (b) {\r\n  run(y);' });
});

test("a model's words come out as one plain line without what a terminal could act on", () => {
  const placed = place(said({ title: `A\u001b[31m\nB\u202e${'x'.repeat(200)}`, failureScenario: 'one\r\ntwo' }));
  assert.match(placed?.title ?? '', /^A Bx+…$/);
  assert.equal(placed?.title.length, 100);
  assert.equal(placed?.description, 'one two');
});
