import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ChangeScope } from '../../../src/agent/host.ts';
import { changesOfFolders, gitChanges } from '../../../src/agent/workspace/git.ts';
import { gitIn } from '../../../src/agent/workspace/gitCommand.ts';
import { parseDiff } from '../../../src/agent/workspace/gitOutput.ts';
import { branchesOf, commitsOf } from '../../../src/agent/workspace/revisions.ts';
import { FakeHost } from '../../fakes/fakeHost.ts';
import { Repository } from '../../fakes/repository.ts';

const environment = { ...process.env, GIT_DIR: '/nowhere', GIT_EXTERNAL_DIFF: 'false' };
const never = () => new AbortController().signal;

function repository(context: TestContext): Repository {
  const made = new Repository();
  context.after(() => made.dispose());
  return made;
}

/** `kind path lines` of each change, below `folder`. */
async function changesIn(folder: string, scope: ChangeScope = { kind: 'uncommitted' }): Promise<string[]> {
  const changes = await gitChanges({ path: folder }, scope, { environment, signal: never() });
  assert.ok(changes.ok, changes.ok ? '' : `${changes.failure.message} ${changes.failure.detail}`);
  return changes.value.map(({ absolutePath, kind, lines }) => {
    const where = lines === 'whole' ? 'whole' : lines.map(({ from, to }) => `${from}-${to}`).join(',');
    return `${kind} ${relative(folder, absolutePath)} ${where}`.trim();
  });
}

const tenLines = Array.from({ length: 10 }, (_, index) => `line ${index + 1}`).join('\n');

test('staged, unstaged and untracked changes come together, with their lines', async (context) => {
  const made = repository(context);
  for (const name of ['both.ts', 'staged.ts', 'kept.ts', 'gone.ts', 'mode.sh']) made.write(name, `${tenLines}\n`);
  made.commitAll();
  made.write('staged.ts', `${tenLines.replace('line 2', 'two')}\n`);
  made.write('both.ts', `${tenLines.replace('line 2', 'two')}\n`);
  made.git('add', 'staged.ts', 'both.ts');
  made.write('both.ts', `${tenLines.replace('line 2', 'two').replace('line 9', 'nine\nnine and a half')}\n`);
  made.write('added.ts', 'export {};\n');
  made.git('add', 'added.ts');
  made.write('deep/er/untracked.ts', 'export {};\n');
  made.git('rm', '--quiet', 'gone.ts');
  made.git('update-index', '--chmod=+x', 'mode.sh');
  assert.deepEqual(await changesIn(made.path), [
    'added added.ts whole',
    'modified both.ts 2-2,9-10',
    'untracked deep/er/untracked.ts whole',
    'deleted gone.ts',
    'modified mode.sh',
    'modified staged.ts 2-2',
  ]);
});

test('where lines were only removed, the lines around the gap count', async (context) => {
  const made = repository(context);
  made.write('middle.ts', `${tenLines}\n`);
  made.write('start.ts', `${tenLines}\n`);
  made.commitAll();
  made.write('middle.ts', `${tenLines.replace('line 5\n', '')}\n`);
  made.write('start.ts', `${tenLines.replace('line 1\n', '')}\n`);
  assert.deepEqual(await changesIn(made.path), ['modified middle.ts 4-5', 'modified start.ts 1-1']);
});

test('a renamed file keeps its name and only its changed lines', async (context) => {
  const made = repository(context);
  made.write('old name.ts', `${tenLines}\n`);
  made.write('moved.ts', `${tenLines}\nmore\n`);
  made.commitAll();
  made.git('mv', 'old name.ts', 'new name.ts');
  made.git('mv', 'moved.ts', 'same.ts');
  made.write('new name.ts', `${tenLines.replace('line 3', 'three')}\n`);
  assert.deepEqual(await changesIn(made.path), ['renamed new name.ts 3-3', 'renamed same.ts']);
});

test('before the first commit every file is new', async (context) => {
  const made = repository(context);
  made.write('staged.ts', 'export {};\n');
  made.git('add', 'staged.ts');
  made.write('staged.ts', 'export { changed };\n');
  made.write('untracked.ts', 'export {};\n');
  assert.deepEqual(await changesIn(made.path), ['added staged.ts whole', 'untracked untracked.ts whole']);
});

test('names with spaces, quotes, tabs, line breaks and other scripts are told as they are', async (context) => {
  const made = repository(context);
  const names = [
    'with space.ts',
    'ta\tb.ts',
    'quo"te.ts',
    'new\nline.ts',
    'ñandú 文.ts',
    'back\\slash.ts',
    '-dash.ts',
    ':colon.ts',
  ];
  for (const name of names) made.write(name, `${tenLines}\n`);
  made.commitAll();
  for (const name of names) made.write(name, `${tenLines.replace('line 7', 'seven')}\n`);
  assert.deepEqual(
    await changesIn(made.path),
    [...names].sort().map((name) => `modified ${name} 7-7`),
  );
});

test('text in a file that reads like a diff does not pass for one', () => {
  const hostile = [
    'diff --git a/x b/x',
    '--- a/x',
    '+++ b/a.ts',
    '@@ -1,2 +1,3 @@',
    '-old',
    '-++ b/evil',
    '+++ b/evil.ts',
    '+@@ -1 +99 @@',
    '+diff --git a/y b/y',
    '\\ No newline at end of file',
    '',
  ];
  const read = [...parseDiff(hostile.join('\n'))].map(([path, { lines }]) => [path, lines]);
  assert.deepEqual(read, [['a.ts', [{ from: 1, to: 3 }]]]);
});

test('a folder that is a part of a repository sees its own changes only', async (context) => {
  const made = repository(context);
  made.write('packages/web/a.ts', `${tenLines}\n`);
  made.write('packages/web2/a.ts', `${tenLines}\n`);
  made.commitAll();
  for (const name of ['web', 'web2']) made.write(`packages/${name}/a.ts`, `${tenLines.replace('line 1', 'one')}\n`);
  made.write('packages/web/b.ts', 'export {};\n');
  assert.deepEqual(await changesIn(join(made.path, 'packages', 'web')), ['modified a.ts 1-1', 'untracked b.ts whole']);
});

test('ignored files, submodules, nested repositories and links are left out', async (context) => {
  const made = repository(context);
  const other = repository(context);
  other.write('inner.ts', 'export {};\n');
  other.commitAll();
  made.write('.gitignore', 'out/\n');
  made.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.path, 'sub');
  made.commitAll();
  made.write('out/built.js', 'x');
  made.write('sub/inner.ts', 'changed\n');
  mkdirSync(join(made.path, 'nested'));
  execFileSync('git', ['init', '--quiet'], { cwd: join(made.path, 'nested') });
  made.write('nested/a.ts', 'x');
  symlinkSync('sub', join(made.path, 'link'));
  made.git('add', 'link');
  assert.deepEqual(await changesIn(made.path), []);
});

test('a conflicted file counts as a whole', async (context) => {
  const made = repository(context);
  made.write('a.ts', `${tenLines}\n`);
  made.commitAll();
  made.git('checkout', '--quiet', '-b', 'other');
  made.write('a.ts', `${tenLines.replace('line 1', 'theirs')}\n`);
  made.commitAll();
  made.git('checkout', '--quiet', 'main');
  made.write('a.ts', `${tenLines.replace('line 1', 'ours')}\n`);
  made.commitAll();
  assert.throws(() => made.git('merge', '--quiet', 'other'));
  assert.deepEqual(await changesIn(made.path), ['modified a.ts whole']);
});

test('nothing that a repository names in its own configuration is run', async (context) => {
  const made = repository(context);
  made.write('a.ts', `${tenLines}\n`);
  made.write('.gitattributes', '*.ts filter=evil diff=evil\n');
  made.commitAll();
  const mark = (name: string) => join(made.path, '.git', `ran-${name}`);
  const command = (name: string) => `sh -c 'touch "${mark(name)}"; cat'`;
  const settings: Record<string, string> = {
    'filter.evil.clean': command('clean'),
    'filter.evil.smudge': command('smudge'),
    'filter.evil.required': 'true',
    'core.fsmonitor': command('fsmonitor'),
    'core.pager': command('pager'),
    'diff.external': command('external'),
    'diff.evil.command': command('driver'),
    'diff.evil.textconv': command('textconv'),
    'core.sshCommand': command('ssh'),
  };
  for (const [key, value] of Object.entries(settings)) made.git('config', key, value);
  writeFileSync(join(made.path, '.git', 'hooks', 'post-index-change'), `#!/bin/sh\ntouch "${mark('hook')}"\n`, {
    mode: 0o755,
  });
  made.write('a.ts', `${tenLines.replace('line 4', 'four')}\n`);
  assert.deepEqual(await changesIn(made.path), ['modified a.ts 4-4']);
  const ran = ['clean', 'smudge', 'fsmonitor', 'pager', 'external', 'driver', 'textconv', 'ssh', 'hook'];
  assert.deepEqual(
    ran.filter((name) => existsSync(mark(name))),
    [],
  );
  // The same repository does run its filter when Git is called without these precautions.
  made.git('-c', 'core.fsmonitor=false', 'diff');
  made.git('-c', 'core.fsmonitor=false', 'diff', '--no-ext-diff', '--no-textconv');
  assert.ok(existsSync(mark('clean')) && existsSync(mark('driver')), 'the test proves nothing');
});

test('a folder without a repository, a bare one and a missing Git are told apart', async (context) => {
  const host = new FakeHost();
  context.after(() => host.dispose());
  const folder = host.pathOf('');
  const codeOf = async (path: string, gitPath?: string) => {
    const outcome = await gitChanges({ path }, { kind: 'uncommitted' }, { environment, gitPath, signal: never() });
    return outcome.ok ? 'ok' : outcome.failure.code;
  };
  assert.equal(await codeOf(folder), 'no-repository');
  assert.equal(await codeOf(folder, join(folder, 'no-such-git')), 'git-failed');
  assert.equal(await codeOf(join(folder, 'absent')), 'git-failed');
  execFileSync('git', ['init', '--quiet', '--bare', join(folder, 'bare.git')]);
  assert.equal(await codeOf(join(folder, 'bare.git')), 'no-repository');
});

test('of several folders those without a repository have no changes, unless none has one', async (context) => {
  const made = repository(context);
  const host = new FakeHost();
  context.after(() => host.dispose());
  made.write('a.ts', 'export {};\n');
  const plain = { name: 'plain', path: host.pathOf('') };
  const options = { environment, signal: never() };
  const both = await changesOfFolders([plain, { name: 'made', path: made.path }], { kind: 'uncommitted' }, options);
  assert.deepEqual(both.ok && both.value.map(({ absolutePath }) => absolutePath), [join(made.path, 'a.ts')]);
  const none = await changesOfFolders([plain], { kind: 'uncommitted' }, options);
  assert.equal(!none.ok && none.failure.code, 'no-repository');
  const nothing = await changesOfFolders([], { kind: 'uncommitted' }, options);
  assert.equal(!nothing.ok && nothing.failure.code, 'no-folder');
});

test('Git is stopped when the task is, with its reason', async (context) => {
  const made = repository(context);
  const slow = join(made.path, 'slow-git');
  writeFileSync(slow, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const controller = new AbortController();
  const reason = new Error('cancelled by the person');
  const running = gitChanges(
    { path: made.path },
    { kind: 'uncommitted' },
    { environment, gitPath: slow, signal: controller.signal },
  );
  controller.abort(reason);
  await assert.rejects(running, (error) => error === reason);
});

test('listing changes writes nothing, not even the index', async (context) => {
  const made = repository(context);
  made.write('a.ts', `${tenLines}\n`);
  made.commitAll();
  const before = made.git('ls-files', '--debug');
  // Same text, new file: Git would like to note the new time stamps in its index.
  made.write('b.ts', `${tenLines}\n`);
  renameSync(join(made.path, 'b.ts'), join(made.path, 'a.ts'));
  assert.deepEqual(await changesIn(made.path), []);
  assert.equal(made.git('ls-files', '--debug'), before);
});

/** The text that a change brings of a file, as Git keeps it. */
async function savedText(folder: string, scope: ChangeScope, mostBytes = 1000): Promise<string | undefined> {
  const changes = await gitChanges({ path: folder }, scope, { environment, signal: never() });
  assert.ok(changes.ok);
  const saved = await changes.value[0]?.saved?.(mostBytes, never());
  assert.ok(saved?.ok, 'there is no saved text');
  return saved.value && Buffer.from(saved.value).toString('utf8');
}

test('staged changes are those of the index, in the text it has', async (context) => {
  const made = repository(context);
  made.write('in/both.ts', `${tenLines}\n`);
  made.write('in/unstaged.ts', `${tenLines}\n`);
  made.commitAll();
  made.write('in/both.ts', `${tenLines.replace('line 2', 'two')}\n`);
  made.git('add', 'in/both.ts');
  made.write('in/both.ts', 'something else\n');
  made.write('in/unstaged.ts', 'something else\n');
  made.write('in/untracked.ts', 'export {};\n');
  const inside = join(made.path, 'in');
  assert.deepEqual(await changesIn(inside, { kind: 'staged' }), ['modified both.ts 2-2']);
  assert.equal(await savedText(inside, { kind: 'staged' }), `${tenLines.replace('line 2', 'two')}\n`);
});

test('a saved text that is larger than asked for is not there', async (context) => {
  const made = repository(context);
  made.write('large.ts', 'x'.repeat(2000));
  made.git('add', '--all');
  assert.equal(await savedText(made.path, { kind: 'staged' }, 1999), undefined);
  assert.equal(await savedText(made.path, { kind: 'staged' }, 2000), 'x'.repeat(2000));
});

test('a branch is compared with where it left its base, as the files stand', async (context) => {
  const made = repository(context);
  for (const name of ['mine.ts', 'theirs.ts', 'later.ts']) made.write(name, `${tenLines}\n`);
  made.commitAll();
  made.git('switch', '--quiet', '--create', 'feature/x');
  made.write('mine.ts', `${tenLines.replace('line 2', 'two')}\n`);
  made.commitAll();
  made.git('switch', '--quiet', 'main');
  made.write('theirs.ts', 'another\n');
  made.commitAll();
  made.git('switch', '--quiet', 'feature/x');
  made.write('later.ts', `${tenLines.replace('line 9', 'nine')}\n`);
  made.write('new.ts', 'export {};\n');
  const changed = ['modified later.ts 9-9', 'modified mine.ts 2-2', 'untracked new.ts whole'];
  assert.deepEqual(await changesIn(made.path, { kind: 'branch', base: 'main' }), changed);
  assert.deepEqual(await changesIn(made.path, { kind: 'branch', base: '' }), changed, 'main is the usual base');
});

test('a commit brings what it changed, in the text it had', async (context) => {
  const made = repository(context);
  made.write('a.ts', `${tenLines}\n`);
  made.commitAll();
  made.write('a.ts', `${tenLines.replace('line 3', 'three')}\n`);
  made.git('mv', 'a.ts', 'b.ts');
  made.commitAll();
  made.write('b.ts', 'gone\n');
  made.commitAll();
  const scope = { kind: 'commit', commit: 'HEAD~1' } as const;
  assert.deepEqual(await changesIn(made.path, scope), ['renamed b.ts 3-3']);
  assert.equal(await savedText(made.path, scope), `${tenLines.replace('line 3', 'three')}\n`);
  assert.deepEqual(await changesIn(made.path, { kind: 'commit', commit: 'HEAD~2' }), ['added a.ts whole']);
});

for (const name of [
  'nowhere',
  '--output=/tmp/x',
  '-p',
  'main..HEAD',
  ':/message',
  'HEAD:file',
  '',
  ' ',
  'a b',
  '@{-1}',
]) {
  test(`what is no branch or commit is said to be unknown: ${JSON.stringify(name)}`, async (context) => {
    const made = repository(context);
    made.write('a.ts', 'export {};\n');
    made.commitAll();
    const options = { environment, signal: never() };
    const commit = await gitChanges({ path: made.path }, { kind: 'commit', commit: name }, options);
    assert.equal(!commit.ok && commit.failure.code, 'unknown-revision');
    if (name === '') return;
    const branch = await gitChanges({ path: made.path }, { kind: 'branch', base: name }, options);
    assert.equal(!branch.ok && branch.failure.code, 'unknown-revision');
  });
}

test('branches and commits are listed, the latest first', async (context) => {
  const made = repository(context);
  made.write('a.ts', 'export {};\n');
  made.commitAll();
  made.git('branch', 'other');
  made.write('a.ts', 'export { a };\n');
  made.git('commit', '--quiet', '--all', '--message', 'second\n\nwith a body');
  const git = gitIn(made.path, { environment, signal: never() });
  const branches = await branchesOf(git);
  assert.deepEqual(branches.ok && branches.value.map(({ name }) => name), ['other']);
  const commits = await commitsOf(git);
  assert.deepEqual(commits.ok && commits.value.map(({ subject }) => subject), ['second', 'as it was']);
});

test('what a change took away is told, with where it stood', async (context) => {
  const made = repository(context);
  made.write('a.ts', `${tenLines}\n`);
  made.commitAll();
  made.write('a.ts', `${tenLines.replace('line 2\n', '').replace('line 5', 'five').replace('\nline 10', '')}\n`);
  const changes = await gitChanges({ path: made.path }, { kind: 'uncommitted' }, { environment, signal: never() });
  assert.deepEqual(changes.ok && changes.value[0]?.removed, [
    { before: 2, text: 'line 2' },
    { before: 4, text: 'line 5' },
    { before: 9, text: 'line 10' },
  ]);
});
