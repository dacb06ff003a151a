import type { Finding } from '../../src/agent/findings/finding.ts';

/** A finding that is complete and dull; the test says what matters. */
export function sampleFinding(own: Partial<Finding> = {}): Finding {
  return {
    id: 'f1',
    taskId: 't1',
    source: 'model',
    type: 'correctness',
    severity: 'medium',
    confidence: 0.8,
    file: 'src/cart.ts',
    range: { line: 1, column: 1, endLine: 1, endColumn: 5 },
    title: 'The total leaves out the last item',
    description: 'With three items in the cart, the loop stops after the second one.',
    quote: '',
    fingerprint: own.id ?? 'f1',
    ...own,
  };
}
