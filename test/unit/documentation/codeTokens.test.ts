import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commentWords, sameCode } from '../../../src/agent/documentation/codeTokens.ts';

const same: readonly [string, string, string, string][] = [
  ['a doc comment above a function', 'typescript', 'function f() {}\n', '/**\n * Does it.\n */\nfunction f() {}\n'],
  ['blank lines and indentation of braces', 'go', 'func f() {\n\tx()\n}', '// f does it.\nfunc f() {\n  x()\n\n}\n'],
  [
    'a docstring below the signature',
    'python',
    'def f(\n    a,\n):\n    return a\n',
    'def f(\n    a,\n):\n    """Give a."""\n    return a\n',
  ],
  [
    'a replaced docstring',
    'python',
    'class A:\n    "old"\n    x = 1\n',
    'class A:\n    r"""New.\n\n    More: words.\n    """\n\n    x = 1\n',
  ],
  ['a docstring of the file', 'python', 'import os\n', '"""What it is."""\nimport os\n'],
  [
    'Javadoc above an annotation',
    'java',
    '@Override\npublic void run() {}',
    '/** Runs. */\n@Override\npublic void run() {}',
  ],
  [
    'a comment with quotes and slashes',
    'rust',
    "fn f<'a>(x: &'a str) {}",
    "/// It's \"x\" // y\nfn f<'a>(x: &'a str) {}",
  ],
  ['slashes inside strings', 'typescript', 'const u = "http://x"; g();', '/** U. */\nconst u = "http://x"; g();'],
];
for (const [what, language, before, after] of same) {
  test(`${what} leaves the code what it was (${language})`, () => {
    assert.ok(sameCode(before, after, language));
    assert.ok(commentWords(after, language) > commentWords(before, language));
  });
}

const different: readonly [string, string, string, string][] = [
  ['a comment that ends early and brings code', 'typescript', 'f();', '/** x */ evil(); /* */\nf();'],
  ['a changed string', 'typescript', 'f("a b");', '/** x */\nf("a  b");'],
  ['a changed template', 'typescript', 'f(`a // b`);', 'f(`a // c`);'],
  ['a renamed function', 'go', 'func f() {}', '// g does.\nfunc g() {}'],
  ['a code line made a comment', 'typescript', 'check();\nf();', '// check();\nf();'],
  ['a line break after return', 'javascript', 'return x;', 'return\nx;'],
  ['a changed indentation', 'python', 'if a:\n    b()\nc()\n', 'if a:\n    b()\n    c()\n'],
  [
    'a string above a function, which documents nothing',
    'python',
    'x = 1\ndef f(): pass\n',
    'x = 1\n"""F."""\ndef f(): pass\n',
  ],
  ['a changed value that stands alone on its line', 'python', 'd = {"a":\n"b"\n}', 'd = {"a":\n"c"\n}'],
  ['code behind a regular expression with a quote', 'javascript', 'x = /["]/; a("b");', 'x = /["]/; a("c");'],
  ['code behind a lifetime', 'rust', "fn f<'a>(x: &'a str) { g('b') }", "fn f<'a>(x: &'a str) { g('c') }"],
  ['a shebang turned into code', 'shellscript', '#!/bin/sh\na', '#!/bin/sh\nb'],
  ['joined words', 'go', 'var x', 'varx'],
];
for (const [what, language, before, after] of different) {
  test(`${what} is a change of the code (${language})`, () => {
    assert.ok(!sameCode(before, after, language));
  });
}
