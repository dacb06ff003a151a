export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

const deepest = 64;
/** A frame can carry megabytes of code in one string, but nobody needs so many values. */
const mostValues = 50_000;

/**
 * JSON from the other side. Depth and number of values are counted before the parser sees the text, because brackets
 * alone keep it busy for most of a second. Own `__proto__` fields are removed: harmless here, but not in every
 * place a payload may be copied to. So are own `toString` fields: whoever made such an object into text, or compared
 * it, would throw. Never throws. The caller has bounded the length.
 */
export function parseJson(text: string): ParsedJson {
  const problem = structuralProblem(text);
  if (problem !== undefined) return { ok: false, problem };
  try {
    const value: unknown = JSON.parse(text);
    removeTraps(value);
    return { ok: true, value };
  } catch {
    // The parser's message quotes the text, which may be a secret or a novel: not repeated.
    return { ok: false, problem: 'not JSON' };
  }
}

/** Too much nesting, or too many values, outside of strings. Strings are skipped, not walked. */
function structuralProblem(text: string): string | undefined {
  let depth = 0;
  let values = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 0x22: // "
        index = endOfString(text, index);
        break;
      case 0x7b: // {
      case 0x5b: // [
        depth += 1;
        if (depth > deepest) return `nested deeper than ${deepest} levels`;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        if (values > mostValues) return `more than ${mostValues} values`;
    }
  }
  return undefined;
}

/** Where the string that begins at `start` ends; the length of the text when it does not. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}

const traps = ['__proto__', 'toString'] as const;

/** Always, and not only where the text has such a word: there are far fewer values than characters. */
function removeTraps(root: unknown): void {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const name of traps) if (Object.hasOwn(value, name)) Reflect.deleteProperty(value, name);
    for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) left.push(child);
  }
}
