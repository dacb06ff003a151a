import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerPage } from '../../../src/editor/answerPage.ts';
import { explainFinding } from '../../../src/editor/findingText.ts';
import { escapeMarkdown } from '../../../src/editor/markdownText.ts';
import { plainLine, plainText, wrapped } from '../../../src/editor/plainText.ts';
import { reviewPage } from '../../../src/editor/reviewPage.ts';
import { proposalsOf, reviewSentence } from '../../../src/editor/taskResults.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

test('a line has no escapes, no control or hidden characters and no line break', () => {
  const hostile = 'a\u001b]8;;http://evil\u0007b\u001b[2Jc\r\nd\u0000\u202e\u200be\u{e0041}\ttab';
  const line = plainLine(hostile);
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  assert.equal(line, 'abc de tab');
});

test('a text keeps its lines and its indentation', () => {
  assert.equal(plainText('if (x) {\r\n\treturn\u0007;\n}\n'), 'if (x) {\n    return;\n}');
});

test('long texts are cut with an ellipsis', () => {
  assert.equal(plainLine('x'.repeat(500), 100).length, 100);
  assert.equal(plainText('x\n'.repeat(5000), 100).length, 100);
  assert.match(plainText('x\n'.repeat(5000), 100), /…$/);
});

test('a page breaks long lines between words and leaves short ones and indented ones as they are', () => {
  assert.equal(wrapped('one two three four', 9), 'one two\nthree\nfour');
  assert.equal(wrapped('one\n\n    two', 9), 'one\n\n    two');
  assert.equal(wrapped('anunbreakableword and', 9), 'anunbreakableword\nand');
});

test('Markdown of a model stays text: no link, image, command, HTML or bare address is left', () => {
  const escaped = escapeMarkdown('[x](command:y) ![i](http://h/a.png) <img src=x> www.evil.com `c` a@b.c');
  assert.doesNotMatch(escaped, /(?<!\\)[[\]()<>!:`@.]/);
});

test('an explanation holds everything that is known', () => {
  const text = explainFinding(
    sampleFinding({
      severity: 'high',
      ruleId: 'no-eval',
      suggestion: 'Parse it instead.',
      quote: 'eval(x)',
      fix: { old: 'eval(x)', new: 'JSON.parse(x)' },
      stale: true,
    }),
  );
  for (const part of [
    'High · correctness',
    'src/cart.ts, line 1 (edited since)',
    'Rule no-eval',
    'Parse it instead.',
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.match(text, /^ {4}eval\(x\)$/m);
  assert.match(text, /^ {4}JSON\.parse\(x\)$/m);
});

test('a review is told in one sentence, with what was left out', () => {
  const finding = { file: 'a.ts', line: 3, severity: 'high', title: 'Wrong' };
  const said = (found: number, metrics: object) => reviewSentence({ findings: Array(found).fill(finding), metrics });
  assert.equal(said(0, { files: 1, files_reviewed: 1 }), 'nothing found in 1 file');
  assert.equal(said(1, { files: 2, files_reviewed: 2 }), '1 finding in 2 files');
  assert.equal(
    said(2, { files: 5, files_reviewed: 3, hidden: 4, suppressed: 1 }),
    '2 findings in 3 of 5 files; 2 not reviewed in full, 4 hidden, 1 dismissed for everybody',
  );
  assert.equal(
    said(0, { files: 5, files_reviewed: 0, hidden: 4 }),
    'nothing found; none of 5 files was reviewed in full, 4 hidden',
  );
  assert.equal(said(0, { files: 1, files_reviewed: 0 }), 'nothing found; the file was not reviewed in full');
  assert.equal(said(0, { files: 0, files_reviewed: 0 }), 'there was nothing to review');
  assert.equal(reviewSentence(undefined), 'done');
});

test('the report of a review says what was found, what was left out and why, and what was applied', () => {
  const page = reviewPage('Review changes', {
    task_id: 't1',
    status: 'inconclusive',
    error: 'The budget leaves no room.',
    result: {
      findings: [
        { file: 'a.ts', line: 3, severity: 'high', title: 'Wrong\u001b[31m' },
        { file: 'b.ipynb', cell: 4, line: 2, severity: 'low', title: 'Odd' },
      ],
      recommendations: ['Do it right.'],
      not_reviewed: [{ file: 'c.ts', reason: 'larger than 512 kB' }],
      instructions_applied: ['AGENTS.md'],
      metrics: { files: 3, files_reviewed: 2, hidden: 1, suppressed: 2, dropped_unanchored: 3 },
    },
    metadata: {
      static_issues: 1,
      ai_suggestions: 1,
      confidence: 0.5,
      duration_ms: 10,
      not_reviewed: [],
      model: 'a-model',
      tokens: { input: 1000, output: 200, cache_read: 30, cache_write: 4 },
      cost_usd: 0.0123,
    },
    completed_at: '2026-01-01T00:00:00Z',
  });
  for (const row of [
    '2 findings in 2 of 3 files; 1 not reviewed in full, 1 hidden, 2 dismissed for\neverybody.',
    'It is not complete: The budget leaves no room.',
    '    High, a.ts, line 3: Wrong\n    Low, b.ipynb, cell 4, line 2: Odd',
    'Not reviewed, or not in full\n    c.ts: larger than 512 kB',
    'Instructions that were applied\n    AGENTS.md',
    '    2 dismissed for everybody',
    '    a-model\n    1,234 tokens · $0.01',
  ]) {
    assert.ok(page.includes(row), `${row}\n---\n${page}`);
  }
  assert.doesNotMatch(page, /\u001b/);
});

test('proposals that change nothing or make no sense are left out', () => {
  const good = { file: 'a.ts', symbol: 'f', old: 'x', new: 'y' };
  assert.deepEqual(proposalsOf({ proposals: [good, { file: 'a.ts', old: 'x', new: 'x' }] }), [good]);
  assert.deepEqual(proposalsOf({ proposals: [{ file: 1 }] }), []);
  assert.deepEqual(proposalsOf(null), []);
});

test('a page of an analysis has the question, the answer, and what was measured', () => {
  const page = answerPage('Why?', {
    summary: 'Measured 2 files.',
    answer: 'Because.\u001b[31m\nReally.',
    facts: {
      largest_files: [{ file: 'a.ts', lines: 90 }],
      longest_functions: [{ file: 'a.ts', name: 'run', line: 3, lines: 40 }],
      dependencies: {
        most_imported: [{ file: 'b.ts', importers: 7 }],
        cycles: [['a.ts', 'b.ts', 'a.ts']],
        packages: [],
      },
    },
    not_reviewed: [{ file: 'c.bin', reason: 'it is no text' }],
  });
  assert.equal(
    page,
    [
      'Why?\n',
      'Because.\nReally.\n',
      'Measured 2 files.\n',
      'Largest files\n    a.ts: 90 lines\n',
      'Longest functions\n    run, a.ts:3: 40 lines\n',
      'Most imported files\n    b.ts: by 7 files\n',
      'Cycles of dependencies\n    a.ts -> b.ts -> a.ts\n',
      'Not looked at\n    c.bin: it is no text\n',
    ].join('\n'),
  );
});

test('an analysis without an answer, or with an unknown form, is shown all the same', () => {
  assert.equal(answerPage('Why?', { summary: 'No model answered.' }), 'Why?\n\nNo model answered.\n');
  assert.equal(answerPage('Why?', 7), 'Why?\n');
});
