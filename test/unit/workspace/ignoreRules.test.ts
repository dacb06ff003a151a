import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ignoreReason, loadIgnoreRules } from '../../../src/agent/workspace/ignoreRules.ts';
import { walk } from '../../../src/agent/workspace/walk.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { Repository } from '../../fakes/repository.ts';

const never = () => new AbortController().signal;

async function kept(path: string): Promise<string[]> {
  const { files } = await walk({ name: 'x', path }, '', await loadIgnoreRules(path), never());
  return files.filter(({ skip }) => skip === undefined).map(({ relative }) => relative);
}

/** What Git itself would track. */
function trackable(repository: Repository, below = '.'): string[] {
  const listed = repository.git('ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', below);
  return listed
    .split('\0')
    .filter((path) => path !== '')
    .sort();
}

test('a nested file takes back what an outer one ignores, for a whole folder too', async () => {
  const repository = new Repository();
  try {
    repository.write('.gitignore', 'build/\n*.log\n/only-here\n');
    repository.write('sub/.gitignore', '!build/\n!keep.log\nown/\n');
    for (const path of ['build/a', 'sub/build/a', 'sub/build/deep/b', 'sub/keep.log', 'sub/drop.log', 'sub/own/c']) {
      repository.write(path, 'x');
    }
    for (const path of ['only-here', 'sub/only-here', 'a.log/inside']) repository.write(path, 'x');
    assert.deepEqual(await kept(repository.path), trackable(repository));
    assert.ok((await kept(repository.path)).includes('sub/build/deep/b'));
  } finally {
    repository.dispose();
  }
});

const name = fc.constantFrom('a', 'b', 'ab', 'a.log', 'b.txt', 'build', 'sub', '#x', '!y', 'sp ace', '[z]');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
const line = fc
  .tuple(
    fc.constantFrom('', '', '', '!'),
    fc.constantFrom('', '', '/', '**/'),
    fc.array(fc.oneof(name, fc.constantFrom('*', '**', '?', 'a*', '*.log', '[ab]', '[!a]', '\\#x', '\\!y', '\\[z]')), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.constantFrom('', '', '/', '/**', ' '),
  )
  .map(([not, start, middle, end]) => `${not}${start}${middle.join('/')}${end}`);
const ignoreFile = fc.array(line, { minLength: 2, maxLength: 6 }).map((lines) => `${lines.join('\n')}\n`);

test('for made-up trees and ignore files the walk keeps what Git would track', async () => {
  const outer = new Repository();
  outer.write('.gitignore', 'nothing\n');
  let ignored = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(path, { minLength: 8, maxLength: 20 }),
        fc.array(fc.tuple(fc.constantFrom('', 'a/', 'sub/', 'a/b/', 'build/'), ignoreFile), {
          minLength: 1,
          maxLength: 3,
        }),
        async (paths, ignoreFiles) => {
          outer.git('clean', '-q', '-f', '-f', '-d', '-x');
          const made = new Set<string>();
          const isFree = (wanted: string) =>
            ![...made].some((one) => one === wanted || one.startsWith(`${wanted}/`) || wanted.startsWith(`${one}/`));
          for (const wanted of [...ignoreFiles.map(([folder]) => `${folder}.gitignore`), ...paths]) {
            if (made.has(wanted) || !isFree(wanted)) continue;
            made.add(wanted);
            const rules = ignoreFiles.find(([folder]) => `${folder}.gitignore` === wanted)?.[1];
            outer.write(wanted, rules ?? 'x');
          }
          const found = await kept(outer.path);
          ignored += made.size - found.length;
          assert.deepEqual(found, trackable(outer));
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  } finally {
    outer.dispose();
  }
  assert.ok(ignored > 100, `only ${ignored} files were ignored, too few to tell anything`);
});

test('a folder inside a repository obeys the ignore files around it, unless they ignore the folder itself', async () => {
  const repository = new Repository();
  try {
    repository.write('.gitignore', 'local.json\n/scratch/\n');
    repository.write('.developer-meshignore', 'private/\n');
    repository.write('.git/info/exclude', 'mine.txt\n');
    for (const folder of ['packages/web', 'scratch']) {
      for (const file of ['a.ts', 'local.json', 'mine.txt', 'private/b.ts']) repository.write(`${folder}/${file}`, 'x');
    }
    assert.deepEqual(await kept(join(repository.path, 'packages', 'web')), ['a.ts']);
    assert.deepEqual(await kept(join(repository.path, 'scratch')), ['a.ts', 'local.json']);
  } finally {
    repository.dispose();
  }
});

test('the reason names the ignore file, and our own can be asked about alone', async () => {
  const host = new FakeHost({
    files: { '.gitignore': 'dist/\n', '.developer-meshignore': '*.secret.ts\n', 'dist/a.secret.ts': 'x', 'b.ts': 'x' },
  });
  try {
    const rules = await loadIgnoreRules(host.pathOf(''));
    assert.equal(await ignoreReason(rules, 'dist/a.secret.ts', false), 'ignored by .gitignore');
    assert.equal(
      await ignoreReason(rules, 'dist/a.secret.ts', false, '.developer-meshignore'),
      'ignored by .developer-meshignore',
    );
    assert.equal(await ignoreReason(rules, 'b.ts', false), undefined);
    await assert.rejects(ignoreReason(rules, '../b.ts', false), /outside/);
    await assert.rejects(ignoreReason(rules, '/b.ts', false), /outside/);
  } finally {
    host.dispose();
  }
});

test('an ignore file that is a link or a pipe is not read', async () => {
  const host = new FakeHost({ files: { 'rules.txt': '*\n', 'a.ts': 'x' } });
  try {
    symlinkSync('rules.txt', host.pathOf('.gitignore'));
    assert.equal(spawnSync('mkfifo', [host.pathOf('.developer-meshignore')]).status, 0);
    assert.deepEqual(await kept(host.pathOf('')), ['a.ts', 'rules.txt']);
  } finally {
    host.dispose();
  }
});

test('a line made to cost time costs none, and ignores more rather than less', async () => {
  const costly = `${'**/a/'.repeat(12)}b`;
  const deep = `${'a/'.repeat(60)}x.ts`;
  const host = new FakeHost({
    files: { '.gitignore': `${costly}\n!${costly}\n/**/**/**/**/\n`, 'c/a/b': 'x', [deep]: 'x' },
  });
  try {
    const rules = await loadIgnoreRules(host.pathOf(''));
    const started = performance.now();
    assert.equal(await ignoreReason(rules, 'c/a/b', false), 'ignored by .gitignore');
    const short = performance.now() - started;
    assert.equal(await ignoreReason(rules, deep, false), undefined);
    // Sixty folders instead of one; without the limit it is thousands of times as long.
    assert.ok(performance.now() - started < Math.max(short, 1) * 600);
  } finally {
    host.dispose();
  }
});
