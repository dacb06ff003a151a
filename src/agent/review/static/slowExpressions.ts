import { toExpression } from './expression.ts';
import { growthOf } from './regex/backtracking.ts';

const longest = 1000;
const deepest = 40;

/** Where a rule's regular expressions stand: `regex` anywhere in it, its trigger, and its conditions. */
const holders = new Set(['regex', 'trigger', 'file', 'notInFile', 'notAround', 'somewhere', 'from', 'notFrom']);

/**
 * What is wrong with the first regular expression in a rule that cannot be used, one clause: malformed, too long, or one
 * that could take minutes on a text made for it. Undefined: all can be used.
 */
export async function slowExpressionIn(rule: unknown): Promise<string | undefined> {
  const look = async (value: unknown, depth: number): Promise<string | undefined> => {
    if (depth > deepest) return 'it is nested too deep';
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [key, inner] of Object.entries(value)) {
      const problem = await (typeof inner === 'string' && holders.has(key)
        ? problemOf(key, inner)
        : look(inner, depth + 1));
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return look(rule, 0);
}

async function problemOf(key: string, source: string): Promise<string | undefined> {
  const shown = `the regular expression ${source.slice(0, 60)} in "${key}"`;
  if (source.length > longest) return `${shown} is longer than ${longest} characters`;
  try {
    const { source: plain, flags } = toExpression(source);
    const growth = await growthOf(plain, flags);
    return growth === undefined ? undefined : `${shown} takes ${growth} time on some texts`;
  } catch {
    return `${shown} is malformed`; // Only a SyntaxError can come from here, and it is the answer.
  }
}
