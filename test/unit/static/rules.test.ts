import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FoundIssue } from '../../../src/agent/findings/finding.ts';
import type { RuleLanguage } from '../../../src/agent/review/static/rule.ts';
import { readRuleFiles } from '../../../src/agent/review/static/ruleFiles.ts';
import { createRulesCheck } from '../../../src/agent/review/static/rulesCheck.ts';
import type { StaticCheck } from '../../../src/agent/review/static/staticCheck.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { engineFolder, ruleFolder } from '../../setup/engineFolder.ts';

const rules = await readRuleFiles(ruleFolder);
const languages: Readonly<Record<RuleLanguage, readonly string[]>> = {
  javascript: ['typescript', 'typescriptreact', 'javascript'],
  python: ['python'],
  go: ['go'],
  java: ['java'],
};
/** TypeScript alone has these, so JavaScript is not asked about such an example. */
const typed = /new Promise<|: Record</;

async function found(check: StaticCheck, text: string, language: string, id: string): Promise<FoundIssue[]> {
  const issues = await check.check({ file: 'example', language, text }, new AbortController().signal);
  assert.equal(check.unavailable?.(), undefined);
  return issues.filter((issue) => issue.ruleId === id);
}

test('there are rules for each language', () => {
  const count = (language: RuleLanguage) => rules.filter((rule) => rule.language === language).length;
  assert.ok(count('javascript') >= 60 && count('python') >= 50 && count('go') >= 35 && count('java') >= 30);
  const tagged = rules.filter((rule) => rule.cwe !== undefined || rule.type !== 'security');
  assert.equal(tagged.length, rules.length);
});

for (const rule of rules) {
  const asked = languages[rule.language];
  test(`${rule.id} finds its bad examples and no good one`, async () => {
    const check = createRulesCheck({ engineFolder: await engineFolder(), clock: new FakeClock(), log: () => {} });
    for (const language of asked) {
      for (const text of rule.examples.bad) {
        if (language === 'javascript' && typed.test(text)) continue;
        const issues = await found(check, text, language, rule.id);
        assert.ok(issues.length > 0, `not found in ${language}: ${text}`);
        for (const issue of issues) assert.ok(text.includes(issue.quote) && issue.quote !== '');
        for (const { fix } of issues) {
          if (!fix) continue;
          const fixed = text.replace(fix.old, () => fix.new);
          assert.notEqual(fixed, text);
          assert.equal(
            (await found(check, fixed, language, rule.id)).length,
            issues.length - 1,
            `still found: ${fixed}`,
          );
        }
        if (rule.fix !== undefined) assert.ok(issues.every((issue) => issue.fix));
      }
      for (const text of rule.examples.good) {
        assert.deepEqual(await found(check, text, language, rule.id), [], `found in ${language}: ${text}`);
      }
    }
  });
}
