import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasFix, placeOld, withLineEnds } from '../../../src/agent/findings/placeFix.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

const text = 'one();\ntwo();\none();\n';
const nowhere = { start: 0, end: 0 };

test('the occurrence at the finding is meant, not the first one', () => {
  assert.deepEqual(placeOld(text, 'one();', { start: 14, end: 20 }), { start: 14, end: 20 });
});

test('a text that stands only once is found wherever it moved to', () => {
  assert.deepEqual(placeOld(text, 'two();', nowhere), { start: 7, end: 13 });
});

test('a text that is gone has no place', () => {
  assert.equal(placeOld(text, 'three();', nowhere), undefined);
});

test('a text that stands twice, neither at the finding, has no place', () => {
  assert.equal(placeOld(text, 'one();', { start: 8, end: 9 }), undefined);
});

test('an empty text has no place', () => {
  assert.equal(placeOld(text, '', nowhere), undefined);
});

test('an occurrence that covers the finding in part is meant', () => {
  assert.deepEqual(placeOld('a = b + b;', 'b + b', { start: 4, end: 5 }), { start: 4, end: 9 });
});

test('line ends become those of the document', () => {
  assert.equal(withLineEnds('a\nb', 'x\r\ny'), 'a\r\nb');
  assert.equal(withLineEnds('a\r\nb', 'x\ny'), 'a\nb');
});

test('a fix that changes nothing is none', () => {
  assert.equal(hasFix(sampleFinding({ fix: { old: 'a', new: 'a' } })), false);
  assert.equal(hasFix(sampleFinding({ fix: { old: 'a', new: 'b' } })), true);
  assert.equal(hasFix(sampleFinding()), false);
});
