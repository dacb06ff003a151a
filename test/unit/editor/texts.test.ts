import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerPage } from '../../../src/editor/answerPage.ts';
import { explainFinding } from '../../../src/editor/findingText.ts';
import { escapeMarkdown } from '../../../src/editor/markdownText.ts';
import { plainLine, plainText, wrapped } from '../../../src/editor/plainText.ts';
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
  assert.equal(reviewSentence({ findings: [], not_reviewed: [] }), 'no findings');
  assert.equal(reviewSentence({ findings: [1], not_reviewed: [] }), '1 finding');
  assert.equal(reviewSentence({ findings: [1, 2], not_reviewed: [1] }), '2 findings; 1 part was not reviewed');
  assert.equal(reviewSentence({ findings: [], not_reviewed: [1, 2] }), 'no findings; 2 parts were not reviewed');
  assert.equal(reviewSentence(undefined), 'done');
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
