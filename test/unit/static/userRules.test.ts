import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createRulesCheck } from '../../../src/agent/review/static/rulesCheck.ts';
import { readUserRules } from '../../../src/agent/review/static/userRules.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import { createWorkspace } from '../../../src/agent/workspace/workspace.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { engineFolder } from '../../setup/engineFolder.ts';

const good = `
id: no-print
language: TypeScript
severity: warning
message: console.print writes past the log. Nobody sees it.
note: Use log.info.
rule:
  pattern: console.print($$$ARGUMENTS)
fix: log.info($$$ARGUMENTS)
`;

async function world(context: TestContext, files: Record<string, string>, trusted = true) {
  const host = new FakeHost({ files });
  host.setTrusted(trusted);
  context.after(() => host.dispose());
  const workspace = createWorkspace(host, () => defaultSettings.limits);
  const { signal } = new AbortController();
  const check = createRulesCheck({
    engineFolder: await engineFolder(),
    clock: new FakeClock(),
    log: (_level, message) => assert.fail(message),
    userRules: (taken, run) => readUserRules(workspace, host.folders(), taken, run),
  });
  const found = async (text: string, language = 'typescript') =>
    (await check.check({ file: 'src/a.ts', language, text }, signal)).filter(
      ({ ruleId }) => !ruleId?.startsWith('js-'),
    );
  const problems = () => (check.problems?.(signal) ?? []).map(({ file, reason }) => `${file}: ${reason}`);
  return { found, problems };
}

const in_ = (name: string, text: string) => ({ [`.developer-mesh/rules/${name}`]: text, 'src/a.ts': '' });

test("a workspace's own rule finds what it says, with its advice and its fix", async (context) => {
  const { found, problems } = await world(context, in_('print.yaml', good));
  const [issue, ...others] = await found('eval(a);\nconsole.print("a", b);\n');
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...issue, range: issue?.range.line },
    {
      source: 'rule',
      type: 'maintainability',
      severity: 'medium',
      confidence: 0.8,
      file: 'src/a.ts',
      range: 2,
      title: 'console.print writes past the log.',
      description: 'console.print writes past the log. Nobody sees it.',
      suggestion: 'Use log.info.',
      fix: { old: 'console.print("a", b)', new: 'log.info("a", b)' },
      ruleId: 'no-print',
      quote: 'console.print("a", b)',
    },
  );
  assert.deepEqual(await found('console.print(a); // mesh-ignore no-print: it is a test'), []);
  assert.deepEqual(await found('console.print(a)', 'python'), []);
  assert.deepEqual(problems(), []);
});

test('one file may hold several rules, and one that is broken stops no other', async (context) => {
  const bad = good.replace('no-print', 'no-such-kind').replace(/ {2}pattern: .*/, '  kind: no_such_node');
  const other = good.replace('no-print', 'no-trace').replaceAll('console.print', 'console.trace');
  const { found, problems } = await world(context, in_('all.yml', [bad, good, '- : [', other].join('\n---\n')));
  const issues = await found('console.print(a);\nconsole.trace(b);\n');
  assert.deepEqual(
    issues.map(({ ruleId }) => ruleId),
    ['no-print', 'no-trace'],
  );
  const [first = '', second = '', ...rest] = problems();
  assert.match(first, /^\.developer-mesh\/rules\/all\.yml: rule 3 not used: .+/);
  assert.equal(
    second,
    '.developer-mesh/rules/all.yml: no-such-kind not used: There is no kind "no_such_node" in this language.',
  );
  assert.deepEqual(rest, []);
});

test('a rule that cannot be used is named with its file and the reason', async (context) => {
  const cases: readonly [string, RegExp][] = [
    [good.replace('language: TypeScript', 'language: cobol'), /no-print not used: language is missing or malformed/],
    [good.replace('message:', 'massage:'), /no-print not used: /],
    [`${good}surprise: 1\n`, /no-print not used: .*unknown key surprise/],
    [good.replace('no-print', 'js-eval'), /js-eval: there is another rule of this name/],
    [
      `${good}trigger: (a+)+$\n`,
      /no-print not used: the regular expression \(a\+\)\+\$ in "trigger" takes exponential/,
    ],
    [good.replace(/ {2}pattern: .*/, '  kind: call_expression\n  regex: ^(\\w+\\s?)*$'), /takes exponential time/],
    [good.replace(/ {2}pattern: .*/, "  regex: '('"), /is malformed/],
    [good.replace(/ {2}pattern: .*/, '  matches: other'), /no-print not used: "matches" is not known\./],
    [good.replace(/ {2}pattern: .*/, '  regex: ^console'), /no-print not used: Without "trigger" it must say/],
    ['a: &a [x, x]\nb: [*a, *a]\n', /rule 1 not used: /],
    ['just text', /rule 1 not used: the rule is missing or malformed/],
    ['# a comment\n'.repeat(7000), /not used: larger than 64 kB/],
    [`# ${'x'.repeat(70_000)}`, /not used: /],
  ];
  for (const [text, expected] of cases) {
    const { found, problems } = await world(context, in_('one.yaml', text));
    assert.deepEqual(await found('console.print(a);'), [], text.slice(0, 200));
    const [problem = '', ...others] = problems();
    assert.match(problem, /^\.developer-mesh\/rules\/one\.yaml: /, text.slice(0, 300));
    assert.match(problem, expected);
    assert.deepEqual(others, []);
  }
});

test('a rule that takes too long on a file is left out of the run', async (context) => {
  class SlowClock extends FakeClock {
    #looks = 0;
    override monotonic(): number {
      this.#looks += 30;
      return this.#looks;
    }
  }
  const host = new FakeHost({ files: in_('print.yaml', good) });
  context.after(() => host.dispose());
  const workspace = createWorkspace(host, () => defaultSettings.limits);
  const check = createRulesCheck({
    engineFolder: await engineFolder(),
    clock: new SlowClock(),
    log: () => undefined,
    userRules: (taken, run) => readUserRules(workspace, host.folders(), taken, run),
  });
  const { signal } = new AbortController();
  await check.check({ file: 'src/a.ts', language: 'typescript', text: 'console.print(a);\n'.repeat(50) }, signal);
  assert.deepEqual(check.problems?.(signal), [
    { file: '.developer-mesh/rules/print.yaml', reason: 'no-print not used: It takes too long on src/a.ts.' },
  ]);
});

test('in a workspace that is not trusted no rule is read', async (context) => {
  const { found, problems } = await world(context, in_('print.yaml', good), false);
  assert.deepEqual(await found('console.print(a);'), []);
  assert.deepEqual(problems(), []);
});

test('an edit of a rule counts from the next run on', async (context) => {
  const host = new FakeHost({ files: in_('print.yaml', good.replaceAll('print', 'trace')) });
  context.after(() => host.dispose());
  const workspace = createWorkspace(host, () => defaultSettings.limits);
  const check = createRulesCheck({
    engineFolder: await engineFolder(),
    clock: new FakeClock(),
    log: (_level, message) => assert.fail(message),
    userRules: (taken, run) => readUserRules(workspace, host.folders(), taken, run),
  });
  const ids = async (signal: AbortSignal) =>
    (await check.check({ file: 'src/a.ts', language: 'typescript', text: 'console.print(a);' }, signal)).map(
      ({ ruleId }) => ruleId,
    );
  const first = new AbortController().signal;
  assert.deepEqual(await ids(first), []);
  host.write('.developer-mesh/rules/print.yaml', good);
  assert.deepEqual(await ids(first), []);
  assert.deepEqual(await ids(new AbortController().signal), ['no-print']);
});
