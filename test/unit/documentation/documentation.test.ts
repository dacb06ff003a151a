import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDocumenter, type DocumentationResult } from '../../../src/agent/documentation/documentation.ts';
import { checkEdit } from '../../../src/agent/documentation/proposals.ts';
import { failed, failures, succeeded } from '../../../src/agent/failures.ts';
import { noTokens } from '../../../src/agent/models/model.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import type { WorkReport } from '../../../src/agent/tasks/task.ts';
import type { Snapshot } from '../../../src/agent/workspace/snapshot.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';

const code = [
  '/** Adds. */',
  'export function add(a: number, b: number): number {',
  '  return a + b;',
  '}',
  '',
  'export function divide(',
  '  a: number,',
  '  b: number,',
  '): number {',
  '  return a / b;',
  '}',
  '',
].join('\n');
const signature = 'export function divide(\n  a: number,\n  b: number,\n): number {';
const documented = { symbol: 'divide', old: signature, new: `/** Divides; Infinity when b is 0. */\n${signature}` };

const report: WorkReport = {
  progress: () => {},
  found: () => assert.fail('documentation has no findings'),
  replaceFindings: () => assert.fail('documentation has no findings'),
};

async function document(
  payload: unknown,
  model?: ScriptedModel,
  file?: Snapshot,
  signal = new AbortController().signal,
) {
  const documenter = createDocumenter({
    clock: new FakeClock(),
    log: () => {},
    settings: () => defaultSettings,
    workspace: {
      read: async (path) => (file && path === file.file ? succeeded(file) : failed(failures.outsideWorkspace(path))),
    },
    model: async () => (model ? succeeded(model) : failed(failures.noCredentials('none'))),
  });
  const task = { id: 't', type: 'documentation', priority: 'normal', origin: 'server', payload } as const;
  const outcome = await documenter(task, report, signal);
  return { outcome, result: outcome.status === 'failed' ? undefined : (outcome.result as DocumentationResult) };
}

test('documentation is proposed for what has none, and the code inside the task comes back documented', async () => {
  const model = new ScriptedModel('m', formAnswer({ edits: [documented] }));
  const { outcome, result } = await document({ language: 'typescript', code }, model);
  assert.equal(outcome.status, 'completed');
  assert.deepEqual(result?.proposals, [{ file: 'payload.ts', language: 'typescript', ...documented }]);
  assert.equal(result?.documented_code, code.replace(signature, documented.new));
  assert.match(model.requests[0]?.prompt ?? '', /"line 6: function divide"\n \]/);
  assert.deepEqual(result?.undocumented, []);
});

test('a file of the workspace gets proposals and is not sent back', async () => {
  const file = { file: 'src/math.ts', absolutePath: '/ws/src/math.ts', language: 'typescript', text: code };
  const model = new ScriptedModel('m', formAnswer({ edits: [documented] }));
  const { outcome, result } = await document({ File: 'src/math.ts', Symbol: 'divide' }, model, file);
  assert.equal(outcome.status, 'completed');
  assert.equal(result?.proposals[0]?.file, 'src/math.ts');
  assert.equal(result?.documented_code, undefined);
});

for (const [what, edit, reason] of [
  [
    'changes the code',
    { ...documented, new: documented.new.replace('b: number,\n)', 'b: number = 1,\n)') },
    /change the code/,
  ],
  ['ends its comment early', { ...documented, new: `/** x */ steal(); /* */\n${signature}` }, /change the code/],
  [
    'quotes what is not there',
    { ...documented, old: 'export function divide(a, b) {', new: '/** x */\nexport function divide(a, b) {' },
    /does not stand/,
  ],
  ['hides characters', { ...documented, new: `/** Divides\u202e. */\n${signature}` }, /invisible/],
  ['documents nothing', { ...documented, new: signature }, /documents nothing/],
] as const) {
  test(`a proposal that ${what} is refused, with the reason`, async () => {
    const { outcome, result } = await document(
      { language: 'ts', code },
      new ScriptedModel('m', formAnswer({ edits: [edit] })),
    );
    assert.ok(outcome.status === 'inconclusive');
    assert.equal(outcome.failure.code, /change the code/.test(reason.source) ? 'code-changed' : 'answer-malformed');
    assert.deepEqual(result?.proposals, []);
    assert.match(result?.summary ?? '', reason);
    assert.deepEqual(
      result?.undocumented.map(({ symbol }) => symbol),
      ['divide'],
    );
  });
}

test('a comment put into a text that only looks like code is refused', async () => {
  const template = `export const page = \`\n${signature}\n}\n\`;\n${code.slice(0, code.indexOf('export function divide'))}`;
  const { outcome, result } = await document(
    { language: 'typescript', code: template, symbol: 'add' },
    new ScriptedModel('m', formAnswer({ edits: [documented] })),
  );
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'code-changed');
  assert.deepEqual(result?.proposals, []);
});

test('a change of code that the rest of the file makes look like a comment is refused', () => {
  const page = `const glob = <b>/*</b>;\n${signature}\n  return a / b;\n}\n`;
  const edit = { ...documented, new: documented.new.replace('b: number,\n)', 'b: string,\n)') };
  const verdict = checkEdit(edit, page, 'typescriptreact', undefined);
  assert.ok(!verdict.ok && verdict.changesCode);
});

test('a declaration with a secret in it is not sent around', () => {
  const old = `function send(token = "ghp_${'a1B2'.repeat(9)}") {`;
  const verdict = checkEdit(
    { symbol: 'send', old, new: `/** Sends. */\n${old}` },
    `${old}\n}`,
    'typescript',
    undefined,
  );
  assert.ok(!verdict.ok);
  assert.match(verdict.reason, /secret/);
});

test('a Python docstring goes below a signature of several lines, in a file with CRLF', async () => {
  const python = 'class Cart:\r\n    def total(\r\n        self,\r\n    ):\r\n        return 1\r\n';
  const old = '    def total(\n        self,\n    ):';
  const edit = { symbol: 'Cart.total', old, new: `${old}\n        """Sum of all items, in cents."""` };
  const { outcome, result } = await document(
    { language: 'python', code: python, symbol: 'Cart.total' },
    new ScriptedModel('m', formAnswer({ edits: [edit] })),
  );
  assert.equal(outcome.status, 'completed');
  assert.equal(
    result?.documented_code,
    'class Cart:\r\n    def total(\r\n        self,\r\n    ):\r\n        """Sum of all items, in cents."""\r\n        return 1\r\n',
  );
});

test('without a model the undocumented symbols are named, and the task is inconclusive', async () => {
  const { outcome, result } = await document({ language: 'typescript', code });
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'no-credentials');
  assert.deepEqual(result?.undocumented, [{ symbol: 'divide', kind: 'function', line: 6 }]);
  assert.equal(result?.not_reviewed.length, 1);
});

test('where everything is documented no model is asked', async () => {
  const { outcome, result } = await document({ language: 'typescript', code: code.split('\n').slice(0, 4).join('\n') });
  assert.equal(outcome.status, 'completed');
  assert.match(result?.summary ?? '', /is documented/);
});

test('a symbol that is not there, and a file outside the workspace, fail the task', async () => {
  const missing = await document({ language: 'typescript', code, symbol: 'multiply' });
  assert.ok(missing.outcome.status === 'failed');
  assert.equal(missing.outcome.failure.code, 'no-symbol');
  const outside = await document({ file: '../x.ts' });
  assert.ok(outside.outcome.status === 'failed');
  assert.equal(outside.outcome.failure.code, 'outside-workspace');
});

test('of an answer that breaks off the complete proposals stand and the task is inconclusive', async () => {
  const json = JSON.stringify({ edits: [documented, { symbol: 'add', old: 'x', new: 'yyyy' }] });
  const model = new ScriptedModel('m', [
    { kind: 'input', json: json.slice(0, -6) },
    { kind: 'failed', failure: failures.answerTooLong(), tokens: noTokens },
  ]);
  const { outcome, result } = await document({ language: 'typescript', code }, model);
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'answer-too-long');
  assert.deepEqual(
    result?.proposals.map(({ symbol }) => symbol),
    ['divide'],
  );
});

test('every symbol of a long file is asked for once', async () => {
  const long = Array.from(
    { length: 60 },
    (_, index) => `function f${index}() {\n${'  step("……………………………………");\n'.repeat(60)}}\n`,
  ).join('');
  const asked: string[] = [];
  const model = new ScriptedModel('m');
  model.onRequest = ({ prompt }) => {
    asked.push(...[...prompt.matchAll(/function (f\d+)"/g)].map((match) => match[1] ?? ''));
    return formAnswer({ edits: [] });
  };
  await document({ language: 'typescript', code: long }, model);
  assert.deepEqual(
    asked,
    Array.from({ length: 60 }, (_, index) => `f${index}`),
  );
});

test('an abort ends the writing with its reason', async () => {
  const controller = new AbortController();
  const running = document(
    { language: 'typescript', code },
    new ScriptedModel('m', ['hang']),
    undefined,
    controller.signal,
  );
  setImmediate(() => controller.abort(new Error('enough')));
  await assert.rejects(running, /enough/);
});

test('secrets do not reach the model', async () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const model = new ScriptedModel('m', formAnswer({ edits: [] }));
  await document({ language: 'typescript', code: `${code}const token = "${key}";\n` }, model);
  assert.ok(!model.requests[0]?.prompt.includes(key));
});
