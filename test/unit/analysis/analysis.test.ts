import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AnalysisResult, createAnalyst } from '../../../src/agent/analysis/analysis.ts';
import { cyclesIn } from '../../../src/agent/analysis/cycles.ts';
import { declarationsOf } from '../../../src/agent/analysis/declarations.ts';
import { importsOf } from '../../../src/agent/analysis/imports.ts';
import { blanked, segmentsOf } from '../../../src/agent/analysis/segments.ts';
import { failed, failures, succeeded } from '../../../src/agent/failures.ts';
import { type ModelEvent, noTokens } from '../../../src/agent/models/model.ts';
import { createSlices } from '../../../src/agent/review/static/slices.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import type { WorkReport } from '../../../src/agent/tasks/task.ts';
import { languageOf } from '../../../src/agent/workspace/languages.ts';
import type { NotReviewed, Snapshot } from '../../../src/agent/workspace/snapshot.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { ScriptedModel } from '../../fakes/scriptedModel.ts';

const snapshot = (file: string, text: string): Snapshot => ({ file, language: languageOf(file), text });
const slices = createSlices(new FakeClock(), new AbortController().signal);

test('comments, strings and code are told apart', () => {
  const hole = '$' + '{f("}")}';
  const text = `a = "x // y"; // "c"\nb = \`t ${hole} /* */\`; /* d\n */ e = /["]/g; g = 1 / 2 / 3;`;
  const segments = segmentsOf(text, 'typescript').filter(({ kind }) => kind !== 'code');
  assert.deepEqual(
    segments.map(({ kind, start, end }) => [kind, text.slice(start, end)]),
    [
      ['string', '"x // y"'],
      ['comment', '// "c"'],
      ['string', `\`t ${hole} /* */\``],
      ['comment', '/* d\n */'],
      ['string', '/["]/g'],
    ],
  );
  assert.equal(blanked('f("a"); // b\n', segmentsOf('f("a"); // b\n', 'go'), true), 'f(   );     \n');
});

test('whatever the text, segments follow one another and cover it', () => {
  const languages = ['typescript', 'python', 'rust', 'go', 'lua', 'plaintext', 'constructor'];
  const noise = fc
    .array(fc.constantFrom('"', "'", '`', '/', '*', '#', '-', '\n', '\\', '${', '}', 'a', '"""'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(noise, fc.constantFrom(...languages), (text, language) => {
      let at = 0;
      for (const { start, end } of segmentsOf(text, language)) {
        assert.ok(start === at && end > start);
        at = end;
      }
      assert.equal(at, text.length);
    }),
  );
});

const declared: readonly [string, string, readonly string[]][] = [
  [
    'typescript',
    [
      '/** A. */',
      'export function a(x = {}) {',
      '  if (x) {}',
      '}',
      'const b = async (y: number): Promise<void> => {',
      '};',
      '// no doc comment',
      'export class C {',
      '  /** M. */',
      '  private async m<T>(z: T): Promise<T> {',
      '    return z;',
      '  }',
      '}',
      'const s = "function no() {";',
      'const short = (n: number) => n + 1',
      'type T = string',
    ].join('\n'),
    [
      'function a 2-4 documented',
      'function b 5-6',
      'class C 8-13',
      'function m 10-12 documented',
      'function short 15-15',
      'type T 16-16',
    ],
  ],
  [
    'python',
    [
      'class A(B):',
      '    """Doc."""',
      '    async def f(',
      '        self,',
      '    ):',
      '        # why',
      '        return 1',
      '',
      'def g(): pass',
      'x = "def no(): pass"',
    ].join('\n'),
    ['class A 1-7 documented', 'function f 3-7', 'function g 9-9'],
  ],
  [
    'go',
    [
      '// Run runs.',
      'func (s *Server) Run() error {',
      '\treturn nil',
      '}',
      'type T struct {',
      '\ta int // what',
      '}',
      '',
      'func g() {}',
    ].join('\n'),
    ['function Run 2-4 documented', 'type T 5-7', 'function g 9-9'],
  ],
  [
    'java',
    [
      '/** C. */',
      '@Service',
      'public class C {',
      '  public static int f(int a)',
      '      throws IOException {',
      '    while (true) {}',
      '  }',
      '  private final int x = call(1);',
      '}',
    ].join('\n'),
    ['class C 3-9 documented', 'function f 4-7'],
  ],
  [
    'rust',
    ['/// F.', '#[inline]', "pub fn f<'a>(x: &'a str) -> u8 {", '  1', '}', 'pub struct S;'].join('\n'),
    ['function f 3-5 documented', 'type S 6-6'],
  ],
];
for (const [language, text, expected] of declared) {
  test(`declarations of ${language} are found with their ends and whether they are documented`, () => {
    const found = declarationsOf(text, language);
    assert.deepEqual(
      found.map(
        ({ kind, name, line, endLine, documented }) =>
          `${kind} ${name} ${line}-${endLine}${documented ? ' documented' : ''}`,
      ),
      expected,
    );
  });
}

test('imports lead to the files they mean, whatever the language', async () => {
  const files = [
    snapshot(
      'src/a.ts',
      "import { b } from './b.js';\nimport type { C } from '../lib/c.ts';\nexport * from './d';\nimport 'zod/mini';\nawait import('@aws/x/y'); // import './never.ts'\nimport './gone.ts';",
    ),
    snapshot('src/b.ts', ''),
    snapshot('lib/c.ts', "const x = require('../src/a.ts');"),
    snapshot('src/d/index.ts', ''),
    snapshot(
      'app/main.py',
      'import os, app.store as s\nfrom . import views\nfrom .models import (User,\n  Item)\nfrom app.util.text import clean',
    ),
    snapshot('app/store.py', ''),
    snapshot('app/views.py', ''),
    snapshot('app/models/__init__.py', ''),
    snapshot('app/util/text.py', ''),
    snapshot('cmd/main.go', 'import (\n\t"fmt"\n\tst "example.com/mod/internal/store"\n)'),
    snapshot('internal/store/store.go', ''),
    snapshot('src/main/java/com/x/A.java', 'import com.x.y.B;\nimport java.util.List;'),
    snapshot('src/main/java/com/x/y/B.java', ''),
    snapshot('c/m.c', '#include "h.h"\n#include <stdio.h>'),
    snapshot('c/h.h', ''),
  ];
  const imports = await importsOf(files, slices);
  assert.deepEqual(imports.get('src/a.ts'), {
    files: ['src/b.ts', 'lib/c.ts', 'src/d/index.ts'],
    packages: ['zod', '@aws/x'],
  });
  assert.deepEqual(imports.get('lib/c.ts')?.files, ['src/a.ts']);
  assert.deepEqual(imports.get('app/main.py')?.files, [
    'app/store.py',
    'app/views.py',
    'app/models/__init__.py',
    'app/util/text.py',
  ]);
  assert.ok(imports.get('app/main.py')?.packages.includes('os'));
  assert.deepEqual(imports.get('cmd/main.go'), { files: ['internal/store/store.go'], packages: ['fmt'] });
  assert.deepEqual(imports.get('src/main/java/com/x/A.java')?.files, ['src/main/java/com/x/y/B.java']);
  assert.deepEqual(imports.get('c/m.c'), { files: ['c/h.h'], packages: ['stdio.h'] });
});

test('cycles are the groups of files that reach each other', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', ['e']],
    ['e', ['d', 'f']],
    ['f', []],
  ]);
  assert.deepEqual(cyclesIn(graph), [
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]);
  const chain = new Map(Array.from({ length: 50_000 }, (_, index) => [`${index}`, [`${index + 1}`]] as const));
  assert.deepEqual(cyclesIn(chain), []);
});

test('two files are in one cycle exactly when each can reach the other', () => {
  const nodes = ['a', 'b', 'c', 'd', 'e', 'f'];
  const edges = fc.array(fc.tuple(fc.constantFrom(...nodes), fc.constantFrom(...nodes)), { maxLength: 14 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const graph = new Map(nodes.map((node) => [node, pairs.filter(([from]) => from === node).map(([, to]) => to)]));
      const reach = (from: string) => {
        const seen = new Set<string>();
        const work = [...(graph.get(from) ?? [])];
        for (let node = work.pop(); node !== undefined; node = work.pop()) {
          if (seen.has(node)) continue;
          seen.add(node);
          work.push(...(graph.get(node) ?? []));
        }
        return seen;
      };
      const groups = cyclesIn(graph);
      for (const one of nodes) {
        for (const other of nodes) {
          if (one === other) continue;
          const together = groups.some((group) => group.includes(one) && group.includes(other));
          assert.equal(together, reach(one).has(other) && reach(other).has(one));
        }
      }
    }),
  );
});

const report: WorkReport = { progress: () => {}, found: () => assert.fail(), replaceFindings: () => assert.fail() };

async function analyse(
  snapshots: readonly Snapshot[],
  model: ScriptedModel | undefined,
  payload: unknown = { files: ['**/*'], question: 'Where are the cycles?' },
  more: { notReviewed?: readonly NotReviewed[]; signal?: AbortSignal } = {},
) {
  const analyst = createAnalyst({
    clock: new FakeClock(),
    log: () => {},
    settings: () => defaultSettings,
    workspace: { snapshots: async () => succeeded({ snapshots, notReviewed: more.notReviewed ?? [] }) },
    model: async () => (model ? succeeded(model) : failed(failures.noRegion())),
  });
  const task = { id: 't', type: 'analysis', priority: 'normal', origin: 'server', payload } as const;
  const outcome = await analyst(task, report, more.signal ?? new AbortController().signal);
  return { outcome, result: outcome.status === 'failed' ? undefined : (outcome.result as AnalysisResult) };
}

const workspace = [
  snapshot(
    'a.ts',
    `import './b.ts';\n// ${'TO'}${'DO'} tidy\nexport function long() {\n${'  step();\n'.repeat(30)}}\n`,
  ),
  snapshot('b.ts', "import './a.ts';\nexport const short = () => {};\n"),
];
const answer = (text: string): ModelEvent[] => [
  { kind: 'text', text },
  { kind: 'done', tokens: noTokens },
];

test('facts are measured, and the model answers with them before it', async () => {
  const model = new ScriptedModel('m', answer('a.ts and b.ts.\n\n- They import\u001b[31m each other.'));
  const { outcome, result } = await analyse(workspace, model);
  assert.equal(outcome.status, 'completed');
  assert.equal(result?.answer, 'a.ts and b.ts.\n\n- They import each other.');
  assert.deepEqual(result?.facts.dependencies.cycles, [['a.ts', 'b.ts']]);
  assert.deepEqual(result?.facts.longest_functions[0], { file: 'a.ts', name: 'long', line: 3, lines: 32 });
  assert.equal(result?.facts.functions, 2);
  assert.equal(result?.facts.lines, 36);
  assert.match(
    result?.summary ?? '',
    /^Measured 2 files with 36 lines and 2 functions; 2 dependencies between files, 1 cycle\./,
  );
  assert.deepEqual(result?.facts.promises, { count: 1, files: [{ file: 'a.ts', count: 1 }] });
  const prompt = model.requests[0]?.prompt ?? '';
  assert.match(prompt, /question: "Where are the cycles\?"/);
  assert.match(prompt, /"cycles": \[\n {3}\[\n {4}"a\.ts"/);
  assert.match(prompt, / 3\| export function long/);
});

test('one of anything is not counted as several', async () => {
  const two = [snapshot('a.ts', "import './b.ts';"), snapshot('b.ts', 'export const b = 1;')];
  const { result } = await analyse(two, undefined);
  assert.match(result?.summary ?? '', /2 lines and 0 functions; 1 dependency between files, no cycle\./);
});

test('without a model the facts stand and the analysis is inconclusive', async () => {
  const { outcome, result } = await analyse(workspace, undefined);
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'no-region');
  assert.equal(result?.facts.files, 2);
  assert.equal(result?.answer, undefined);
  assert.match(result?.summary ?? '', /There is no answer/);
});

test('an answer that breaks off is given as far as it came, as inconclusive; an empty one is none', async () => {
  const cut = new ScriptedModel('m', [
    { kind: 'text', text: 'Half an' },
    { kind: 'failed', failure: failures.streamCut(), tokens: noTokens },
  ]);
  const half = await analyse(workspace, cut);
  assert.equal(half.outcome.status, 'inconclusive');
  assert.equal(half.result?.answer, 'Half an');
  const empty = await analyse(workspace, new ScriptedModel('m', answer(' \n')));
  assert.equal(empty.outcome.status, 'inconclusive');
});

test('the model is shown the files the question is about first, within a budget', async () => {
  const filler = Array.from({ length: 40 }, (_, index) =>
    snapshot(`f${index}.ts`, 'export const x = 1;\n'.repeat(900)),
  );
  const model = new ScriptedModel('m', answer('ok'));
  const { result } = await analyse([...filler, snapshot('billing/invoice.ts', 'total();')], model, {
    question: 'How is an invoice made?',
  });
  const prompt = model.requests[0]?.prompt ?? '';
  assert.ok(prompt.includes('"billing/invoice.ts"\n1| total();'));
  assert.ok(prompt.length < 90_000, `${prompt.length}`);
  assert.match(result?.summary ?? '', /Answered with \d+ of these files/);
});

test('secrets reach neither the model nor the answer', async () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const model = new ScriptedModel('m', answer(`It is ${key}.`));
  const { result } = await analyse([snapshot('a.ts', `const token = "${key}";`)], model, {
    code: `const token = "${key}";`,
    language: 'ts',
    question: key,
  });
  assert.ok(!model.requests[0]?.prompt.includes(key));
  assert.ok(!JSON.stringify(result).includes(key));
});

test('files that were all held back are not an analysis', async () => {
  const { outcome } = await analyse([], new ScriptedModel('m'), undefined, {
    notReviewed: [{ file: '.env', reason: 'may hold secrets' }],
  });
  assert.ok(outcome.status === 'inconclusive');
  assert.equal(outcome.failure.code, 'nothing-reviewed');
});

test('an abort ends the analysis with its reason', async () => {
  const controller = new AbortController();
  const running = analyse(workspace, new ScriptedModel('m', ['hang']), undefined, { signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await assert.rejects(running, /enough/);
});
