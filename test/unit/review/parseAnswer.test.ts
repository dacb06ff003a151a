import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { asItem, readModelFinding, reportForm } from '../../../src/agent/review/ai/answerSchema.ts';
import { createAnswerParser } from '../../../src/agent/review/ai/parseAnswer.ts';

const finding = (number: number, more: object = {}) => ({
  quote: `step${number}("[{");`,
  line_hint: number,
  failure_scenario: 'With an empty list it divides by zero: {"a": [1]}.',
  category: 'correctness',
  severity: 'high',
  confidence: 0.9,
  title: `Division by zero ${number}`,
  ...more,
});
const answer = (...findings: object[]) => JSON.stringify({ notes: 'line 3: "[" is it?', findings });

function read(json: string, options: { complete?: boolean; piece?: number } = {}) {
  const parser = createAnswerParser();
  const early = [];
  for (let at = 0; at < json.length; at += options.piece ?? 7)
    early.push(...parser.add(json.slice(at, at + (options.piece ?? 7))));
  const late = parser.end(options.complete ?? true);
  return { early, late, all: [...early, ...late], invalid: parser.invalid, readable: parser.readable };
}
const titles = (findings: readonly { title: string }[]) => findings.map(({ title }) => title);

test('each finding is given the moment its object is complete', () => {
  const json = answer(finding(1), finding(2));
  const parser = createAnswerParser();
  const second = json.indexOf('{"quote":"step2');
  assert.deepEqual(titles(parser.add(json.slice(0, second - 2))), []);
  assert.deepEqual(titles(parser.add(json.slice(second - 2, second))), ['Division by zero 1']);
  assert.deepEqual(titles(parser.add(json.slice(second))), ['Division by zero 2']);
  assert.deepEqual(parser.end(true), []);
});

test('however the answer is cut into pieces, the same findings come out once', () => {
  const json = answer(finding(1, { suggestion: 'a "quoted" \\ word' }), finding(2, { fix: { old: '}', new: ']{' } }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (piece) => {
      const { early, late } = read(json, { piece });
      assert.deepEqual(titles(early), ['Division by zero 1', 'Division by zero 2']);
      assert.deepEqual(late, []);
    }),
  );
});

test('an answer cut at any place gives only findings that were complete, and never throws', () => {
  const json = answer(finding(1, { suggestion: 'Check for it.' }), finding(2, { suggestion: 'Check for it.' }));
  for (let length = 0; length < json.length; length++) {
    const { all } = read(json.slice(0, length), { complete: false });
    for (const one of all) {
      assert.match(one.title, /^Division by zero [12]$/);
      assert.ok(one.suggestion === undefined || one.suggestion === 'Check for it.');
      assert.match(one.failureScenario, /\.$/);
    }
  }
});

test('code in a finding does not keep an answer that broke off from being saved', () => {
  const quote = 'export function divide(\n  a: number, /* "x": [ */\n): number {';
  const json = answer(finding(1, { quote }), finding(2, { quote, suggestion: 'Check for it.' }));
  const { all } = read(json.slice(0, json.indexOf('for it')), { complete: false });
  assert.deepEqual(titles(all), ['Division by zero 1', 'Division by zero 2']);
});

test('the finding during which the answer broke off is kept when only its last entry is lost', () => {
  const json = answer(finding(1), finding(2, { suggestion: 'Check for the empty list first.' }));
  const { all } = read(json.slice(0, json.indexOf('empty list first')), { complete: false });
  assert.deepEqual(titles(all), ['Division by zero 1', 'Division by zero 2']);
  assert.equal(all[1]?.suggestion, undefined);
});

test('a finding that cannot be understood is counted and does not spoil the others', () => {
  const { all, invalid } = read(
    answer(finding(1), finding(2, { severity: 'dreadful' }), { praise: 'nice' }, finding(3)),
  );
  assert.deepEqual(titles(all), ['Division by zero 1', 'Division by zero 3']);
  assert.equal(invalid, 2);
});

for (const [what, json] of [
  ['a bare list', JSON.stringify([finding(1)])],
  ['a list written as text', JSON.stringify({ notes: '', findings: JSON.stringify([finding(1)]) })],
  ['one object deeper', JSON.stringify({ input: { findings: [finding(1)] } })],
  ['a fenced block', `Here is it:\n\`\`\`json\n${answer(finding(1))}\n\`\`\``],
  ['a raw line break inside a string', answer(finding(1)).replace('empty list', 'empty\nlist')],
  ['a comma too many', answer(finding(1)).replace('}]}', '},]}')],
] as const) {
  test(`an answer in the form of ${what} is read`, () => {
    const { all, readable } = read(json);
    assert.deepEqual(titles(all), ['Division by zero 1']);
    assert.ok(readable);
  });
}

test('an empty list is an answer; no list is none', () => {
  assert.equal(read(answer()).readable, true);
  assert.equal(read('I cannot help with that.').readable, false);
  assert.equal(read('').readable, false);
});

test('an answer of which nothing could be understood is none, and neither is an empty list that was never closed', () => {
  for (const json of [
    '{"notes": "x", "findings": [{{{',
    '{"notes": "x", "findings": [{"quote": 5}, null]}',
    '{"notes": "x", "findings": [',
    '{"notes": "x", "findings": [,',
  ]) {
    const { all, readable } = read(json);
    assert.deepEqual(all, []);
    assert.equal(readable, false, json);
  }
  assert.equal(read('{"notes": "x", "findings": []').readable, true, 'only the last bracket is missing');
  assert.equal(read(`{"findings": [${JSON.stringify(finding(1))}, {{{`).readable, true, 'one was understood');
  assert.equal(read(JSON.stringify({ input: { findings: [] } })).readable, true, 'an empty list one object deeper');
});

test('whatever arrives, the parser does not throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.json(), fc.boolean(), (noise, json, complete) => {
      read(noise, { complete });
      read(`{"findings":${json}${noise}`, { complete });
    }),
  );
});

test('numbers written as text, percentages and capital letters are understood', () => {
  const understood = readModelFinding(finding(1, { line_hint: '12', confidence: '85', severity: 'High' }));
  assert.equal(understood?.lineHint, 12);
  assert.equal(understood?.confidence, 0.85);
  assert.equal(understood?.severity, 'high');
});

test('a hint, a suggestion or a fix that makes no sense is left out', () => {
  const understood = readModelFinding(finding(1, { line_hint: 'somewhere', suggestion: 5, fix: { old: '' } }));
  assert.deepEqual(
    Object.keys(understood ?? {}).filter((key) => ['lineHint', 'suggestion', 'fix'].includes(key)),
    [],
  );
});

test('a finding without a scenario, a quote or a confidence is none', () => {
  for (const missing of [{ failure_scenario: ' ' }, { quote: '\n' }, { confidence: '' }, { confidence: null }]) {
    assert.equal(readModelFinding(finding(1, missing)), undefined);
  }
});

test('the form sent to the model accepts what the reader accepts, and uses no keyword that strict modes refuse', () => {
  const text = JSON.stringify(reportForm.schema);
  assert.doesNotMatch(text, /"(minimum|maximum|maxItems|minItems|maxLength|minLength|pattern|format|default)":/);
  const schema = z.fromJSONSchema(reportForm.schema);
  const worked = { file: 1, symbol: 'run', trace: '1: it enters', verdict: 'defect' };
  const full = finding(1, { ...worked, cwe: 'CWE-369', suggestion: 'x', fix: { old: 'a', new: 'b' } });
  assert.ok(schema.safeParse({ notes: '', findings: [full, finding(2, worked)] }).success);
  assert.ok(!schema.safeParse({ notes: '', findings: [{ ...full, praise: 'well done' }] }).success);
  for (const key of ['quote', 'failure_scenario', 'category', 'severity', 'confidence', 'title']) {
    const { [key]: _gone, ...rest } = full as Record<string, unknown>;
    assert.ok(!schema.safeParse({ notes: '', findings: [rest] }).success, `${key} may be missing in the form`);
    assert.equal(readModelFinding(rest), undefined, `${key} may be missing for the reader`);
  }
});

test('what the model takes back is counted, and is an answer', () => {
  const parsed = createAnswerParser();
  assert.deepEqual(parsed.add(answer(finding(1, { verdict: 'Withdrawn' }), { verdict: 'withdrawn', quote: 5 })), []);
  assert.deepEqual(parsed.end(true), []);
  assert.deepEqual([parsed.withdrawn, parsed.invalid, parsed.readable], [2, 0, true]);
  assert.equal(read(answer(finding(1, { verdict: 'defect' }))).early.length, 1);
});

test('a weakness is read when it has a number, and a finding that is kept reads the same again', () => {
  const whole = readModelFinding(finding(3, { cwe: 'cwe-89', symbol: 'run', file: 2, fix: { old: 'a', new: 'b' } }));
  assert.equal(whole?.cwe, 'CWE-89');
  assert.equal(readModelFinding(finding(3, { cwe: 'SQL injection' }))?.cwe, undefined);
  assert.ok(whole);
  assert.deepEqual(readModelFinding(JSON.parse(JSON.stringify(asItem(whole)))), whole);
});

test('a field that nobody could make into text spoils no more than its finding', () => {
  const { all, invalid } = read(answer(finding(1, { title: { length: { toString: 1 } } }), finding(2)));
  assert.deepEqual(titles(all), ['Division by zero 2']);
  assert.equal(invalid, 1);
});

test('an answer that is all stray quotes is not repaired for minutes', { timeout: 20_000 }, () => {
  const { all, readable } = read(`{"findings":[{"quote":"${'y"'.repeat(150_000)}`, { complete: false, piece: 1000 });
  assert.deepEqual(all, []);
  assert.equal(readable, false);
});
