import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Preview } from '../../../src/agent/review/preview.ts';
import { largeQuestion, previewPage } from '../../../src/editor/previewText.ts';

const preview: Preview = {
  requests: [
    {
      system: 'The manual.',
      prompt: 'First prompt.',
      maxTokens: 8000,
      tool: { name: 'report', description: 'd', schema: { type: 'object' } },
    },
    { system: 'The manual.', prompt: 'Second prompt.', maxTokens: 8000 },
  ],
  tokens: 320_000,
  dollars: 0.957,
  files: 84,
  remembered: 3,
  notReviewed: [{ file: 'a.min.js', reason: 'generated' }],
  model: 'anthropic.claude-sonnet-5',
};

test('a large review is asked about with its files, tokens, money, and what is left out', () => {
  const { message, detail } = largeQuestion(preview);
  assert.equal(message, 'Review 84 files?');
  assert.match(detail, /About 320,000 tokens in 2 requests go to anthropic\.claude-sonnet-5\./);
  assert.match(detail, /\$0\.96 by list price \(\d{4}-\d{2}\)/);
  assert.match(detail, /Left out:\n {2}a\.min\.js: generated/);
  assert.match(detail, /3 parts did not change/);
});

test('a price that is not known is said to be so', () => {
  const { dollars: _dollars, ...unpriced } = preview;
  assert.match(largeQuestion(unpriced).detail, /Its price is not known\./);
});

test('a long list of what is left out is cut and counted', () => {
  const notReviewed = Array.from({ length: 100 }, (_, index) => ({ file: `f${index}`, reason: 'too large' }));
  assert.match(largeQuestion({ ...preview, notReviewed }).detail, /and 92 more$/);
});

test('the page holds the manual and the form once, and every prompt whole', () => {
  const page = previewPage('this file', preview);
  assert.match(page, /^What would be sent: this file\n\nNothing was sent\./);
  assert.equal(page.split('The manual.').length, 2);
  for (const text of ['First prompt.', 'Second prompt.', '"type": "object"', 'a.min.js: generated']) {
    assert.ok(page.includes(text), text);
  }
});

test('a page that would be too long for an editor ends with how much is missing', () => {
  const [first] = preview.requests;
  assert.ok(first);
  const page = previewPage('x', { ...preview, requests: [{ ...first, prompt: 'x'.repeat(5_000_000) }] });
  assert.ok(page.length < 4_001_000);
  assert.match(page, /\d{1,3},\d{3},\d{3} characters more would be sent\.\)\n$/);
});

test('names of files cannot shape the question or the page’s head', () => {
  const hostile = { ...preview, notReviewed: [{ file: 'a\n\u001b[31m\u202eb', reason: 'denied' }] };
  assert.doesNotMatch(largeQuestion(hostile).detail + previewPage('x', hostile), /[\u001b\u202e]/);
});
