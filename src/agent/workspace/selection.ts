import { declarationsOf } from '../analysis/declarations.ts';
import type { CodeSymbol } from '../host.ts';
import type { LineSpan, Snapshot } from './snapshot.ts';

/** Kinds that a reader takes in as one. */
const units = new Set(['function', 'method', 'constructor', 'class', 'interface', 'enum', 'struct']);
/** A larger one is not what somebody who selected a few lines of it had in mind. */
const mostLines = 400;

/**
 * The selected lines together with the smallest thing that holds them all; as selected where there is none. `symbols`
 * are the editor's; where nobody tells any, the text is read for what it declares.
 */
export function grown(
  selected: LineSpan,
  symbols: readonly CodeSymbol[],
  { text, language }: Pick<Snapshot, 'text' | 'language'>,
): LineSpan {
  const told = unitsOf(symbols);
  const spans =
    told.length > 0 ? told : declarationsOf(text, language).map(({ line, endLine }) => ({ from: line, to: endLine }));
  const holding = spans.filter(({ from, to }) => from <= selected.from && to >= selected.to && to - from < mostLines);
  const [smallest] = holding.sort((a, b) => a.to - a.from - (b.to - b.from));
  return smallest ?? selected;
}

function unitsOf(symbols: readonly CodeSymbol[]): readonly LineSpan[] {
  return symbols.flatMap(({ kind, range, children }) => [
    ...(units.has(kind) ? [{ from: range.line, to: range.endLine }] : []),
    ...unitsOf(children),
  ]);
}
