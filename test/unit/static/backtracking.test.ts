import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Growth, growthOf } from '../../../src/agent/review/static/regex/backtracking.ts';
import { countSteps } from '../../../src/agent/review/static/regex/countSteps.ts';
import { parseRegex } from '../../../src/agent/review/static/regex/parseRegex.ts';

const cases: readonly [RegExp, Growth | undefined][] = [
  [/^(a+)+$/, 'exponential'],
  [/^(a|a)*$/, 'exponential'],
  [/^(a|aa)+$/, 'exponential'],
  [/(x+x+)+y/, 'exponential'],
  [/^(\w+\s?)*$/, 'exponential'],
  [/^(?:(?:"[^"]*")|[^"]*)*$/, 'exponential'],
  [/^(\S+\s*)+:$/, 'exponential'],
  [/^([a-z0-9])(([-.]|_+)?([a-z0-9]+))*@[a-z]+$/i, 'exponential'],
  [/^(?:async(?:\s|\/\*[\s\S]*?\*\/|\/\/[^\n]*\n)+)?function\b/, 'exponential'],
  [/^\s*([^=]+?)\s*=\s*(.*?)\s*$/, 'cubic'],
  [/^([+-]?\d*n)?\s*(?:([+-]?)\s*(\d+))?$/, 'quadratic'],
  [/[{[].*[/]*[}\]]$/, 'quadratic'],
  [/^(?=(a+)+$)b/, 'exponential'],
  [/^\w+(\s\w+)*$/, undefined],
  [/"(?:[^"\\]|\\.)*"/, undefined],
  [/^[\w.-]+@[\w-]+\.[\w.-]+$/, undefined],
  [/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/, undefined],
  [/\/\*[\s\S]*?\*\//, undefined],
  [/^#([\da-f]{3}){1,2}$/, undefined],
  [/^\d+(,\d+)*\.?$/, undefined],
  [/^(a{1,3}){1,3}$/, undefined],
  [/^https?:\/\/[^\s/]+(\/.*)?$/, undefined],
];

for (const [expression, expected] of cases) {
  test(`${expression.source} takes ${expected ?? 'no'} more time than its text is long`, async () => {
    assert.equal(await growthOf(expression.source, expression.flags), expected);
  });
}

test('an expression that must match to the end is judged so, and one that cannot be read not at all', async () => {
  assert.equal(await growthOf('(a+)+', ''), undefined);
  assert.equal(await growthOf('(a+)+', '', { whole: true }), 'exponential');
  for (const source of ['(a+', '*', '[a', 'a)', '(?#x)a', '(?<a', '\\k<', '(?R)', 'a'.repeat(2001), '('.repeat(500)]) {
    assert.equal(await growthOf(source, ''), undefined, source);
  }
  assert.equal(await growthOf('^(?P<a>\\w+\\s?)*$', ''), 'exponential');
  assert.equal(await growthOf('^(?>(a+)+)$', ''), undefined);
  assert.equal(await growthOf('^(?>(a+)+b)$', ''), 'exponential');
  assert.equal(await growthOf('^(a++b)+$', ''), undefined);
  assert.equal(await growthOf('^ ( a + ) + $', 'x'), undefined);
});

test('long trials let others run', async () => {
  let pauses = 0;
  const pause = async () => void pauses++;
  await growthOf('^\\s*([^;]+?)\\s*;\\s*([^;]+?)\\s*$', '', { pause });
  assert.ok(pauses >= 2, `${pauses}`);
});

test('steps are counted up to a limit, and hostile depth is one', () => {
  const counted = (source: string, text: string) => {
    const piece = parseRegex(source, '');
    assert.ok(piece, source);
    return countSteps(piece, text, 0, 5000);
  };
  assert.ok(counted('a*b', 'aaaa') < 40);
  assert.equal(counted('(a+)+$', `${'a'.repeat(40)}!`), 5000);
  assert.equal(counted('(?:a|b)*$', 'ab'.repeat(20_000)), 5000);
  assert.ok(counted('(a)\\1(?=b)(?!c)\\bb', 'aab') < 40);
});
