import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForeign } from '../../editor/rejectionWatch.ts';

function rejection(...places: string[]): Error {
  const error = new Error('no');
  error.stack = ['Error: no', ...places.map((place) => `    at work (${place}:1:1)`)].join('\n');
  return error;
}

const builtIn = '/home/me/node_modules/code-server/lib/vscode/extensions/git/dist/main.js';
const editor = 'file:///home/me/node_modules/code-server/lib/vscode/out/vs/workbench/api/node/extensionHostProcess.js';
const ours = '/home/me/agent/dist/chunks/review-ABC.js';
const suite = '/home/me/agent/.vscode-test/suite/suite.cjs';

test('a rejection inside an extension that comes with the editor is foreign', () => {
  assert.equal(isForeign(rejection(builtIn, editor)), true);
  assert.equal(isForeign(rejection('/usr/share/code/resources/app/extensions/git/dist/main.js')), true);
});

test('a rejection that passed through the extension or the suites is ours', () => {
  assert.equal(isForeign(rejection(ours)), false);
  assert.equal(isForeign(rejection(suite)), false);
  assert.equal(isForeign(rejection(builtIn, ours)), false);
});

test('the missing program of the file search is foreign, another missing program is ours', () => {
  const spawn = (program: string) => new Error(`spawn ${program} ENOENT`);
  assert.equal(isForeign(spawn('/home/me/node_modules/@vscode/ripgrep/bin/rg')), true);
  assert.equal(isForeign(spawn('/usr/bin/git')), false);
});

test('a rejection that names no place is ours', () => {
  assert.equal(isForeign(rejection()), false);
  assert.equal(isForeign('a string'), false);
  assert.equal(isForeign(rejection(editor)), false);
});
