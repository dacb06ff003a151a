import type { CodeSymbol } from '../host.ts';
import type { LineSpan } from './snapshot.ts';

/** Kinds that a reader takes in as one. */
const units = new Set(['function', 'method', 'constructor', 'class', 'interface', 'enum', 'struct']);
/** A larger one is not what somebody who selected a few lines of it had in mind. */
const mostLines = 400;

/** The selected lines together with the smallest symbol that holds them all; as selected where there is none. */
export function grown(selected: LineSpan, symbols: readonly CodeSymbol[]): LineSpan {
  for (const { kind, range, children } of symbols) {
    if (range.line > selected.from || range.endLine < selected.to) continue;
    const inner = grown(selected, children);
    if (inner.from !== selected.from || inner.to !== selected.to) return inner;
    const isUnit = units.has(kind) && range.endLine - range.line < mostLines;
    return isUnit ? { from: range.line, to: range.endLine } : inner;
  }
  return selected;
}
