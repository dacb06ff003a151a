import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFindingStore } from '../../../src/agent/findings/store.ts';
import { showFindings } from '../../../src/editor/shownFindings.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

function world() {
  const raise = (error: unknown) => {
    throw error;
  };
  const store = createFindingStore(raise);
  const shown = showFindings(store, raise);
  const changed: string[][] = [];
  shown.onChange((files) => changed.push([...files]));
  return { store, shown, changed };
}
const ids = (findings: readonly { id: string }[]) => findings.map(({ id }) => id);

test('a dismissed finding is hidden everywhere, and says that its file changed', () => {
  const { store, shown, changed } = world();
  store.add([sampleFinding({ id: 'a' }), sampleFinding({ id: 'b' })]);
  shown.dismiss('a');
  assert.deepEqual(ids(shown.all()), ['b']);
  assert.deepEqual(ids(shown.of('src/cart.ts')), ['b']);
  assert.equal(shown.hidden(), 1);
  assert.deepEqual(changed, [['src/cart.ts'], ['src/cart.ts']]);
});

test('the next review does not bring a dismissed finding back', () => {
  const { store, shown } = world();
  store.add([sampleFinding({ id: 'a', fingerprint: 'same' })]);
  shown.dismiss('a');
  store.replace('t2', [sampleFinding({ id: 'z', taskId: 't2', fingerprint: 'same' })], new Set(['src/cart.ts']));
  assert.deepEqual(shown.all(), []);
});

test('what was dismissed can be shown again', () => {
  const { store, shown, changed } = world();
  store.add([sampleFinding({ id: 'a' })]);
  shown.dismiss('a');
  shown.restore();
  assert.deepEqual(ids(shown.all()), ['a']);
  assert.equal(changed.length, 3);
});

test('dismissing what is not there changes nothing', () => {
  const { shown, changed } = world();
  shown.dismiss('nothing');
  assert.deepEqual(changed, []);
});

test('after dispose nothing is told any more', () => {
  const { store, shown, changed } = world();
  shown.dispose();
  store.add([sampleFinding()]);
  assert.deepEqual(changed, []);
});
