import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { enclosing } from '../../../src/agent/review/enclosing.ts';
import { linesOf } from '../../../src/agent/review/lines.ts';

const at = (text: string, line: number) =>
  enclosing(linesOf(text), line).map(({ name, from, to }) => `${name} ${from}-${to}`);

test('the method and the class around a line are found in TypeScript', () => {
  const text = [
    'export class Store {',
    '  async load(',
    '    key: string,',
    '    more: number,',
    '  ): Promise<string> {',
    '    if (key) {',
    '      return this.read(key);',
    '    }',
    "    return '';",
    '  }',
    '',
    '  size = () => this.items.length;',
    '}',
    '',
    'const sum = (a: number, b: number) => {',
    '  return a + b;',
    '};',
  ].join('\n');
  assert.deepEqual(at(text, 7), ['load 2-10', 'Store 1-13']);
  assert.deepEqual(at(text, 2), ['load 2-10', 'Store 1-13']);
  assert.deepEqual(at(text, 16), ['sum 15-17']);
  assert.deepEqual(at(text, 14), []);
});

test('a function of Python ends where its indentation does', () => {
  const text = [
    'class A:',
    '    def one(self):',
    '        x = 1',
    '',
    '        return x',
    '',
    '    def two(self):',
    '        pass',
    '',
    'y = 2',
  ].join('\n');
  assert.deepEqual(at(text, 5), ['one 2-5', 'A 1-8']);
  assert.deepEqual(at(text, 8), ['two 7-8', 'A 1-8']);
  assert.deepEqual(at(text, 10), []);
});

test('receivers of Go, braces on their own line in C and methods of Java are heads', () => {
  assert.deepEqual(at('func (s *Server) Serve(w http.ResponseWriter) {\n\tw.Write(nil)\n}', 2), ['Serve 1-3']);
  assert.deepEqual(at('static int copy(char *to)\n{\n    return 0;\n}', 3), ['copy 1-4']);
  assert.deepEqual(at('class A {\n  public int size(List<String> x) {\n    return 1;\n  }\n}', 3), [
    'size 2-4',
    'A 1-5',
  ]);
  assert.deepEqual(at('def load\n  read\nend', 2), ['load 1-3']);
});

test('blocks, calls with a callback and comments are no declarations', () => {
  const text = [
    'function run(items) {',
    '  items.forEach((item) => {',
    '    if (item) {',
    '      go(item);',
    '    }',
    '  });',
    '}',
  ].join('\n');
  assert.deepEqual(at(text, 4), ['run 1-7']);
});

test('every range lies inside the text and holds its line', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../src/agent/review/anchor.ts'), 'utf8');
  const lines = linesOf(text);
  for (let line = 1; line <= lines.count; line++) {
    for (const { from, to } of enclosing(lines, line))
      assert.ok(from >= 1 && from <= line && to >= line && to <= lines.count);
  }
});
