import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodeSymbol } from '../../../src/agent/host.ts';
import { enclosingSymbol } from '../../../src/editor/enclosingSymbol.ts';

const symbol = (name: string, kind: string, from: number, to: number, ...children: CodeSymbol[]): CodeSymbol => ({
  name,
  kind,
  range: { line: from, column: 1, endLine: to, endColumn: 1 },
  children,
});
const symbols = [
  symbol('Cart', 'class', 1, 20, symbol('total', 'method', 3, 9, symbol('sum', 'variable', 4, 4))),
  symbol('helper', 'function', 22, 25),
];

test('the innermost method is meant, named with its class', () => {
  assert.equal(enclosingSymbol(symbols, { line: 6, column: 2 }), 'Cart.total');
});
test('a local variable is not what is meant', () => {
  assert.equal(enclosingSymbol(symbols, { line: 4, column: 1 }), 'Cart.total');
});
test('between the methods the class is meant', () => {
  assert.equal(enclosingSymbol(symbols, { line: 15, column: 1 }), 'Cart');
});
test('outside of everything nothing is meant', () => {
  assert.equal(enclosingSymbol(symbols, { line: 21, column: 1 }), undefined);
});
