import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../../src/headless/options.ts';

const environment = { MCP_API_KEY: 'devmesh_key', MCP_SERVER_URL: 'ws://127.0.0.1:1/ws' };

test('the key and the default server come from the environment', () => {
  const parsed = parseOptions([], environment);
  assert.ok(parsed.kind === 'run');
  assert.equal(parsed.options.key, 'devmesh_key');
  assert.equal(parsed.options.settings.server.url, 'ws://127.0.0.1:1/ws');
  assert.deepEqual(parsed.options.workspaces, ['.']);
});

test('flags win over the environment', () => {
  const parsed = parseOptions(
    [
      '--server',
      'wss://mesh.example/ws',
      '--workspace',
      'a',
      '--workspace',
      'b',
      '--region',
      'eu-west-1',
      '--once',
      '--no-model',
    ],
    environment,
  );
  assert.ok(parsed.kind === 'run');
  assert.equal(parsed.options.settings.server.url, 'wss://mesh.example/ws');
  assert.deepEqual(parsed.options.workspaces, ['a', 'b']);
  assert.equal(parsed.options.settings.bedrock.region, 'eu-west-1');
  assert.equal(parsed.options.settings.review.useModel, false);
  assert.equal(parsed.options.once, true);
});

const wrongUse: readonly [string, readonly string[], Record<string, string>, RegExp][] = [
  ['no key', ['--server', 'wss://mesh.example'], {}, /MCP_API_KEY/],
  ['no server', [], { MCP_API_KEY: 'k' }, /--server/],
  ['an unknown flag', ['--sever', 'x'], environment, /sever/],
  ['a key as a flag', ['--key', 'x'], environment, /key/],
  ['a region that is none', ['--region', 'mars'], environment, /--region/],
  ['a dialect that is none', ['--dialect', 'klingon'], environment, /--dialect/],
  ['to be asked where nobody is', ['--tasks', 'ask'], environment, /--tasks.*person/],
  ['tasks that are neither', ['--tasks', 'some'], environment, /--tasks/],
  ['a number that is none', ['--concurrent-tasks', 'many'], environment, /--concurrent-tasks/],
];
for (const [what, args, env, expected] of wrongUse) {
  test(`${what} is told by its name`, () => {
    const parsed = parseOptions(args, env);
    assert.ok(parsed.kind === 'wrong');
    assert.match(parsed.problem, expected);
  });
}
