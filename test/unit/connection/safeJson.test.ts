import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, pick } from '../../../src/agent/connection/fields.ts';
import { parseJson } from '../../../src/agent/connection/safeJson.ts';

test('64 levels are read and 65 are not', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(parseJson(nested(64)).ok, true);
  assert.deepEqual(parseJson(nested(65)), { ok: false, problem: 'nested deeper than 64 levels' });
  assert.equal(parseJson(nested(1_000_000)).ok, false);
});

test('brackets inside strings are no levels', () => {
  assert.equal(parseJson(`{"a":"${'['.repeat(500)}\\"${'{'.repeat(500)}"}`).ok, true);
});

test('fifty thousand values are read and more are not, however long the strings are', () => {
  const list = (length: number) => `[${Array(length).fill('"a,b\\\\"').join(',')}]`;
  assert.equal(parseJson(list(50_001)).ok, true);
  assert.deepEqual(parseJson(list(50_002)), { ok: false, problem: 'more than 50000 values' });
  assert.equal(parseJson(JSON.stringify({ code: ',[{"\\'.repeat(200_000) })).ok, true);
});

test('own __proto__ fields are gone at every level, however they were spelled', () => {
  const parsed = parseJson('[{"__proto__":{"x":1},"a":{"\\u005f_proto_\\u005F":1,"_\\u005fpro\\u0074o__":2,"b":3}}]');
  assert.deepEqual(parsed, { ok: true, value: [{ a: { b: 3 } }] });
});

test('own toString fields are gone at every level, so that every value can be made into text', () => {
  const parsed = parseJson('{"toString":1,"a":[{"\\u0074oString":{},"code":"x.toString()","b":"toString"}]}');
  assert.deepEqual(parsed, { ok: true, value: { a: [{ code: 'x.toString()', b: 'toString' }] } });
});

test('what is wrong is said without quoting the text', () => {
  assert.deepEqual(parseJson('secret {'), { ok: false, problem: 'not JSON' });
});

test('every spelling of a field is the same field, and snake_case wins', () => {
  const fields = fieldsOf({ AgentID: 1, agentId: 2, agent_id: 3, TaskId: 'x', __proto: null });
  assert.equal(pick(fields, 'agent_id'), 3);
  assert.equal(pick(fields, 'task_id'), 'x');
  assert.equal(pick(fields, 'missing', 'task_id'), 'x');
});

test('what is no object has no fields', () => {
  for (const value of [null, undefined, 1, 'text', ['a']]) assert.equal(fieldsOf(value).size, 0);
});
