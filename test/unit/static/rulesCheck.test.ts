import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FoundIssue } from '../../../src/agent/findings/finding.ts';
import { rulesFile } from '../../../src/agent/review/static/engineFolder.ts';
import { createRulesCheck } from '../../../src/agent/review/static/rulesCheck.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { engineFolder } from '../../setup/engineFolder.ts';

const unaborted = new AbortController().signal;

/** Each look at it takes a millisecond, so work looks slow and its slices can be counted. */
class SlowClock extends FakeClock {
  #looks = 0;
  override monotonic(): number {
    return this.#looks++;
  }
}

async function found(text: string, language = 'typescript'): Promise<readonly FoundIssue[]> {
  const log = (_level: string, message: string) => assert.fail(message);
  const check = createRulesCheck({ engineFolder: await engineFolder(), clock: new FakeClock(), log });
  return check.check({ file: 'a', language, text }, unaborted);
}

const places = (issues: readonly FoundIssue[]) =>
  issues.map(({ range, quote }) => [range.line, range.column, range.endLine, range.endColumn, quote]);

test('columns count UTF-16 units, with tabs as one and emoji as two', async () => {
  const text = '\t/* 😀 数 é */ eval(a);\n\t\tconst 𝒳 = eval("😀" + b); eval(c);\n';
  assert.deepEqual(places(await found(text)), [
    [1, 15, 1, 22, 'eval(a)'],
    [2, 14, 2, 28, 'eval("😀" + b)'],
    [2, 30, 2, 37, 'eval(c)'],
  ]);
});

test('lines count CRLF, LF and a lone CR alike, and a byte order mark is one unit', async () => {
  assert.deepEqual(places(await found('\uFEFFeval(a);\r\neval(\r\n  b,\r\n);\n\neval(c);')), [
    [1, 2, 1, 9, 'eval(a)'],
    [2, 1, 4, 2, 'eval(\r\n  b,\r\n)'],
    [6, 1, 6, 8, 'eval(c)'],
  ]);
  assert.deepEqual(places(await found('a = eval(x)\r\nif b:\r\n\tc = eval(y)\r\n', 'python')), [
    [1, 5, 1, 12, 'eval(x)'],
    [3, 6, 3, 13, 'eval(y)'],
  ]);
});

test('a long match is shown by its first ten lines, a very long line by its first 2000 units', async () => {
  const body = Array.from({ length: 30 }, (_, index) => `  step(${index});`).join('\n');
  const [issue] = await found(`new Promise(async (resolve) => {\n${body}\n});`);
  assert.deepEqual(issue?.range, { line: 1, column: 1, endLine: 10, endColumn: 11 });
  assert.equal(issue?.quote.split('\n').length, 10);
  const [wide] = await found(`eval(${'a + '.repeat(2000)}b)`);
  assert.equal(wide?.quote.length, 2000);
});

test('a fix replaces exactly the quote, with the text the rule matched put in', async () => {
  const [issue] = await found('const grid = new Array(rows * 2).fill([0, "$COUNT"]);');
  assert.deepEqual(issue?.fix, {
    old: 'new Array(rows * 2).fill([0, "$COUNT"])',
    new: 'Array.from({ length: rows * 2 }, () => ([0, "$COUNT"]))',
  });
});

test('a comment can accept what a rule finds, for its line or the next, for one rule or all', async () => {
  const text = [
    'eval(a); // mesh-ignore',
    'eval(b); // mesh-ignore js-eval: checked above',
    'eval(c); // mesh-ignore js-inner-html',
    '// mesh-ignore-next-line js-inner-html, js-eval',
    'eval(d);',
    '/* mesh-ignore-next-line */',
    'eval(e);',
    'eval(f);',
    'eval("mesh-ignore" + g);',
    'eval(h); // mesh-ignored',
  ].join('\n');
  assert.deepEqual(
    (await found(text)).map((issue) => issue.quote),
    ['eval(c)', 'eval(f)', 'eval("mesh-ignore" + g)', 'eval(h)'],
  );
  assert.deepEqual(await found('eval(a)  # mesh-ignore py-eval\n', 'python'), []);
});

test('JSX is understood where the language has it', async () => {
  const text = 'export const Post = (p: P) => <div dangerouslySetInnerHTML={{ __html: p.body }} />;';
  const [issue] = await found(text, 'typescriptreact');
  assert.equal(issue?.ruleId, 'js-dangerous-html-prop');
  assert.equal((await found('const a = <b dangerouslySetInnerHTML={{ __html: c }} />;', 'javascriptreact')).length, 1);
});

test('a file in which no trigger stands needs neither engine nor grammar', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'rules-alone-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await copyFile(join(await engineFolder(), rulesFile), join(folder, rulesFile));
  const check = createRulesCheck({ engineFolder: folder, clock: new FakeClock(), log: () => assert.fail() });
  assert.deepEqual(
    await check.check({ file: 'a', language: 'typescript', text: 'export const a = 1;' }, unaborted),
    [],
  );
  assert.equal(check.unavailable?.(), undefined);
});

test('one rule reports at most a hundred matches of a file', async () => {
  assert.equal((await found('eval(x);\n'.repeat(20_000))).length, 100);
});

test('a megabyte is searched to its end', async () => {
  const line = 'export function f(a: number, b: string[]) { return b.map((c) => c + a).filter(Boolean); }\n';
  const text = `${line.repeat(12_000)}eval(x);\n`;
  assert.deepEqual(places(await found(text)), [[12_001, 1, 12_001, 8, 'eval(x)']]);
});

test('hostile nesting and width end, and what stands after them is found', async () => {
  for (const text of [
    `${'['.repeat(5000)}${']'.repeat(5000)};\neval(x);`,
    `const a = [${'1,'.repeat(150_000)}];\neval(x);`,
    `${'f(()=>{return '.repeat(500)}1${'})'.repeat(500)};\neval(x);`,
    `const a = "${'eval( '.repeat(50_000)}";\neval(x);`,
  ]) {
    const quotes = (await found(text)).map((issue) => issue.quote);
    assert.deepEqual(quotes, ['eval(x)'], text.slice(0, 40));
  }
});

test('long work gives the event loop its turns, and stops at once when it is cancelled', async () => {
  const text = 'function f(a) { return eval(a) + [1, 2, 3].map((b) => b + a); }\n'.repeat(300);
  const check = createRulesCheck({ engineFolder: await engineFolder(), clock: new SlowClock(), log: () => {} });
  const cancel = new AbortController();
  const reason = new Error('the task was cancelled');
  let turns = 0;
  let done = false;
  const counting = (async () => {
    while (!done) {
      await nextTurn();
      turns++;
    }
  })();
  assert.equal((await check.check({ file: 'a', language: 'javascript', text }, unaborted)).length, 100);
  const needed = turns;
  assert.ok(needed > 40, `${needed} turns`);

  turns = 0;
  const checking = check.check({ file: 'a', language: 'javascript', text }, cancel.signal);
  const rejected = assert.rejects(checking, (error) => error === reason);
  while (turns < 20) await nextTurn();
  cancel.abort(reason);
  await rejected;
  assert.ok(turns < needed, `${turns} of ${needed} turns`);
  done = true;
  await counting;
});
