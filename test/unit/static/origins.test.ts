import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Grammar } from '../../../src/agent/review/static/engineFolder.ts';
import { originsIn } from '../../../src/agent/review/static/origins.ts';
import { createSlices } from '../../../src/agent/review/static/slices.ts';
import { openSyntax } from '../../../src/agent/review/static/syntaxTree.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { engineFolder } from '../../setup/engineFolder.ts';

/** What goes into the argument of the first call of `sink`. */
async function origins(grammar: Grammar, text: string) {
  const syntax = await openSyntax(await engineFolder());
  const tree = await syntax.parse(grammar, text, createSlices(new FakeClock(), new AbortController().signal));
  const at = text.indexOf('sink(') + 'sink('.length;
  const node = tree.node.descendantForIndex(at, at);
  assert.ok(node);
  const { texts, parameter } = originsIn()(node);
  tree.dispose();
  return [parameter, ...texts];
}

test('a value is followed through the variables of its function, in each language', async () => {
  const cases: readonly [Grammar, string, readonly (string | boolean)[]][] = [
    ['javascript', 'function f(a) { const b = "x" + a; let c; c = b; sink(c); }', [true, 'c', 'b', '"x" + a']],
    ['typescript', 'const f = ({ a }: P) => { const { b } = a.c; sink(b); };', [true, 'b', 'a.c']],
    ['python', 'def f(a):\n    with open(a) as b:\n        sink(b)\n', [true, 'b', 'open(a)']],
    ['go', 'package p\nfunc f(a string) { b, err := g(a); sink(b) }', [true, 'b', 'g(a)']],
    ['java', 'class A { void f(String a) { String b = "x" + a; sink(b); } }', [true, 'b', '"x" + a']],
    ['javascript', 'function f(list) { for (const item of list) sink(item); }', [true, 'item', 'list']],
  ];
  for (const [grammar, text, expected] of cases) assert.deepEqual(await origins(grammar, text), expected, text);
});

test('a variable of the same name in another function is another variable', async () => {
  assert.deepEqual(
    await origins('javascript', 'function f(a) { const b = a; return b; }\nfunction g() { const b = 1; sink(b); }'),
    [false, 'b', '1'],
  );
  assert.deepEqual(await origins('javascript', 'function f() { const b = x; return (b) => sink(b); }'), [true, 'b']);
});

test('what depends on itself comes to an end', async () => {
  const [, ...texts] = await origins('javascript', 'function f(a) { let b = a; b = b + c; let c = b; sink(b); }');
  assert.deepEqual(texts, ['b', 'a', 'b + c', 'b']);
});
