import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import { fingerprint } from '../../../src/agent/findings/fingerprint.ts';
import { createSuppressions } from '../../../src/agent/findings/suppressions.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

function world(context: TestContext, folders?: readonly string[]) {
  const host = new FakeHost(folders ? { folders } : {});
  context.after(() => host.dispose());
  const open = () =>
    createSuppressions(host, new FakeClock({ start: Date.UTC(2026, 10, 23) }), (error) => {
      throw error;
    });
  return { host, open, suppressions: open() };
}
const made = (own: Partial<Finding> = {}): Finding => {
  const finding = sampleFinding({ file: 'src/cart.ts', quote: 'total += price * quantity;', ...own });
  return { ...finding, fingerprint: fingerprint(finding) };
};

for (const keeping of ['personal', 'shared'] as const) {
  test(`what was dismissed stays so for the next process (${keeping})`, async (context) => {
    const { suppressions, open } = world(context);
    const finding = made();
    const added = await suppressions.add(finding, [finding], 'finding', keeping, 'it is never empty');
    assert.ok(added.ok);
    assert.equal(suppressions.hiding(finding, [finding])?.suppression.reason, 'it is never empty');
    const next = open();
    assert.equal(next.hiding(finding, [finding]), undefined, 'nothing was read yet');
    assert.deepEqual(await next.load(), []);
    assert.equal(next.hiding(finding, [finding])?.keeping, keeping);
    assert.equal(next.all()[0]?.suppression.added, '2026-11-23');
  });
}

test('a dismissed finding is known again when it moved, was reworded, or is quoted longer', async (context) => {
  const { suppressions } = world(context);
  const finding = made();
  await suppressions.add(finding, [finding], 'finding', 'shared');
  const hides = (own: Partial<Finding>) => {
    const other = made({ id: 'later', ...own });
    return suppressions.hiding(other, [other]) !== undefined;
  };
  assert.ok(hides({ range: { line: 90, column: 1, endLine: 90, endColumn: 5 } }), 'moved inside the file');
  assert.ok(hides({ title: 'Other words', severity: 'low' }), 'reworded');
  assert.ok(hides({ quote: 'total  +=  price * quantity;' }), 're-indented');
  assert.ok(hides({ quote: 'for (;;) {\n  total += price * quantity;\n}' }), 'quoted longer');
  assert.ok(hides({ file: 'src/moved.ts' }), 'moved to another file');
  assert.ok(!hides({ quote: 'total += price * quantity * 2;' }), 'another code');
  assert.ok(!hides({ type: 'security' }), 'another kind of finding in the same place');
});

test('a dismissal hides neither the same code in another file nor a larger finding around it', async (context) => {
  const { host, suppressions } = world(context);
  host.write('src/cart.ts', 'return result;');
  const finding = made({ quote: 'return result;' });
  await suppressions.add(finding, [finding], 'finding', 'shared');
  const hides = (own: Partial<Finding>) => {
    const other = made({ id: 'later', quote: 'return result;', ...own });
    return suppressions.hiding(other, [other]) !== undefined;
  };
  assert.ok(hides({}));
  const copy = { file: 'src/server.ts' };
  assert.ok(!hides(copy), 'the file where it was dismissed still stands');
  assert.ok(!hides({ title: 'One too many', quote: 'for (let i = 0; i <= n; i++) charge(items[i]); return result;' }));
  rmSync(host.pathOf('src/cart.ts'));
  await suppressions.load();
  assert.ok(hides(copy), 'the file was moved');
});

test('a rule and a file can be dismissed as a whole', async (context) => {
  const { suppressions } = world(context);
  const ruled = made({ ruleId: 'js-eval' });
  await suppressions.add(ruled, [ruled], 'rule', 'personal');
  await suppressions.add(made({ file: 'src/old.ts' }), [], 'file', 'personal');
  const hides = (finding: Finding) => suppressions.hiding(finding, [finding])?.suppression.scope;
  assert.equal(hides(made({ ruleId: 'js-eval', file: 'else.ts', quote: 'eval(x)' })), 'rule');
  assert.equal(hides(made({ file: 'src/old.ts', quote: 'anything' })), 'file');
  assert.equal(hides(made({ ruleId: 'js-other' })), undefined);
});

test('what was restored is shown again, and a file without anything in it goes', async (context) => {
  const { host, suppressions } = world(context);
  const finding = made();
  await suppressions.add(finding, [finding], 'finding', 'shared');
  await suppressions.add(made({ quote: 'something else entirely' }), [], 'finding', 'shared');
  const [first] = suppressions.all();
  assert.ok(first);
  await suppressions.remove([first]);
  assert.equal(suppressions.hiding(finding, [finding]), undefined);
  assert.equal(suppressions.all().length, 1);
  await suppressions.remove(suppressions.all());
  assert.throws(() => readFileSync(host.pathOf('.developer-mesh/baseline.json')), /ENOENT/);
});

test('what is dismissed at one moment, and by two windows in turn, is all kept', async (context) => {
  const { open } = world(context);
  const [one, other] = [open(), open()];
  const dismiss = (by: typeof one, number: number) => {
    const finding = made({ quote: `someCall(${number}, ${number});` });
    return by.add(finding, [finding], 'finding', 'shared');
  };
  await Promise.all([1, 2, 3].map((number) => dismiss(one, number)));
  await Promise.all([4, 5].map((number) => dismiss(other, number)));
  assert.equal(other.all().length, 5);
});

test('a baseline is of its own folder, in paths of that folder', async (context) => {
  const { host, suppressions } = world(context, ['web', 'api']);
  const finding = made({ file: 'api/src/cart.ts' });
  await suppressions.add(finding, [finding], 'finding', 'shared');
  const written = readFileSync(host.pathOf('api/.developer-mesh/baseline.json'), 'utf8');
  assert.match(written, /"file": "src\/cart.ts"/);
  assert.ok(suppressions.hiding(finding, [finding]));
  const same = made({ file: 'web/src/cart.ts' });
  assert.equal(suppressions.hiding(same, [same]), undefined);
});

for (const [what, text] of [
  ['no JSON', '{'],
  ['another version', '{"version":2,"suppressed":[]}'],
  ['a wrong entry', '{"version":1,"suppressed":[{"scope":"everything"}]}'],
] as const) {
  test(`a baseline with ${what} hides nothing, is said to be bad, and is left as it is`, async (context) => {
    const { host, suppressions } = world(context);
    const path = host.write('.developer-mesh/baseline.json', text);
    const [problem, ...others] = await suppressions.load();
    assert.equal(problem && !problem.ok && problem.failure.code, 'bad-suppressions');
    assert.deepEqual(others, []);
    const finding = made();
    const added = await suppressions.add(finding, [finding], 'finding', 'shared');
    assert.equal(added.ok, false);
    assert.equal(readFileSync(path, 'utf8'), text);
  });
}

test('a baseline that leads out of the workspace is neither read nor written', async (context) => {
  const { host, suppressions } = world(context);
  const outside = join(host.storage, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'baseline.json'), '{"version":1,"suppressed":[]}');
  symlinkSync(outside, host.pathOf('.developer-mesh'));
  const [problem] = await suppressions.load();
  assert.equal(problem && !problem.ok && problem.failure.code, 'bad-suppressions');
  const finding = made();
  assert.equal((await suppressions.add(finding, [finding], 'file', 'shared')).ok, false);
  assert.equal(readFileSync(join(outside, 'baseline.json'), 'utf8'), '{"version":1,"suppressed":[]}');
});

test('nothing is read in a workspace that nobody trusts', async (context) => {
  const { host, suppressions } = world(context);
  host.write('.developer-mesh/baseline.json', '{');
  host.setTrusted(false);
  assert.deepEqual(await suppressions.load(), []);
});
