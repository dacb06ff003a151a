import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openAstGrep } from '../../../src/agent/review/static/astGrep.ts';
import { gatheredRules } from '../../../src/agent/review/static/gatheredRules.ts';
import { readRuleFiles } from '../../../src/agent/review/static/ruleFiles.ts';
import { createRulesCheck } from '../../../src/agent/review/static/rulesCheck.ts';
import { createSlices } from '../../../src/agent/review/static/slices.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { engineFolder, repository, ruleFolder } from '../../setup/engineFolder.ts';

const unaborted = new AbortController().signal;
const slices = createSlices(new FakeClock(), unaborted);

test('a damaged engine folder is reported once, then the check says it is unavailable', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'damaged-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const said: string[] = [];
  const log = (level: string, message: string) => void said.push(`${level}: ${message}`);
  const check = createRulesCheck({ engineFolder: folder, clock: new FakeClock(), log });
  const snapshot = { file: 'a', language: 'typescript', text: 'eval(a)' };
  assert.deepEqual(await check.check(snapshot, unaborted), []);
  assert.deepEqual(await check.check(snapshot, unaborted), []);
  assert.match(check.unavailable?.() ?? '', /^The rules cannot run: .*ENOENT/);
  assert.equal(said.length, 1);
});

test('where the triggers lead, the same is found as in a search of the whole file', async () => {
  const engine = await openAstGrep(await engineFolder());
  const rules = (await gatheredRules()).filter((rule) => rule.language === 'javascript');
  const examples = (await readRuleFiles(ruleFolder))
    .filter((rule) => rule.language === 'javascript')
    .flatMap((rule) => rule.examples.bad);
  const real = await readFile(join(repository, 'node_modules', 'web-tree-sitter', 'web-tree-sitter.js'), 'utf8');
  // Some stand at the top of the file, some deep in one long function, between real code.
  const planted = examples
    .filter((text) => !text.startsWith('return'))
    .map((text) => `async function* x() {\n${text}\n}`);
  const half = planted.length / 2;
  const text = `${planted.slice(0, half).join('\n')}\n${real}\nfunction all() {\n${planted.slice(half).join('\n')}\n${'f({ a: [1] });\n'.repeat(2000)}}\n`;

  const tree = await engine.parse('typescript', text, slices);
  const expected = rules.flatMap((rule) =>
    tree.root
      .findAll({ rule: rule.rule, ...(rule.constraints && { constraints: rule.constraints }) })
      .map((node) => `${node.range().start.index} ${rule.id}`),
  );
  tree.dispose();
  const log = (_level: string, message: string) => assert.fail(message);
  const check = createRulesCheck({ engineFolder: await engineFolder(), clock: new FakeClock(), log });
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)];
  const issues = await check.check({ file: 'a', language: 'typescript', text }, unaborted);
  const actual = issues.map(({ range, ruleId }) => `${(lineStarts[range.line - 1] ?? 0) + range.column - 1} ${ruleId}`);
  assert.ok(expected.length >= rules.length);
  assert.deepEqual(actual.sort(), expected.sort());
});

test('thousands of searches leave no memory behind in the engines', async () => {
  const engine = await openAstGrep(await engineFolder());
  const search = async (times: number) => {
    const tree = await engine.parse('typescript', 'eval(a); f(b);', slices);
    for (let time = 0; time < times; time++) {
      for (const node of tree.root.findAll({ rule: { pattern: 'eval($CODE)' } })) node.free();
    }
    tree.dispose();
  };
  await search(100);
  const before = process.memoryUsage().external;
  await search(8000);
  const grown = process.memoryUsage().external - before;
  assert.ok(grown < 3_000_000, `${grown} bytes`);
});

test('a parse tells whether the text has syntax errors', async () => {
  const engine = await openAstGrep(await engineFolder());
  const broken = await engine.parse('go', 'package a\nfunc (', slices);
  const sound = await engine.parse('go', 'package a\nfunc f() {}\n', slices);
  assert.deepEqual([broken.node.hasError, sound.node.hasError], [true, false]);
  broken.dispose();
  sound.dispose();
});

test('a rule with a mistake in it stops the build', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'rules-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const [name] = await readdir(join(ruleFolder, 'go'));
  assert.ok(name);
  const good = await readFile(join(ruleFolder, 'go', name), 'utf8');
  const cases: readonly [string, RegExp][] = [
    [good, /belongs at/],
    [good.replace(/^title: .*$/m, 'title: short'), /malformed.*title/s],
    [good.replace(/^trigger: .*$/m, "trigger: '('"), /malformed.*trigger/s],
    [good.replace(/^url: https/m, 'url: http'), /malformed.*url/s],
    [`${good}\nsurprise: 1\n`, /malformed.*surprise/s],
  ];
  for (const [text, expected] of cases) {
    await writeFile(join(folder, name), text);
    await assert.rejects(readRuleFiles(folder), expected);
  }
});
