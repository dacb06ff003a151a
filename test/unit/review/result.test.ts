import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reviewResult } from '../../../src/agent/review/result.ts';

const metrics = {
  files: 1,
  files_reviewed: 1,
  files_checked: 1,
  static_issues: 0,
  ai_suggestions: 0,
  merged: 0,
  dropped_unanchored: 0,
  dropped_invalid: 0,
  dropped_withdrawn: 0,
  dropped_refuted: 0,
  dropped_by_filter: 0,
  hidden: 0,
  suppressed: 0,
  secrets_masked: 0,
  model_calls: 1,
  model_calls_saved: 0,
  tokens: { input: 1, output: 1, cache_read: 0, cache_write: 0 },
};

for (const [reason, sentence] of [
  ['not used: larger than 64 kB', 'a.yaml was not used: larger than 64 kB.'],
  ['no-log not used: There is no kind "call".', 'a.yaml: no-log not used: There is no kind "call".'],
  [
    'rule 1 not used: a ] is missing at line 2, column 1:',
    'a.yaml: rule 1 not used: a ] is missing at line 2, column 1.',
  ],
] as const) {
  test(`the summary says in one sentence that ${sentence}`, () => {
    const { summary } = reviewResult({
      findings: [],
      beyond: 0,
      below: 0,
      withoutRules: [],
      notReviewed: [],
      instructions: [],
      unused: [{ file: 'a.yaml', reason }],
      metrics,
      nameOf: (file) => file,
    });
    assert.equal(summary, `Nothing found in 1 file. ${sentence}`);
  });
}

for (const [files, checked, sentence] of [
  [5, 5, 'Static checks alone: nothing found in 5 files. The AI review did not run: off.'],
  [5, 3, 'Static checks alone: nothing found in 3 of 5 files. The AI review did not run: off.'],
  [5, 0, 'No file was reviewed: no static check could run, nor the AI review: off.'],
] as const) {
  test(`without a model ${checked} of ${files} files are not said to be more`, () => {
    const { summary } = reviewResult({
      findings: [],
      beyond: 0,
      below: 0,
      withoutRules: [],
      notReviewed: [],
      instructions: [],
      unused: [],
      metrics: { ...metrics, files, files_checked: checked, files_reviewed: 0 },
      withoutModel: 'off.',
      nameOf: (file) => file,
    });
    assert.equal(summary, sentence);
  });
}
