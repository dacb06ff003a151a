import { segmentsOf } from '../analysis/segments.ts';

/**
 * What is left of a text when its comments and its Python docstrings are gone and white space that means nothing is
 * folded. Two texts with the same tokens do the same. Line breaks count, for some languages end statements by them; in
 * Python indentation counts as well.
 */
export function codeTokens(text: string, language: string): string[] {
  const tokens: string[] = [];
  const indented = language === 'python';
  let depth = 0;
  const segments = segmentsOf(text, language);
  segments.forEach(({ kind, start, end }, index) => {
    const part = text.slice(start, end);
    if (kind === 'string') {
      const after = segments[index + 1];
      const rest = after?.kind === 'code' ? text.slice(after.start, after.end) : '';
      const endsLine = !after || after.kind === 'comment' || /^[^\S\r\n]*(?:[\r\n]|$)/.test(rest);
      if (!(indented && depth === 0 && endsLine && dropDocstringStart(tokens))) tokens.push(part);
    } else if (kind === 'code') {
      const pattern = indented ? /(?:\r\n|\r|\n)[^\S\r\n]*|[^\s]+/g : /[\r\n]|[^\s]+/g;
      for (const [word] of part.matchAll(pattern)) {
        if (/^[\r\n]/.test(word)) newLine(tokens, indented && depth === 0 ? word.replace(/^[\r\n]+/, '') : '');
        else tokens.push(word);
        for (const character of word) depth += '([{'.includes(character) ? 1 : ')]}'.includes(character) ? -1 : 0;
      }
    } else if (/[\r\n]/.test(part)) newLine(tokens, '');
  });
  while (tokens.at(-1)?.startsWith('\n')) tokens.pop();
  return tokens;
}

/** A line break and the indentation behind it. A blank line or a line with nothing but a comment leaves no trace. */
function newLine(tokens: string[], indentation: string): void {
  if (tokens.at(-1)?.startsWith('\n')) tokens.pop();
  if (tokens.length > 0) tokens.push(`\n${indentation}`);
}

/** Whether a string here is a docstring: alone on its line, first in the file or below a line that ends with a colon. */
function dropDocstringStart(tokens: string[]): boolean {
  const last = tokens.at(-1);
  const prefixed =
    last !== undefined && /^[rRuU]$/.test(last) && (tokens.length === 1 || tokens.at(-2)?.startsWith('\n'));
  const line = prefixed ? tokens.slice(-3, -1) : tokens.slice(-2);
  const atStart = prefixed ? tokens.length === 1 : tokens.length === 0;
  const belowColon = line.at(-1)?.startsWith('\n') === true && line.at(0)?.endsWith(':') === true;
  if (!atStart && !belowColon) return false;
  if (prefixed) tokens.pop();
  return true;
}

/** The words that stand in comments and docstrings. */
export function commentWords(text: string, language: string): number {
  const code = codeTokens(text, language).join(' ');
  const count = (part: string) => part.match(/\p{L}+/gu)?.length ?? 0;
  return count(text) - count(code);
}

export function sameCode(a: string, b: string, language: string): boolean {
  const one = codeTokens(a, language);
  const other = codeTokens(b, language);
  return one.length === other.length && one.every((token, index) => token === other[index]);
}
