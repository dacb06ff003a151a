import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf, priceOf } from '../../../src/agent/models/prices.ts';

const million = { input: 1_000_000, output: 0, cache_read: 0, cache_write: 0 };

test('a model costs what its own row says, and a regional profile of Claude a tenth more', () => {
  assert.equal(priceOf('anthropic.claude-sonnet-5')?.input, 2);
  assert.equal(priceOf('global.anthropic.claude-sonnet-5')?.output, 10);
  assert.equal(priceOf('eu.anthropic.claude-sonnet-5')?.input, 2.2);
  assert.equal(priceOf('us.amazon.nova-pro-v1:0')?.input, 0.8);
  const arn = 'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-5';
  assert.deepEqual(priceOf(arn), priceOf('eu.anthropic.claude-sonnet-5'));
});

test('a model without a row has no price, however near another is', () => {
  const unknown = [
    'anthropic.claude-sonnet-5-5',
    'anthropic.claude-sonnet',
    'mistral.large',
    '',
    'arn:aws:bedrock:us-east-1:1:application-inference-profile/abc',
  ];
  for (const id of unknown) assert.equal(priceOf(id), undefined, id);
});

test('reading the cache costs a tenth and writing it a quarter more than plain input', () => {
  const price = priceOf('anthropic.claude-haiku-4-5-20251001-v1:0');
  assert.ok(price);
  assert.equal(costOf(million, price), 1);
  assert.equal(costOf({ ...million, input: 0, cache_read: 1_000_000 }, price), 0.1);
  assert.equal(costOf({ ...million, input: 0, cache_write: 1_000_000 }, price), 1.25);
  assert.equal(costOf({ ...million, input: 0, output: 1_000_000 }, price), 5);
});
