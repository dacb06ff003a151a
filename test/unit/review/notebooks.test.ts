import assert from 'node:assert/strict';
import { test } from 'node:test';
import { succeeded } from '../../../src/agent/failures.ts';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import { intoCells } from '../../../src/agent/review/inCells.ts';
import type { ReviewResult } from '../../../src/agent/review/result.ts';
import { createReviewer } from '../../../src/agent/review/review.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { createWorkspace } from '../../../src/agent/workspace/workspace.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';
import { formAnswer, ScriptedModel } from '../../fakes/scriptedModel.ts';

const canary = 'canary-of-an-output';
const notebook = (...sources: string[]) =>
  JSON.stringify(
    {
      cells: [
        { cell_type: 'markdown', metadata: {}, source: ['# Study\n'] },
        ...sources.map((source) => ({
          cell_type: 'code',
          metadata: {},
          outputs: [{ output_type: 'stream', name: 'stdout', text: [`${canary}\n`] }],
          source: source.split(/(?<=\n)/),
        })),
      ],
      metadata: { kernelspec: { language: 'python' } },
      nbformat: 4,
      nbformat_minor: 5,
    },
    null,
    1,
  );
const load = 'import csv\nrows = list(csv.reader(open("a.csv")))';
const mean = 'def mean(items):\n    return sum(items) / len(items)';
const divides = {
  quote: '    return sum(items) / len(items)',
  line_hint: 6,
  failure_scenario: 'mean([]) divides by zero and raises ZeroDivisionError.',
  category: 'correctness',
  severity: 'high',
  confidence: 0.9,
  title: 'Division by zero for an empty list',
};

async function review(host: FakeHost, payload: object) {
  const model = new ScriptedModel();
  model.onRequest = () => formAnswer({ notes: '', findings: [divides] });
  const finals: (readonly Finding[])[] = [];
  const reviewer = createReviewer({
    clock: new FakeClock(),
    log: () => undefined,
    settings: () => defaultSettings,
    workspace: createWorkspace(host, () => defaultSettings.limits),
    checks: async () => [],
    model: async () => succeeded(model),
  });
  const outcome = await reviewer(
    { id: 't1', type: 'code_review', priority: 'normal', payload, origin: 'server' },
    { progress: () => undefined, found: () => undefined, replaceFindings: (findings) => finals.push(findings) },
    new AbortController().signal,
  );
  const result = outcome.status === 'failed' ? undefined : (outcome.result as ReviewResult);
  return {
    status: outcome.status,
    result,
    shown: finals[0] ?? [],
    prompts: model.requests.map(({ prompt }) => prompt).join('\n'),
  };
}

test('a notebook is reviewed as the code of its cells, and a finding says its cell and the line in it', async () => {
  const host = new FakeHost({ files: { 'study.ipynb': notebook(load, mean) } });
  const { result, shown, prompts } = await review(host, { files: ['study.ipynb'] });
  const [found] = result?.findings ?? [];
  assert.deepEqual([found?.file, found?.cell, found?.line, found?.column], ['study.ipynb', 3, 2, 5]);
  assert.deepEqual([shown[0]?.cell, shown[0]?.range.line], [3, 2]);
  assert.match(prompts, /# %% cell 2\b/);
  assert.doesNotMatch(prompts, new RegExp(canary));
  host.dispose();
});

test('an unsaved notebook is reviewed as it stands', async () => {
  const host = new FakeHost({ files: { 'study.ipynb': notebook(load) } });
  host.setUnsaved('study.ipynb', notebook(mean));
  const { result } = await review(host, { files: ['study.ipynb'] });
  assert.deepEqual([result?.findings[0]?.cell, result?.findings[0]?.line], [2, 2]);
  host.dispose();
});

test('of a changed notebook only the cells that were changed are meant', async () => {
  const text = notebook(load, mean);
  const line = (part: string) => text.split('\n').findIndex((one) => one.includes(part)) + 1;
  const host = new FakeHost({ files: { 'study.ipynb': text } });
  const at = (part: string) => [{ from: line(part), to: line(part) }];
  host.setChanges([{ path: 'study.ipynb', kind: 'modified', lines: at('def mean') }]);
  assert.equal((await review(host, { changes: true })).result?.findings.length, 1);

  host.setChanges([{ path: 'study.ipynb', kind: 'modified', lines: at(canary) }]);
  const { status, result, prompts } = await review(host, { changes: true });
  assert.deepEqual([status, prompts], ['inconclusive', '']);
  assert.deepEqual(result?.not_reviewed, [{ file: 'study.ipynb', reason: 'no changed lines of code' }]);
  host.dispose();
});

test('staged cells are found again in the notebook as it stands now', async () => {
  const staged = notebook(load, mean);
  const host = new FakeHost({ files: { 'study.ipynb': notebook('# new', load, mean) } });
  const saved = async () => succeeded(Buffer.from(staged));
  host.setChanges([{ path: 'study.ipynb', kind: 'modified', lines: 'whole', saved }]);
  const { result, shown } = await review(host, { changes: 'staged' });
  assert.equal(result?.findings[0]?.cell, 3, 'in what was staged');
  assert.equal(shown[0]?.cell, 4, 'in what stands there now');
  host.dispose();
});

test('a selection in a cell is reviewed there', async () => {
  const host = new FakeHost({ files: { 'study.ipynb': notebook(load, mean) } });
  const { result, prompts } = await review(host, { file: 'study.ipynb', cell: 3, lines: { from: 2, to: 2 } });
  assert.deepEqual([result?.findings[0]?.cell, result?.findings[0]?.line], [3, 2]);
  assert.match(prompts, /def mean/);
  host.dispose();
});

test('what is no notebook is left out with its reason, and results of megabytes are no reason', async () => {
  const large = notebook(mean).replace(canary, 'x'.repeat(2_000_000));
  const host = new FakeHost({
    files: { 'a.ipynb': '{"nbformat": 3, "worksheets": []}', 'b.ipynb': '{', 'c.ipynb': large, 'd.ipynb': notebook() },
  });
  const { result } = await review(host, { files: ['**/*.ipynb'] });
  assert.equal(result?.findings[0]?.file, 'c.ipynb');
  assert.deepEqual(
    result?.not_reviewed.map(({ file, reason }) => `${file}: ${reason}`),
    [
      'a.ipynb: a notebook of format 3: save it with Jupyter to make it one of format 4',
      'b.ipynb: not a notebook: it is no JSON',
      'd.ipynb: a notebook without code',
    ],
  );
  host.dispose();
});

test('a finding that reaches out of its cell ends with it, and one on the line above a cell begins with it', () => {
  const into = intoCells([
    { number: 1, from: 2, to: 3 },
    { number: 4, from: 5, to: 5 },
  ]);
  const at = (line: number, endLine: number) => {
    const { cell, range } = into(sampleFinding({ range: { line, column: 3, endLine, endColumn: 4 } }));
    return [cell, range.line, range.column, range.endLine, range.endColumn];
  };
  assert.deepEqual(at(2, 3), [1, 1, 3, 2, 4]);
  assert.deepEqual(at(3, 5), [1, 2, 3, 3, 1]);
  assert.deepEqual(at(4, 4), [4, 1, 1, 1, 1]);
  assert.deepEqual(at(4, 5), [4, 1, 1, 1, 4]);
});
