import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { spendLines } from '../../../src/editor/spendText.ts';

const nothing = { tokensToday: 0, tokensThisMonth: 0, dollarsToday: 0, dollarsThisMonth: 0, tokensWithoutPrice: 0 };
const noBudget = { tokensPerTask: 0, tokensPerDay: 0, dollarsPerDay: 0, dollarsPerMonth: 0 };
const lines = (spend: object, budget: object = {}) =>
  spendLines({ ...nothing, ...spend }, { ...noBudget, ...budget }).map((line) => line.join(': '));

test('what was spent is said with its budget, where there is one', () => {
  const spend = { tokensToday: 12_345, tokensThisMonth: 1_200_000, dollarsToday: 0.1234, dollarsThisMonth: 3.4 };
  assert.deepEqual(lines(spend), ['AI today: 12,345 tokens · $0.12', 'AI this month: 1,200,000 tokens · $3.40']);
  assert.deepEqual(lines(spend, { tokensPerDay: 10_000_000, dollarsPerDay: 5, dollarsPerMonth: 50 }), [
    'AI today: 12,345 of 10,000,000 tokens · $0.12 of $5.00',
    'AI this month: 1,200,000 tokens · $3.40 of $50.00',
  ]);
});

test('a price that is not known is never shown as nothing', () => {
  const unpriced = { tokensToday: 10, tokensThisMonth: 20, tokensWithoutPrice: 20 };
  assert.deepEqual(lines(unpriced), [
    'AI today: 10 tokens · price unknown',
    'AI this month: 20 tokens · price unknown',
  ]);
  assert.deepEqual(lines({ ...unpriced, tokensThisMonth: 50, dollarsThisMonth: 0.001 }), [
    'AI today: 10 tokens · price unknown',
    'AI this month: 50 tokens · less than $0.01 · price of 20 tokens unknown',
  ]);
});

test('nothing spent is nothing', () => {
  assert.deepEqual(lines({}, defaultSettings.budget), [
    'AI today: 0 of 10,000,000 tokens · $0.00',
    'AI this month: 0 tokens · $0.00',
  ]);
});
