import type { CodeSymbol } from '../agent/host.ts';

const documentable = new Set([
  'function',
  'method',
  'constructor',
  'class',
  'interface',
  'enum',
  'struct',
  'module',
  'namespace',
  'property',
  'variable',
  'constant',
  'field',
]);

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The name of the innermost thing at a place that one documents, dotted with what holds it: `Cart.total`. */
export function enclosingSymbol(symbols: readonly CodeSymbol[], at: Place): string | undefined {
  return innermost(symbols, at, []);
}

function innermost(symbols: readonly CodeSymbol[], at: Place, holders: readonly string[]): string | undefined {
  for (const symbol of symbols) {
    if (!holds(symbol, at)) continue;
    const path = [...holders, symbol.name];
    const inner = innermost(symbol.children, at, path);
    if (inner) return inner;
    // A local variable is not what somebody standing in a function wants documented.
    const isLocal = holders.length > 0 && (symbol.kind === 'variable' || symbol.kind === 'constant');
    if (documentable.has(symbol.kind) && !isLocal) return path.join('.');
  }
  return undefined;
}

function holds({ range }: CodeSymbol, at: Place): boolean {
  const startsBefore = range.line < at.line || (range.line === at.line && range.column <= at.column);
  const endsAfter = range.endLine > at.line || (range.endLine === at.line && range.endColumn >= at.column);
  return startsBefore && endsAfter;
}
