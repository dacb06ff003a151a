import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, FoundIssue } from '../../../src/agent/findings/finding.ts';
import { findingMaker, openFile } from '../../../src/agent/review/reviewedFile.ts';
import type { StaticCheck } from '../../../src/agent/review/static/staticCheck.ts';
import { staticPhase } from '../../../src/agent/review/staticPhase.ts';
import { defaultSettings } from '../../../src/agent/settings.ts';
import type { Snapshot } from '../../../src/agent/workspace/snapshot.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';

const files = ['a.ts', 'b.ts', 'c.ts', 'd.ts'].map((file) =>
  openFile({ file, language: 'typescript', text: 'eval(x)\n' }),
);

function issue(source: 'rule' | 'editor', { file }: Snapshot): FoundIssue {
  const range = { line: 1, column: 1, endLine: 1, endColumn: 8 };
  const words = { title: `${source} says`, description: 'It fails.', quote: 'eval(x)' };
  return { source, type: 'security', severity: 'high', confidence: 0.9, file, range, ...words };
}

const quick: StaticCheck = { name: 'rules', check: async (snapshot) => [issue('rule', snapshot)] };

async function run(checks: readonly StaticCheck[]) {
  const found: Finding[] = [];
  const shares: number[] = [];
  const opened = files.map(({ snapshot }) => openFile(snapshot));
  const outcome = await staticPhase(
    opened,
    {
      checks: async () => checks,
      rules: defaultSettings.review,
      log: () => {},
      toFinding: findingMaker('t1', new FakeClock()),
      found: (findings) => found.push(...findings),
      progress: (share) => shares.push(share),
    },
    new AbortController().signal,
  );
  return { outcome, found, shares, opened };
}

test('the quick checks are through with every file before a slow one begins', async () => {
  const slow: StaticCheck = { name: 'editor', check: async (snapshot) => [issue('editor', snapshot)] };
  const { found, shares, opened } = await run([quick, slow]);
  assert.deepEqual(
    found.map(({ source, file }) => `${source} ${file}`),
    ['rule a.ts', 'rule b.ts', 'rule c.ts', 'rule d.ts', 'editor a.ts', 'editor b.ts', 'editor c.ts', 'editor d.ts'],
  );
  assert.equal(shares.at(-1), 1);
  assert.deepEqual(opened[0]?.statics, [found[0], found[4]]);
});

test('a check that cannot look leaves its files unreviewed, not clean', async () => {
  const blind: StaticCheck = { name: 'secrets', check: async () => [], unavailable: () => 'The rules cannot run.' };
  const { outcome } = await run([blind, quick]);
  assert.equal(outcome.failure?.code, 'crashed');
  assert.deepEqual(
    outcome.notReviewed.map(({ file, reason }) => `${file}: ${reason}`),
    ['a.ts', 'b.ts', 'c.ts', 'd.ts'].map((file) => `${file}: The rules cannot run.`),
  );
});
