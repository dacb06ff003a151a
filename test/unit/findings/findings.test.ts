import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Finding, FoundIssue, Range } from '../../../src/agent/findings/finding.ts';
import { fingerprint, movableFingerprint } from '../../../src/agent/findings/fingerprint.ts';
import { type Edit, followEdits } from '../../../src/agent/findings/followEdits.ts';
import { createFindingStore } from '../../../src/agent/findings/store.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

const issue: FoundIssue = {
  source: 'rule',
  type: 'security',
  severity: 'high',
  confidence: 0.9,
  file: 'src/a.ts',
  range: { line: 3, column: 5, endLine: 3, endColumn: 9 },
  title: 'Evaluates text as code',
  description: 'A caller can run any code.',
  ruleId: 'no-eval',
  quote: 'eval(x)',
};

function finding(change: Partial<Finding> = {}): Finding {
  const whole = { ...issue, ...change };
  return { id: `${whole.file}:${whole.quote}`, taskId: 't1', fingerprint: fingerprint(whole), ...whole };
}

const failOnListenerError = (error: unknown) => {
  throw error;
};

test('a fingerprint survives moves, re-indenting and rewording', () => {
  const moved = {
    ...issue,
    range: { line: 90, column: 1, endLine: 90, endColumn: 5 },
    quote: ' eval(x)\t',
    title: 'Other',
    severity: 'low' as const,
  };
  assert.equal(fingerprint(moved), fingerprint(issue));
});

test('a fingerprint tells files, rules and code apart; the movable one ignores the file', () => {
  const elsewhere = { ...issue, file: 'src/b.ts' };
  assert.notEqual(fingerprint(elsewhere), fingerprint(issue));
  assert.equal(movableFingerprint(elsewhere), movableFingerprint(issue));
  assert.notEqual(fingerprint({ ...issue, ruleId: 'other' }), fingerprint(issue));
  assert.notEqual(fingerprint({ ...issue, quote: 'eval(y)' }), fingerprint(issue));
});

test('an edit above moves a finding, an edit below leaves it', () => {
  const above: Edit = { range: { line: 1, column: 1, endLine: 1, endColumn: 1 }, text: 'one\ntwo\n' };
  const below: Edit = { range: { line: 4, column: 1, endLine: 5, endColumn: 1 }, text: '' };
  assert.deepEqual(followEdits([finding()], [below, above])[0]?.range, {
    line: 5,
    column: 5,
    endLine: 5,
    endColumn: 9,
  });
});

test('an edit inside makes a finding stale and a deletion of all of it removes it', () => {
  const inside: Edit = { range: { line: 3, column: 6, endLine: 3, endColumn: 7 }, text: 'xyz' };
  const [edited] = followEdits([finding()], [inside]);
  assert.equal(edited?.stale, true);
  assert.deepEqual(edited?.range, { line: 3, column: 5, endLine: 3, endColumn: 11 });
  const deletion: Edit = { range: { line: 3, column: 1, endLine: 4, endColumn: 1 }, text: '' };
  assert.deepEqual(followEdits([finding()], [deletion]), []);
});

test('typing right before or right after a finding does not make it stale', () => {
  const before: Edit = { range: { line: 3, column: 5, endLine: 3, endColumn: 5 }, text: 'abc' };
  const after: Edit = { range: { line: 3, column: 9, endLine: 3, endColumn: 9 }, text: 'abc' };
  const [followed] = followEdits([finding()], [before, after]);
  assert.equal(followed?.stale, undefined);
  assert.deepEqual(followed?.range, { line: 3, column: 8, endLine: 3, endColumn: 12 });
});

test('whatever is edited outside, the text under a finding stays the same', () => {
  const character = fc.constantFrom('a', 'b', '\n', ' ');
  const words = fc.array(character, { maxLength: 40 }).map((all) => all.join(''));
  fc.assert(
    fc.property(words, words, fc.array(fc.tuple(fc.nat(), fc.nat(), words), { maxLength: 4 }), (head, tail, raw) => {
      const text = `${head}TARGET${tail}`;
      const at = head.length;
      const edits: { from: number; to: number; text: string }[] = [];
      for (const [a, b, replacement] of raw) {
        const side = a % 2 === 0 ? { from: 0, length: at } : { from: at + 6, length: tail.length };
        const ends = [side.from + (a % (side.length + 1)), side.from + (b % (side.length + 1))].sort((x, y) => x - y);
        const [from = 0, to = 0] = ends;
        if (edits.every((other) => to < other.from || from > other.to)) edits.push({ from, to, text: replacement });
      }
      let after = text;
      for (const edit of [...edits].sort((x, y) => y.from - x.from)) {
        after = after.slice(0, edit.from) + edit.text + after.slice(edit.to);
      }
      const [followed] = followEdits(
        [finding({ range: rangeOf(text, at, at + 6) })],
        edits.map((edit) => ({ range: rangeOf(text, edit.from, edit.to), text: edit.text })),
      );
      assert.ok(followed && !followed.stale);
      assert.equal(textAt(after, followed.range), 'TARGET');
    }),
    { numRuns: 2000 },
  );
});

function rangeOf(text: string, from: number, to: number): Range {
  const position = (offset: number) => {
    const lines = text.slice(0, offset).split('\n');
    return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  };
  const [start, end] = [position(from), position(to)];
  return { ...start, endLine: end.line, endColumn: end.column };
}

function textAt(text: string, range: Range): string {
  const offset = (line: number, column: number) =>
    text
      .split('\n')
      .slice(0, line - 1)
      .reduce((sum, each) => sum + each.length + 1, 0) +
    column -
    1;
  return text.slice(offset(range.line, range.column), offset(range.endLine, range.endColumn));
}

test('the final findings of a task replace its early ones and what others said of the reviewed files', () => {
  const store = createFindingStore(failOnListenerError);
  const changed: string[][] = [];
  store.onChange((files) => changed.push([...files].sort()));
  store.add([finding(), finding({ quote: 'eval(old)' })]);
  store.add([finding({ taskId: 't0', file: 'src/b.ts' }), finding({ taskId: 't0', file: 'src/c.ts' })]);
  store.replace('t1', [finding({ quote: 'eval(new)' })], new Set(['src/a.ts', 'src/b.ts']));
  assert.deepEqual(
    store.all().map((each) => [each.file, each.quote]),
    [
      ['src/c.ts', 'eval(x)'],
      ['src/a.ts', 'eval(new)'],
    ],
  );
  assert.deepEqual(changed, [['src/a.ts'], ['src/b.ts', 'src/c.ts'], ['src/a.ts', 'src/b.ts']]);
});

test('the same finding of two tasks stands once', () => {
  const store = createFindingStore(failOnListenerError);
  store.add([finding()]);
  store.add([finding({ taskId: 't2' })]);
  assert.deepEqual(
    store.all().map((each) => each.taskId),
    ['t2'],
  );
});

test('a task may find the same code in two places', () => {
  const store = createFindingStore(failOnListenerError);
  store.add([
    { ...finding(), id: 'one' },
    { ...finding(), id: 'two' },
  ]);
  assert.deepEqual(
    store.all().map((each) => each.id),
    ['one', 'two'],
  );
});

test('findings follow edits and renames of their file, and can be removed and cleared', () => {
  const store = createFindingStore(failOnListenerError);
  store.add([finding(), finding({ quote: 'eval(z)' })]);
  store.edit('src/a.ts', [{ range: { line: 1, column: 1, endLine: 1, endColumn: 1 }, text: '\n' }]);
  assert.deepEqual(
    store.of('src/a.ts').map((each) => each.range.line),
    [4, 4],
  );
  store.rename('src/a.ts', 'src/z.ts');
  assert.equal(store.of('src/a.ts').length, 0);
  store.remove('src/a.ts:eval(z)');
  assert.deepEqual(
    store.of('src/z.ts').map((each) => each.quote),
    ['eval(x)'],
  );
  store.clear();
  assert.deepEqual(store.all(), []);
});

test('a review of some lines takes away what was found there, and leaves the rest of the file alone', () => {
  const store = createFindingStore((error) => {
    throw error;
  });
  const at = (line: number, own: Partial<Finding>) =>
    sampleFinding({ range: { line, column: 1, endLine: line, endColumn: 5 }, file: 'a.ts', ...own });
  store.add([at(3, { id: 'near', fingerprint: 'near' }), at(40, { id: 'far', fingerprint: 'far' })]);
  store.replace('t2', [at(4, { id: 'new', taskId: 't2', fingerprint: 'new' })], new Set(['a.ts']), {
    'a.ts': [{ from: 1, to: 10 }],
  });
  assert.deepEqual(
    store.all().map(({ id }) => id),
    ['far', 'new'],
  );
  store.replace('t3', [], new Set(['a.ts']));
  assert.deepEqual(store.all(), []);
});
