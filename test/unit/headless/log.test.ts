import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stderrLog } from '../../../src/headless/log.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';

function logged(verbose: boolean, write: (log: ReturnType<typeof stderrLog>) => void): string[] {
  const lines: string[] = [];
  write(stderrLog(verbose, new FakeClock(), (line) => lines.push(line)));
  return lines;
}

test('a record is one clean line', () => {
  const [line = ''] = logged(false, (log) => log('warn', 'a task\nfailed', { title: '\u001b[31mred\u001b[0m' }));
  assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z warn {2}a task failed \{"title":".*red.*"\}\n$/);
  assert.ok(!line.includes('\u001b'));
});

test('fields that cannot be written do not keep the message from the log', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const [line = ''] = logged(false, (log) => log('error', 'it failed', cycle));
  assert.match(line, /it failed \(fields cannot be written/);
});

test('debug records are written only when asked for', () => {
  assert.equal(logged(false, (log) => log('debug', 'detail')).length, 0);
  assert.equal(logged(true, (log) => log('debug', 'detail')).length, 1);
});
