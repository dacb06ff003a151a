import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../src/agent/findings/finding.ts';
import { groupFindings, neighbour } from '../../../src/editor/findingGroups.ts';
import { sampleFinding } from '../../fakes/sampleFinding.ts';

const at = (id: string, file: string, line: number, severity: Finding['severity'] = 'low') =>
  sampleFinding({ id, file, severity, range: { line, column: 1, endLine: line, endColumn: 2 } });
const findings = [at('1', 'b.ts', 9), at('2', 'b.ts', 3), at('3', 'a.ts', 5), at('4', 'c.ts', 1, 'critical')];

test('the file with the gravest finding comes first, inside a file the lines count', () => {
  const groups = groupFindings(findings).map(({ file, findings: own }) => [file, ...own.map(({ id }) => id)]);
  assert.deepEqual(groups, [
    ['c.ts', '4'],
    ['a.ts', '3'],
    ['b.ts', '2', '1'],
  ]);
});

test('next and previous go through the files and round again', () => {
  const from = (file: string, line: number) => ({ file, line, column: 1 });
  assert.equal(neighbour(findings, from('a.ts', 5), 'next')?.id, '2');
  assert.equal(neighbour(findings, from('b.ts', 3), 'next')?.id, '1');
  assert.equal(neighbour(findings, from('c.ts', 1), 'next')?.id, '3');
  assert.equal(neighbour(findings, from('b.ts', 3), 'previous')?.id, '3');
  assert.equal(neighbour(findings, from('a.ts', 5), 'previous')?.id, '4');
  assert.equal(neighbour([], from('a.ts', 5), 'next'), undefined);
});
