import { answerText, answerTool, type BedrockAnswer } from '../fakes/bedrockAnswers.ts';
import type { BedrockRequest } from '../fakes/bedrockServer.ts';

/** What the model of the editor tests knows about test/fixtures/workspace, and nothing about any other code. */
export const modelFindings = {
  'src/report.py': {
    quote: '    return total / len(values)',
    line_hint: 5,
    symbol: 'average',
    failure_scenario: 'average([]) divides by zero and raises ZeroDivisionError.',
    category: 'correctness',
    severity: 'high',
    confidence: 0.9,
    title: 'Division by zero for an empty list',
    suggestion: 'Return 0 for an empty list.',
    fix: { old: 'return total / len(values)', new: 'return total / len(values) if values else 0.0' },
  },
  'src/orders.ts': {
    quote: '    sum += item.price * item.quantity;',
    line_hint: 9,
    symbol: 'total',
    failure_scenario: 'An item with a negative quantity lowers the sum, and the order is paid out.',
    category: 'correctness',
    severity: 'medium',
    confidence: 0.8,
    title: 'Negative quantities lower the total',
  },
} as const;

export const documentedTotal = {
  symbol: 'total',
  old: 'export function total(order: Order): number {',
  new: '/** The price of all items, in the currency of their prices. */\nexport function total(order: Order): number {',
};

export const answerToAnyQuestion = 'Orders are added up in src/orders.ts, and reports in src/report.py.';

/** Answers a review, a documentation or a question, from what the request shows. */
export function answerAbout({ body, prompt }: BedrockRequest): BedrockAnswer {
  const tool = body.toolConfig?.tools[0]?.toolSpec.name;
  if (tool === 'report_findings') {
    const findings = Object.values(modelFindings).filter(({ quote }) => prompt.includes(quote.trim()));
    return answerTool(tool, { notes: 'Looked at everything.', findings });
  }
  if (tool === 'propose_documentation') return answerTool(tool, { edits: [documentedTotal] });
  return answerText(answerToAnyQuestion);
}
