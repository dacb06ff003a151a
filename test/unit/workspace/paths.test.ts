import assert from 'node:assert/strict';
import { posix, win32 } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  folderLabels,
  type Platform,
  placeOf,
  possiblePlaces,
  resolvePath,
  toWorkspacePath,
} from '../../../src/agent/workspace/paths.ts';

const linux = [{ name: 'app', path: '/home/dev/app' }];
const windows = [{ name: 'app', path: 'C:\\Users\\Dev\\app' }];
const several = [
  { name: 'web', path: '/code/web' },
  { name: 'api', path: '/code/api' },
  { name: 'web', path: '/old/web' },
];

function resolved(raw: string, folders: typeof linux, platform: Platform): string {
  const place = resolvePath(raw, folders, platform);
  return place.ok ? `${place.value.path} = ${place.value.absolutePath}` : place.failure.code;
}

const accepted: readonly [Platform, typeof linux, string, string][] = [
  ['linux', linux, 'src/a.ts', 'src/a.ts = /home/dev/app/src/a.ts'],
  ['linux', linux, './src//b/../a.ts', 'src/a.ts = /home/dev/app/src/a.ts'],
  ['linux', linux, '/home/dev/app/src/a.ts', 'src/a.ts = /home/dev/app/src/a.ts'],
  ['linux', linux, '.', ' = /home/dev/app'],
  ['linux', linux, 'CON/nul.txt', 'CON/nul.txt = /home/dev/app/CON/nul.txt'],
  ['linux', linux, 'app/[id]/página.tsx', 'app/[id]/página.tsx = /home/dev/app/app/[id]/página.tsx'],
  ['darwin', linux, '/HOME/dev/App/src/a.ts', 'src/a.ts = /home/dev/app/src/a.ts'],
  ['win32', windows, 'src\\a.ts', 'src/a.ts = C:\\Users\\Dev\\app\\src\\a.ts'],
  ['win32', windows, 'src/a.ts', 'src/a.ts = C:\\Users\\Dev\\app\\src\\a.ts'],
  ['win32', windows, 'c:/users/DEV/app/src/A.ts', 'src/A.ts = C:\\Users\\Dev\\app\\src\\A.ts'],
  ['win32', windows, 'console/auxiliary.ts', 'console/auxiliary.ts = C:\\Users\\Dev\\app\\console\\auxiliary.ts'],
  ['linux', several, 'web/src/a.ts', 'web/src/a.ts = /code/web/src/a.ts'],
  ['linux', several, 'web (2)/src/a.ts', 'web (2)/src/a.ts = /old/web/src/a.ts'],
  ['linux', several, '/code/api/main.go', 'api/main.go = /code/api/main.go'],
];
for (const [platform, folders, raw, expected] of accepted) {
  test(`on ${platform}, ${raw} is inside`, () => assert.equal(resolved(raw, folders, platform), expected));
}

const refused: readonly [Platform, typeof linux, string][] = [
  ['linux', linux, ''],
  ['linux', linux, '..'],
  ['linux', linux, '../app2/a.ts'],
  ['linux', linux, 'src/../../app2/a.ts'],
  ['linux', linux, '/home/dev/app2/a.ts'],
  ['linux', linux, '/home/dev/app/../other/a.ts'],
  ['linux', linux, '/HOME/dev/app/a.ts'],
  ['linux', linux, '/etc/passwd'],
  ['linux', linux, '//server/share'],
  ['linux', linux, '\\\\server\\share\\a.ts'],
  ['linux', linux, '..\\..\\a.ts'],
  ['linux', linux, 'file:///home/dev/app/a.ts'],
  ['linux', linux, 'vscode-remote://x/a.ts'],
  ['linux', linux, 'C:\\Windows\\win.ini'],
  ['linux', linux, 'a\0.ts'],
  ['linux', linux, 'a\n.ts'],
  ['linux', linux, 'a\u009b.ts'],
  ['linux', linux, 'a\ud800.ts'],
  ['linux', linux, 'a'.repeat(1025)],
  ['win32', windows, '..\\a.ts'],
  ['win32', windows, 'src\\..\\..\\a.ts'],
  ['win32', windows, 'C:\\Users\\Dev\\app2\\a.ts'],
  ['win32', windows, 'C:a.ts'],
  ['win32', windows, 'D:\\a.ts'],
  ['win32', windows, '\\Users\\Dev\\app\\a.ts'],
  ['win32', windows, '/Users/Dev/app/a.ts'],
  ['win32', windows, '\\\\server\\share\\a.ts'],
  ['win32', windows, '\\\\?\\C:\\Users\\Dev\\app\\a.ts'],
  ['win32', windows, '\\\\.\\PhysicalDrive0'],
  ['win32', windows, '//server/share/a.ts'],
  ['win32', windows, 'file:///C:/Users/Dev/app/a.ts'],
  ['win32', windows, 'src/a.ts:stream'],
  ['win32', windows, 'src/a.ts::$DATA'],
  ['win32', windows, 'NUL'],
  ['win32', windows, 'src/nul.txt'],
  ['win32', windows, 'src/COM1'],
  ['win32', windows, 'src/lpt9.log'],
  ['win32', windows, 'CONIN$'],
  ['win32', windows, 'src/.env.'],
  ['win32', windows, 'src/.env '],
  ['win32', windows, 'src/a?.ts'],
  ['linux', several, 'src/a.ts'],
  ['linux', several, 'web/../api/main.go'],
  ['linux', several, '/code/webbing/a.ts'],
];
for (const [platform, folders, raw] of refused) {
  test(`on ${platform}, ${JSON.stringify(raw.slice(0, 40))} is refused`, () => {
    assert.equal(resolved(raw, folders, platform), 'outside-workspace');
  });
}

test('the message about a refused path carries no control characters and is short', () => {
  const outcome = resolvePath(`../\u001b]8;;http://evil.example\u0007click\u202e${'x'.repeat(900)}`, linux, 'linux');
  assert.ok(!outcome.ok);
  assert.doesNotMatch(outcome.failure.message, /[\p{Cc}\u202e]|evil/u);
  assert.ok(outcome.failure.message.length < 200);
});

test('a path that names none of several folders may be in any of them', () => {
  const places = possiblePlaces('src/a.ts', several, 'linux');
  assert.ok(places.ok);
  assert.deepEqual(
    places.value.map(({ absolutePath }) => absolutePath),
    ['/code/web/src/a.ts', '/code/api/src/a.ts', '/old/web/src/a.ts'],
  );
});

test('folders of one name get different labels, and a label is one segment', () => {
  const named = (...names: string[]) => folderLabels(names.map((name) => ({ name, path: `/${name}` })));
  assert.deepEqual(named('a', 'a', 'a (2)', 'A'), ['a', 'a (2)', 'a (2) (2)', 'A (3)']);
  assert.deepEqual(named('my/app', '..', ''), ['my-app', 'folder', 'folder (2)']);
});

test('the innermost of nested folders names a file', () => {
  const nested = [
    { name: 'all', path: '/code' },
    { name: 'web', path: '/code/web' },
  ];
  assert.equal(toWorkspacePath('/code/web/a.ts', nested, 'linux'), 'web/a.ts');
  assert.equal(toWorkspacePath('/code/a.ts', nested, 'linux'), 'all/a.ts');
  assert.equal(toWorkspacePath('/elsewhere/a.ts', nested, 'linux'), undefined);
  assert.equal(placeOf('/code/web', nested, 'linux')?.relative, '');
});

const segment = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('..', '.', '', '...', '.. ', '..;', '%2e%2e', '..\u0000', '~', 'src', 'app'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom('C:', 'c:x', 'NUL', 'aux.c', '\\\\?', 'file:', 'a:b', '．．', '..\u200b') },
);
const hostile = fc
  .tuple(
    fc.constantFrom('', '/', '\\', '//', '\\\\', 'C:\\', 'file://', '/home/dev/app/', 'C:\\Users\\Dev\\app\\', './'),
    fc.array(fc.tuple(segment, fc.constantFrom('/', '\\', '//')), { maxLength: 6 }),
  )
  .map(([start, rest]) => start + rest.flat().join(''));

for (const [platform, folders, path] of [
  ['linux', linux, posix],
  ['darwin', linux, posix],
  ['win32', windows, win32],
] as const) {
  test(`on ${platform}, of 50,000 made-up paths none that is accepted leaves the folder`, () => {
    const root = folders[0]?.path ?? '';
    let inside = 0;
    fc.assert(
      fc.property(hostile, (raw) => {
        const place = resolvePath(raw, folders, platform);
        if (!place.ok) return;
        inside++;
        const { absolutePath, path: relative } = place.value;
        const way = path.relative(root, absolutePath);
        assert.ok(!way.startsWith(`..${path.sep}`) && way !== '..' && !path.isAbsolute(way), absolutePath);
        assert.equal(path.normalize(absolutePath), absolutePath);
        assert.ok(!relative.split('/').includes('..') && !relative.startsWith('/') && !/\p{Cc}/u.test(relative));
        if (platform === 'win32') assert.doesNotMatch(relative, /[:\\]|[. ](\/|$)/);
        // What it is called leads back to the same place.
        assert.equal(toWorkspacePath(absolutePath, folders, platform), relative);
      }),
      { numRuns: 50_000, seed: 20 },
    );
    assert.ok(inside > 2000, `only ${inside} were accepted, too few to tell anything`);
  });
}
