import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { js as astGrep, type NapiConfig } from '@ast-grep/napi';
import type { Node } from 'web-tree-sitter';
import { nodesAt } from '../../../src/agent/review/static/matcher/candidates.ts';
import { compileRule, type RuleSource } from '../../../src/agent/review/static/matcher/compileRule.ts';
import type { RuleFile } from '../../../src/agent/review/static/rule.ts';
import { readRuleFiles } from '../../../src/agent/review/static/ruleFiles.ts';
import { createRulesCheck } from '../../../src/agent/review/static/rulesCheck.ts';
import { createSlices } from '../../../src/agent/review/static/slices.ts';
import { openSyntax } from '../../../src/agent/review/static/syntaxTree.ts';
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

const real = ['web-tree-sitter/web-tree-sitter.js', 'ws/lib/websocket.js', 'picomatch/lib/parse.js'];
const javaScript = (await readRuleFiles(ruleFolder)).filter((rule) => rule.language === 'javascript');

const sourceOf = ({ rule, constraints }: RuleFile): RuleSource => ({ rule, ...(constraints && { constraints }) });

test('where the triggers lead, the same is found as in a search of the whole file', async () => {
  const syntax = await openSyntax(await engineFolder());
  const parser = await syntax.parser('javascript');
  const code = await readFile(join(repository, 'node_modules', real[0] ?? ''), 'utf8');
  // Some stand at the top of the file, some deep in one long function, between real code.
  const planted = javaScript
    .flatMap((rule) => rule.examples.bad)
    .filter((text) => !/^return|\bimport\b|\bexport\b|: Record</.test(text) && !text.includes('mesh-ignore'))
    .map((text) => `async function* x() {\n${text}\n}`);
  const half = planted.length / 2;
  const text = `${planted.slice(0, half).join('\n')}\n${code}\nfunction all() {\n${planted.slice(half).join('\n')}\n}\n`;

  const tree = await syntax.parse('javascript', text, slices);
  const every = tree.node.descendantsOfType(allKinds(tree.node));
  let places = 0;
  // Where an expression is tried out, the trigger leaves out those that need no trial.
  for (const rule of javaScript.filter(({ where }) => !where?.backtracks)) {
    const { test: holds } = compileRule(sourceOf(rule), 'javascript', parser);
    const whole = every.filter((node) => holds(node, new Map())).map((node) => node.id);
    const { kinds } = compileRule(sourceOf(rule), 'javascript', parser);
    const led = new Set<number>();
    for (const { index } of text.matchAll(new RegExp(rule.trigger ?? '', 'g'))) {
      for (const node of nodesAt(tree.node, index, kinds).nodes) if (holds(node, new Map())) led.add(node.id);
    }
    const beyond = whole.filter((id) => !led.has(id)).map((id) => every.find((node) => node.id === id)?.text);
    assert.deepEqual(beyond, [], rule.id);
    places += led.size;
  }
  tree.dispose();
  assert.ok(places > javaScript.length);
});

function allKinds(root: Node): string[] {
  const kinds = new Set<string>();
  const cursor = root.walk();
  const walk = () => {
    kinds.add(cursor.nodeType);
    if (!cursor.gotoFirstChild()) return;
    do walk();
    while (cursor.gotoNextSibling());
    cursor.gotoParent();
  };
  walk();
  cursor.delete();
  return [...kinds];
}

test('rules mean what they mean to ast-grep', async () => {
  const syntax = await openSyntax(await engineFolder());
  const parser = await syntax.parser('javascript');
  const examples = javaScript.flatMap((rule) => [...rule.examples.bad, ...rule.examples.good]);
  const texts = [
    examples.filter((text) => !/: Record<|new Promise</.test(text)).join('\n;\n'),
    ...(await Promise.all(real.map((name) => readFile(join(repository, 'node_modules', name), 'utf8')))),
  ];
  let agreed = 0;
  for (const text of texts) {
    const theirs = astGrep.parse(text).root();
    const tree = await syntax.parse('javascript', text, slices);
    const every = tree.node.descendantsOfType(allKinds(tree.node));
    for (const rule of javaScript) {
      const config: NapiConfig = JSON.parse(JSON.stringify({ rule: rule.rule, constraints: rule.constraints }));
      const expected = theirs.findAll(config).map((node) => `${node.range().start.index} ${node.range().end.index}`);
      const { test: holds, kinds } = compileRule(sourceOf(rule), 'javascript', parser);
      const found = every
        .filter((node) => (!kinds || kinds.has(node.type)) && holds(node, new Map()))
        .map((node) => `${node.startIndex} ${node.endIndex}`);
      assert.deepEqual(new Set(found), new Set(expected), `${rule.id} in ${text.slice(0, 200)}`);
      agreed += expected.length;
    }
    tree.dispose();
  }
  assert.ok(agreed > 200, `${agreed}`);
});

test('thousands of searches leave no memory behind in the engine', async () => {
  const syntax = await openSyntax(await engineFolder());
  const { test: holds } = compileRule(
    { rule: { pattern: 'eval($CODE)' } },
    'typescript',
    await syntax.parser('typescript'),
  );
  const search = async (times: number) => {
    for (let time = 0; time < times; time++) {
      const tree = await syntax.parse('typescript', 'eval(a); f(b);', slices);
      assert.equal(nodesAt(tree.node, 0, undefined).nodes.filter((node) => holds(node, new Map())).length, 1);
      tree.dispose();
    }
  };
  await search(100);
  const before = process.memoryUsage().external;
  await search(4000);
  const grown = process.memoryUsage().external - before;
  assert.ok(grown < 3_000_000, `${grown} bytes`);
});

test('a parse tells whether the text has syntax errors', async () => {
  const syntax = await openSyntax(await engineFolder());
  const broken = await syntax.parse('go', 'package a\nfunc (', slices);
  const sound = await syntax.parse('go', 'package a\nfunc f() {}\n', slices);
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
