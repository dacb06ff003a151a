import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findGuidance } from '../../../../src/agent/review/context/guidance.ts';
import { defaultSettings } from '../../../../src/agent/settings.ts';
import { createWorkspace } from '../../../../src/agent/workspace/workspace.ts';
import { FakeHost } from '../../../fakes/fakeHost.ts';

const never = () => new AbortController().signal;

async function guidance(
  context: TestContext,
  files: Readonly<Record<string, string>>,
  reviewed: readonly string[],
  folders?: readonly string[],
) {
  const host = new FakeHost({ files, ...(folders && { folders }) });
  context.after(() => host.dispose());
  const workspace = createWorkspace(host, () => defaultSettings.limits);
  const roots = folders ? folders.map((name) => `${name}/`) : [''];
  return findGuidance(reviewed, roots, workspace, never());
}
const texts = (blocks: readonly { readonly text: string }[]) => blocks.map(({ text }) => text.trim());

test('a workspace without instructions has none, and nothing was applied', async (context) => {
  const found = await guidance(context, { 'src/a.ts': '' }, ['src/a.ts']);
  assert.deepEqual([found.shared, found.of('src/a.ts'), found.applied, found.problems], [[], [], [], []]);
});

test('instructions hold for every file, or for what stands below their folder', async (context) => {
  const found = await guidance(
    context,
    {
      'AGENTS.md': 'everywhere',
      'src/AGENTS.md': 'in src',
      'src/deep/AGENTS.md': 'deep',
      'docs/AGENTS.md': 'unasked',
      '.github/copilot-instructions.md': 'for copilot',
    },
    ['src/a.ts', 'src/deep/b.ts', 'main.py'],
  );
  assert.deepEqual(texts(found.shared), ['for copilot', 'everywhere']);
  assert.deepEqual(texts(found.of('src/deep/b.ts')), ['in src', 'deep']);
  assert.deepEqual(texts(found.of('main.py')), []);
  assert.deepEqual(found.applied, [
    '.github/copilot-instructions.md',
    'AGENTS.md',
    'src/AGENTS.md',
    'src/deep/AGENTS.md',
  ]);
  assert.match(found.shared[1]?.title ?? '', /AGENTS\.md/);
});

test('instructions with a front matter hold for what they apply to, and without it for nothing', async (context) => {
  const found = await guidance(
    context,
    {
      '.github/instructions/ts.instructions.md': '---\napplyTo: "**/*.ts,**/*.{tsx,mts}"\n---\ntyped',
      '.github/instructions/all.instructions.md': "---\r\napplyTo: '**'\r\n---\r\nall",
      '.github/instructions/by-hand.instructions.md': 'by hand',
      '.github/instructions/sql.instructions.md': '---\napplyTo: **/*.sql # only these\n---\nsql',
    },
    ['src/a.ts', 'b.tsx', 'c.py'],
  );
  assert.deepEqual(texts(found.shared), ['all']);
  assert.deepEqual(texts(found.of('src/a.ts')), ['typed']);
  assert.deepEqual(texts(found.of('b.tsx')), ['typed']);
  assert.deepEqual(texts(found.of('c.py')), []);
});

test('the review file instructs, excludes and switches rules off', async (context) => {
  const found = await guidance(
    context,
    {
      '.developer-mesh/review.yaml':
        'instructions: be strict\npaths:\n  - match: api/**\n    instructions: it is public\nexclude: ["**/*.gen.ts"]\nrules:\n  disable: [js-eval]\n',
    },
    ['api/a.ts', 'b.ts', 'c.gen.ts'],
  );
  assert.deepEqual(texts(found.shared), ['be strict']);
  assert.deepEqual(texts(found.of('api/a.ts')), ['it is public']);
  assert.equal(found.excluded('c.gen.ts'), 'excluded by .developer-mesh/review.yaml');
  assert.equal(found.excluded('b.ts'), undefined);
  assert.ok(found.disabled('b.ts', 'js-eval'));
  assert.ok(!found.disabled('b.ts', 'js-other'));
});

for (const [what, text, reason] of [
  ['no YAML', 'a: [', /not used: /],
  ['an unknown key', 'instruction: x', /unknown key instruction/],
  ['a wrong value', 'exclude: 7', /exclude is not as expected/],
  ['a glob of too many wildcards', `exclude: ["${'*a'.repeat(9)}"]`, /exclude.0 is not as expected/],
  ['aliases', 'instructions: &a x\nexclude: [*a]', /not used: /],
  ['more than it may have', `instructions: ${'x'.repeat(70_000)}`, /larger than 64 kB/],
] as const) {
  test(`a review file with ${what} is not used, and says why`, async (context) => {
    const found = await guidance(context, { '.developer-mesh/review.yaml': text }, ['a.ts']);
    assert.deepEqual(found.applied, []);
    assert.equal(found.problems[0]?.file, '.developer-mesh/review.yaml');
    assert.match(found.problems[0]?.reason ?? '', reason);
  });
}

test('with several folders each has its own instructions', async (context) => {
  const found = await guidance(
    context,
    {
      'web/AGENTS.md': 'web',
      'api/AGENTS.md': 'api',
      'api/.developer-mesh/review.yaml': 'exclude: [old/**]\nrules: {disable: [js-eval]}',
    },
    ['web/a.ts', 'api/b.ts', 'api/old/c.ts'],
    ['web', 'api'],
  );
  assert.deepEqual(texts(found.of('web/a.ts')), ['web']);
  assert.deepEqual(texts(found.of('api/b.ts')), ['api']);
  assert.equal(found.excluded('api/old/c.ts'), 'excluded by api/.developer-mesh/review.yaml');
  assert.ok(found.disabled('api/b.ts', 'js-eval'));
  assert.ok(!found.disabled('web/a.ts', 'js-eval'), 'a folder speaks for itself alone');
});

test('a folder is left out by its name alone, with all that is in it', async (context) => {
  const files = ['dist/a.ts', 'gen/deep/b.ts', 'src/dist.ts', 'one.ts'];
  const found = await guidance(context, { '.developer-mesh/review.yaml': 'exclude: [dist, ./gen/, one.ts]' }, files);
  assert.deepEqual(
    files.filter((file) => found.excluded(file) !== undefined),
    ['dist/a.ts', 'gen/deep/b.ts', 'one.ts'],
  );
});

test('a secret in instructions is masked, and a very long text is cut', async (context) => {
  const key = `AKIA${'QWERTYUIOPASDFGH'}`;
  const found = await guidance(context, { 'AGENTS.md': `use ${key}\n${'long '.repeat(10_000)}` }, ['a.ts']);
  assert.ok(!found.shared[0]?.text.includes(key));
  assert.ok((found.shared[0]?.text.length ?? 0) < 17_000);
});

test('a secret where a long text is cut is masked before the cut', async (context) => {
  const key = `AKIA${'QWERTYUIOPASDFGH'}`;
  const found = await guidance(context, { 'sub/AGENTS.md': `${'x'.repeat(16_000 - 13)} ${key}` }, ['sub/a.ts', 'b.ts']);
  const [block] = found.of('sub/a.ts');
  assert.match(block?.text ?? '', /^x{15000}/);
  assert.doesNotMatch(block?.text ?? '', /AKIA|QWERTY/);
});

test('instructions for which there is no room are named, and not among those that were applied', async (context) => {
  const files = {
    '.github/copilot-instructions.md': 'short',
    'AGENTS.md': 'line\n'.repeat(2590),
    'a/AGENTS.md': 'late',
  };
  const found = await guidance(context, files, ['a/b.ts']);
  assert.deepEqual(found.applied, ['.github/copilot-instructions.md', 'AGENTS.md']);
  assert.equal(found.shared.length, 2);
  assert.deepEqual(
    found.problems.map(({ file }) => file),
    ['a/AGENTS.md'],
  );
  assert.match(found.problems[0]?.reason ?? '', /^not used: .* room$/);
});
