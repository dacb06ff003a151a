import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { answersFile, createAnswerMemory, keyOf } from '../../../src/agent/review/ai/answerMemory.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'memory-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const folder = () => join(root, 'review');
const file = () => join(folder(), answersFile);
const open = (most?: number) => createAnswerMemory({ folder: folder(), log: () => {}, ...(most && { most }) });

test('an answer is there again for the next process, and nobody else may read it', async () => {
  const memory = open();
  memory.keep(keyOf(['a']), [{ title: 'A' }]);
  await memory.settled();
  assert.deepEqual(await open().recall(keyOf(['a'])), [{ title: 'A' }]);
  assert.equal(await open().recall(keyOf(['b'])), undefined);
  if (process.platform !== 'win32') assert.equal(statSync(file()).mode & 0o077, 0);
});

test('half a line, or what is no answer, costs only itself', async () => {
  const memory = open();
  memory.keep('k1', [1]);
  await memory.settled();
  writeFileSync(file(), `${readFileSync(file(), 'utf8')}{"no":1}\n["k2"]\n["k3",[3]]\n["k4",[4`);
  const next = open();
  assert.deepEqual(await next.recall('k1'), [1]);
  assert.equal(await next.recall('k2'), undefined);
  assert.deepEqual(await next.recall('k3'), [3]);
  assert.equal(await next.recall('k4'), undefined);
});

test('the answers used last are kept, and the file does not grow for ever', async () => {
  const memory = open(10);
  for (let number = 0; number < 200; number++) {
    memory.keep(`k${number}`, [number]);
    await memory.recall('k0');
  }
  await memory.settled();
  const next = open(10);
  assert.deepEqual(await next.recall('k0'), [0]);
  assert.deepEqual(await next.recall('k199'), [199]);
  assert.equal(await next.recall('k150'), undefined);
  assert.ok(readFileSync(file(), 'utf8').split('\n').length <= 22);
});

test('a folder that cannot be written leaves the answers in memory, and says so once', async () => {
  writeFileSync(folder(), 'a file stands in the way');
  const said: string[] = [];
  const memory = createAnswerMemory({ folder: folder(), log: (_level, message) => said.push(message) });
  memory.keep('k1', [1]);
  memory.keep('k2', [2]);
  await memory.settled();
  assert.deepEqual(await memory.recall('k1'), [1]);
  assert.equal(said.length, 1);
});

test('a huge answer is not kept on disk', async () => {
  const memory = open();
  memory.keep('big', 'x'.repeat(100_000));
  memory.keep('small', 'x');
  await memory.settled();
  const next = open();
  assert.equal(await next.recall('big'), undefined);
  assert.equal(await next.recall('small'), 'x');
});
