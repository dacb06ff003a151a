import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText, hiddenCharacters } from '../../../src/agent/workspace/clean.ts';

const forbidden = /[\p{Cc}\p{Cs}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

test('terminal sequences go as a whole, with what they hide', () => {
  assert.equal(cleanText('a\u001b[31mred\u001b[0m b', 99), 'ared b');
  assert.equal(cleanText('\u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007', 99), 'click');
  assert.equal(cleanText('\u001b]52;c;c2VjcmV0\u001b\\done', 99), 'done');
  assert.equal(cleanText('\u009b2Jwiped', 99), 'wiped');
});

test('what is shown is one line, without characters that reorder or hide it', () => {
  assert.equal(cleanText('one\r\ntwo\tthree\u2028four', 99), 'one two three four');
  assert.equal(cleanText('user\u202etxt.exe\u2066 \u{e0041}\u{e0042}\u200b!', 99), 'usertxt.exe !');
});

test('a long text is cut at its limit, not in the middle of a character', () => {
  assert.equal(cleanText('abcdef', 4), 'abc…');
  assert.equal(cleanText('abcd', 4), 'abcd');
  assert.equal(cleanText('ab😀😀', 4), 'ab…');
});

test('whatever comes in, only harmless characters come out, never more than asked for', () => {
  const nasty = fc.constantFrom(
    '\u001b',
    '[',
    ']',
    '\u0007',
    '\u009d',
    '8;;x',
    '\r',
    '\n',
    '\u202e',
    '\u{e0041}',
    'm',
    '\ud800',
    'P',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 }), (parts) => {
      const clean = cleanText(parts.join(''), 50);
      assert.doesNotMatch(clean, forbidden);
      assert.ok(clean.length <= 50);
    }),
    { numRuns: 20_000, seed: 3 },
  );
});

test('hidden characters are found where they stand', () => {
  assert.deepEqual(hiddenCharacters('ab\u202ec\u{e0041}d\u200be\ufe0f'), [
    { index: 2, length: 1, kind: 'bidirectional' },
    { index: 4, length: 2, kind: 'tag' },
    { index: 7, length: 1, kind: 'zero-width' },
    { index: 9, length: 1, kind: 'variation-selector' },
  ]);
});

test('a byte order mark, emoji and scripts that join letters hide nothing', () => {
  assert.deepEqual(hiddenCharacters('\ufeffconst a = "❤️ 👩‍💻 می‌خواهم";'), []);
});

test('bytes smuggled in variation selectors are all found', () => {
  const smuggled = `😀${'\u{e0101}\ufe0f\ufe01'.repeat(5)}`;
  assert.ok(hiddenCharacters(smuggled).length >= 14);
});
