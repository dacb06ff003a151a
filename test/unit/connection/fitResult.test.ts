import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitResult } from '../../../src/agent/connection/fitResult.ts';
import type { TaskResult } from '../../../src/agent/tasks/task.ts';

const finding = (id: number, severity: string, length = 200) => ({ id, severity, description: 'ü'.repeat(length) });
const resultWith = (body: unknown, notReviewed = 0): TaskResult => ({
  task_id: 't-1',
  status: 'completed',
  result: body,
  metadata: {
    static_issues: 3,
    ai_suggestions: 0,
    confidence: 0.9,
    duration_ms: 12,
    not_reviewed: Array.from({ length: notReviewed }, (_, index) => ({ file: `src/${index}.ts`, reason: 'too large' })),
  },
  completed_at: '2025-11-10T09:00:00Z',
});
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
interface Body {
  readonly summary: string;
  readonly findings: readonly { readonly id: number; readonly severity: string }[];
  readonly truncated: { readonly dropped: number; readonly reason: string };
}
const bodyOf = (result: TaskResult): Body => JSON.parse(JSON.stringify(result.result));

test('a result that fits is handed back as it is', () => {
  const result = resultWith({ summary: 'x', findings: [] });
  assert.equal(fitResult(result, bytes(result)), result);
});

test('the least severe findings go first, and the order of the others stays', () => {
  const findings = [
    finding(1, 'low'),
    finding(2, 'critical'),
    finding(3, 'medium'),
    finding(4, 'low'),
    finding(5, 'high'),
  ];
  const fitted = bodyOf(fitResult(resultWith({ summary: 'Five findings.', findings }), 2000));
  assert.deepEqual(
    fitted.findings.map((one) => one.id),
    [2, 3, 5],
  );
  assert.equal(fitted.truncated.dropped, 2);
  assert.match(fitted.summary, /^Five findings\. \[Shortened: 2 of the least severe findings left out; .*\]$/);
});

test('as many findings as possible are kept', () => {
  const findings = Array.from({ length: 500 }, (_, index) => finding(index, 'medium', 20));
  const result = resultWith({ summary: '', findings });
  const limit = 10_000;
  const fitted = fitResult(result, limit);
  assert.ok(bytes(fitted) <= limit);
  assert.ok(bytes(fitted) > limit - bytes(findings[0]) - 10, `${bytes(fitted)} of ${limit}`);
});

test('what is long without findings is left out, and the result says so', () => {
  const fitted = fitResult(resultWith({ summary: 'Docs.', proposals: ['x'.repeat(50_000)] }, 1000), 5000);
  assert.ok(bytes(fitted) <= 5000);
  assert.deepEqual(Object.keys(bodyOf(fitted)), ['summary', 'truncated']);
  assert.equal(fitted.status, 'completed');
  assert.equal(fitted.metadata.static_issues, 3);
  assert.ok(fitted.metadata.not_reviewed.length < 1000);
});

test('whatever the result, it fits from 8 kB on, keeps its task and status, and is still JSON', () => {
  const severity = fc.constantFrom('critical', 'high', 'medium', 'low', 'odd');
  const findings = fc.array(fc.tuple(severity, fc.nat({ max: 400 })), { maxLength: 100 });
  fc.assert(
    fc.property(
      findings,
      fc.string({ unit: 'binary', maxLength: 5000 }),
      fc.nat({ max: 500 }),
      (list, summary, files) => {
        const body = { summary, findings: list.map(([level, length], index) => finding(index, level, length)) };
        const result = resultWith(body, files);
        const fitted = fitResult(result, 8_000);
        assert.ok(bytes(fitted) <= 8_000, String(bytes(fitted)));
        assert.equal(fitted.task_id, 't-1');
        const kept = bodyOf(fitted).findings?.length ?? 0;
        if (fitted !== result) assert.equal(bodyOf(fitted).truncated.dropped, list.length - kept);
      },
    ),
    { numRuns: 300 },
  );
});
