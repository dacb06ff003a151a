import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretName } from '../../../src/agent/workspace/secretName.ts';

test('a name that holds a secret keeps its file back: a name cannot be masked and be found again', () => {
  const token = `ghp_${'aB3dE6gH9jK2mN5pQ8sT1vW4xY7z'}0123abcd`;
  for (const path of [`exports/dump-${token}.py`, `${token}/app.ts`]) assert.match(secretName(path) ?? '', /its name/);
  for (const path of ['migrations/20260101123000_create_users.py', 'a/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b.js']) {
    assert.equal(secretName(path), undefined);
  }
});
