import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAnalysis, parseDocumentation, parseReview } from '../../../src/agent/tasks/payload.ts';

const code = 'func main() {}';

for (const [spelling, payload] of [
  ['snake_case', { language: 'go', code, focus_areas: ['races'], instructions: 'look at the locks' }],
  ['camelCase', { language: 'go', code, focusAreas: ['races'], instructions: 'look at the locks' }],
  ['PascalCase', { Language: 'go', Code: code, FocusAreas: ['races'], Instructions: 'look at the locks' }],
] as const) {
  test(`a review payload is read in ${spelling}`, () => {
    assert.deepEqual(parseReview(payload), {
      ok: true,
      value: {
        source: { kind: 'code', code, language: 'go' },
        focusAreas: ['races'],
        instructions: 'look at the locks',
      },
    });
  });
}

test('a payload that is a JSON text is parsed, once', () => {
  const json = JSON.stringify({ language: 'go', code });
  assert.deepEqual(parseReview(json), parseReview({ language: 'go', code }));
  assert.match(reason(parseReview(JSON.stringify(json))), /not an object/);
});

test('files are named by a list or by one path, under any of their names', () => {
  for (const payload of [
    { files: ['a.ts'] },
    { file: 'a.ts' },
    { path: 'a.ts' },
    { paths: ['a.ts'] },
    { files: 'a.ts' },
  ]) {
    const read = parseReview(payload);
    assert.deepEqual(read.ok && read.value.source, { kind: 'files', patterns: ['a.ts'] });
  }
});

test('the changes are asked for by diff or by changes', () => {
  for (const payload of [{ diff: true }, { changes: true }, { Diff: true }]) {
    const read = parseReview(payload);
    assert.deepEqual(read.ok && read.value.source, { kind: 'changes', changes: { kind: 'uncommitted' } });
  }
});

test('the name that comes with code is a name, not a file to open', () => {
  const read = parseReview({ code, language: 'go', filename: '../../etc/passwd' });
  assert.deepEqual(read.ok && read.value.source, { kind: 'code', code, language: 'go', name: '../../etc/passwd' });
});

for (const [payload, expected] of [
  [undefined, /is not an object/],
  [[], /is not an object/],
  ['{', /not JSON/],
  [{}, /neither code, nor files, nor diff/],
  [{ diff: false }, /neither code, nor files, nor diff/],
  [{ Code: 7 }, /Code must be text/],
  [{ code: ' \n' }, /code must not be empty/],
  [{ files: [] }, /files must/],
  [{ files: [3] }, /files must/],
  [{ file: 'a.ts', lines: 'a-b' }, /lines must be like "10-20"/],
  [{ code, files: ['a.ts'] }, /code comes alone/],
  [{ diff: true, file: 'a.ts' }, /files and for the changes/],
  [{ code: 'x'.repeat(4 * 1024 * 1024 + 1) }, /code must not be longer/],
] as const) {
  test(`a review of ${JSON.stringify(payload)?.slice(0, 40)} is refused with the reason`, () => {
    assert.match(reason(parseReview(payload)), expected);
  });
}

test('documentation is of code or of exactly one file', () => {
  assert.deepEqual(parseDocumentation({ File: 'src/a.ts', Symbol: 'run' }), {
    ok: true,
    value: { source: { kind: 'file', path: 'src/a.ts' }, symbol: 'run' },
  });
  assert.match(reason(parseDocumentation({ files: ['a.ts', 'b.ts'] })), /exactly one file/);
  assert.match(reason(parseDocumentation({ diff: true })), /neither code nor a file/);
});

test('an analysis without files is of the whole workspace', () => {
  assert.deepEqual(parseAnalysis({ question: ' where are the cycles? ' }), {
    ok: true,
    value: { source: { kind: 'files', patterns: ['**/*'] }, question: 'where are the cycles?' },
  });
});

test('nothing that arrives makes the parser throw or touches a prototype', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.anything({ withNullPrototype: true })), (payload) => {
      parseReview(payload);
      parseDocumentation(payload);
      parseAnalysis(payload);
    }),
  );
  parseReview('{"__proto__":{"polluted":1},"code":"x"}');
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

function reason(outcome: ReturnType<typeof parseReview> | ReturnType<typeof parseDocumentation>): string {
  assert.ok(!outcome.ok, 'it was accepted');
  assert.equal(outcome.failure.code, 'malformed-payload');
  return outcome.failure.message;
}

const changeScopes: readonly (readonly [object, object])[] = [
  [{ changes: 'uncommitted' }, { kind: 'uncommitted' }],
  [{ diff: 'staged' }, { kind: 'staged' }],
  [{ base: 'main' }, { kind: 'branch', base: 'main' }],
  [
    { diff: true, base: ' release/2 ' },
    { kind: 'branch', base: 'release/2' },
  ],
  [{ commit: 'abc123' }, { kind: 'commit', commit: 'abc123' }],
];
for (const [payload, changes] of changeScopes) {
  test(`changes can be asked for as ${JSON.stringify(payload)}`, () => {
    const read = parseReview(payload);
    assert.deepEqual(read.ok && read.value.source, { kind: 'changes', changes });
  });
}

for (const lines of ['10-20', [10, 20], { from: 10, to: 20 }]) {
  test(`some lines of one file can be asked for as ${JSON.stringify(lines)}`, () => {
    const read = parseReview({ file: 'a.ts', lines });
    assert.deepEqual(read.ok && read.value.source, { kind: 'selection', path: 'a.ts', lines: { from: 10, to: 20 } });
  });
}

test('lines of several files, or backwards, are malformed', () => {
  assert.equal(parseReview({ files: ['a.ts', 'b.ts'], lines: '1-2' }).ok, false);
  assert.equal(parseReview({ file: 'a.ts', lines: '5-2' }).ok, false);
  assert.equal(parseReview({ file: 'a.ts', lines: '0' }).ok, false);
  assert.equal(parseReview({ lines: '1-2' }).ok, false);
});

test('a commit beside files only tells where they come from', () => {
  const read = parseReview({ files: ['a.ts'], commit: 'abc123', base: 'main' });
  assert.deepEqual(read.ok && read.value.source, { kind: 'files', patterns: ['a.ts'] });
});

test('files that a text only mentions are a guess, and files that are named are not', () => {
  const read = parseReview({ instructions: 'as in a.ts', mentioned: ['a.ts'] });
  const otherwise = { kind: 'changes', changes: { kind: 'uncommitted' } };
  assert.deepEqual(read.ok && read.value.source, { kind: 'files', patterns: ['a.ts'], otherwise });
  const named = parseReview({ files: ['b.ts'], mentioned: ['a.ts'] });
  assert.deepEqual(named.ok && named.value.source, { kind: 'files', patterns: ['b.ts'] });
  const analysis = parseAnalysis({ question: 'why a.ts?', mentioned: ['a.ts'] });
  const everything = { kind: 'files', patterns: ['**/*'] };
  assert.deepEqual(analysis.ok && analysis.value.source, { kind: 'files', patterns: ['a.ts'], otherwise: everything });
});
