import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { createRulesCheck } from '../../../src/agent/review/static/rulesCheck.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { engineFolder, repository } from '../../setup/engineFolder.ts';

/** Code in the manner of public advisories, as it was and as it was repaired. */
const format = z.strictObject({ language: z.string(), rule: z.string(), before: z.string(), after: z.string() });
const folder = join(repository, 'test', 'fixtures', 'advisories');
const names = (await readdir(folder)).sort();

const check = createRulesCheck({
  engineFolder: await engineFolder(),
  clock: new FakeClock(),
  log: (_level, message) => assert.fail(message),
});
const found = async (language: string, text: string) =>
  (await check.check({ file: 'a', language, text }, new AbortController().signal)).map(({ ruleId }) => ruleId);

for (const name of names) {
  test(`${name.replace(/\.yaml$/, '')} is found before and silent after`, async () => {
    const { language, rule, before, after } = format.parse(parse(await readFile(join(folder, name), 'utf8')));
    assert.deepEqual(new Set(await found(language, before)), new Set([rule]));
    assert.deepEqual(await found(language, after), []);
  });
}

test('there are pairs for each language', () => {
  for (const [language, least] of [
    ['js', 12],
    ['py', 10],
    ['go', 5],
    ['java', 7],
  ] as const) {
    assert.ok(names.filter((name) => name.startsWith(`${language}-`)).length >= least, language);
  }
});
