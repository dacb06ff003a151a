import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import { createFindingStore } from '../../../src/agent/findings/store.ts';
import type { Suppression } from '../../../src/agent/findings/suppression.ts';
import { showFindings } from '../../../src/editor/shownFindings.ts';
import { MemorySuppressions } from '../../fakes/memorySuppressions.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

function world() {
  const raise = (error: unknown) => {
    throw error;
  };
  const store = createFindingStore(raise);
  const suppressions = new MemorySuppressions();
  const hidden = createFindingStore(raise);
  const shown = showFindings(store, hidden, suppressions, raise);
  const changed: string[][] = [];
  shown.onChange((files) => changed.push([...files]));
  const dismiss = async (id: string, scope: Suppression['scope'] = 'finding') => {
    const finding = shown.find(id);
    if (finding) await suppressions.add(finding, shown.alike(finding), scope, 'personal');
  };
  return { store, hidden, suppressions, shown, changed, dismiss };
}
const ids = (findings: readonly { id: string }[]) => findings.map(({ id }) => id);

test('a dismissed finding is hidden everywhere, and says that its file changed', async () => {
  const { store, shown, changed, dismiss } = world();
  store.add([sampleFinding({ id: 'a', quote: 'one();' }), sampleFinding({ id: 'b', quote: 'two();' })]);
  await dismiss('a');
  assert.deepEqual(ids(shown.all()), ['b']);
  assert.deepEqual(ids(shown.of('src/cart.ts')), ['b']);
  assert.equal(shown.dismissed(), 1);
  assert.deepEqual(changed, [['src/cart.ts'], ['src/cart.ts']]);
});

test('the next review does not bring a dismissed finding back', async () => {
  const { store, shown, dismiss } = world();
  store.add([sampleFinding({ id: 'a', fingerprint: 'same' })]);
  await dismiss('a');
  store.replace('t2', [sampleFinding({ id: 'z', taskId: 't2', fingerprint: 'same' })], new Set(['src/cart.ts']));
  assert.deepEqual(shown.all(), []);
});

const twins = (own: Partial<Finding> = {}) =>
  [3, 9].map((line) =>
    sampleFinding({
      id: `${own.taskId ?? 't1'} line ${line}`,
      fingerprint: 'same',
      range: { line, column: 1, endLine: line, endColumn: 5 },
      ...own,
    }),
  );

test('of two that mean the same only the dismissed one is hidden, also after the next review', async () => {
  const { store, shown, dismiss } = world();
  store.replace('t1', twins(), new Set());
  await dismiss('t1 line 9');
  assert.deepEqual(ids(shown.all()), ['t1 line 3']);
  store.replace('t2', twins({ taskId: 't2' }).reverse(), new Set(['src/cart.ts']));
  assert.deepEqual(ids(shown.all()), ['t2 line 3']);
  assert.equal(shown.dismissed(), 1);
});

test('a finding that was never dismissed is not hidden when its dismissed twin goes', async () => {
  const { store, shown, dismiss } = world();
  store.replace('t1', twins(), new Set());
  await dismiss('t1 line 3');
  store.remove('t1 line 3');
  assert.deepEqual(ids(shown.all()), ['t1 line 9']);
});

test('a dismissed finding stays hidden when its twin goes', async () => {
  const { store, shown, dismiss } = world();
  store.replace('t1', twins(), new Set());
  await dismiss('t1 line 3');
  store.remove('t1 line 9');
  assert.deepEqual(shown.all(), []);
});

test('what was dismissed can be shown again', async () => {
  const { store, suppressions, shown, changed, dismiss } = world();
  store.add([sampleFinding({ id: 'a' })]);
  await dismiss('a');
  await suppressions.remove(suppressions.all());
  assert.deepEqual(ids(shown.all()), ['a']);
  assert.equal(changed.length, 3);
});

test('dismissing what is not there changes nothing', async () => {
  const { changed, dismiss } = world();
  await dismiss('nothing');
  assert.deepEqual(changed, []);
});

test('after dispose nothing is told any more', async () => {
  const { store, shown, changed } = world();
  shown.dispose();
  store.add([sampleFinding()]);
  assert.deepEqual(changed, []);
});

test('hidden findings are marked only while they are displayed, and never among the others', () => {
  const { store, hidden, shown, changed } = world();
  store.add([sampleFinding({ id: 'a' })]);
  hidden.add([sampleFinding({ id: 'h', severity: 'low' })]);
  assert.deepEqual(ids(shown.markedIn('src/cart.ts')), ['a']);
  shown.displayHidden(true);
  assert.deepEqual(ids(shown.markedIn('src/cart.ts')), ['a', 'h']);
  assert.deepEqual(ids(shown.all()), ['a']);
  assert.deepEqual(ids(shown.hidden()), ['h']);
  assert.deepEqual(changed.at(-1), ['src/cart.ts']);
  shown.displayHidden(false);
  assert.deepEqual(ids(shown.markedIn('src/cart.ts')), ['a']);
});

test('a hidden finding can be found, dismissed and removed like any other', async () => {
  const { hidden, shown, dismiss } = world();
  hidden.add([sampleFinding({ id: 'h' }), sampleFinding({ id: 'i', quote: 'two();' })]);
  assert.equal(shown.find('h')?.id, 'h');
  await dismiss('h');
  assert.deepEqual(ids(shown.hidden()), ['i']);
  assert.equal(shown.dismissed(), 1);
  shown.remove('i');
  assert.deepEqual(shown.hidden(), []);
});

test('clearing takes the hidden ones along', () => {
  const { store, hidden, shown } = world();
  store.add([sampleFinding({ id: 'a' })]);
  hidden.add([sampleFinding({ id: 'h' })]);
  shown.clear();
  assert.deepEqual([...shown.all(), ...shown.hidden()], []);
});
