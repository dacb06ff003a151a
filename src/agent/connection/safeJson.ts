export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

const deepest = 64;

/**
 * JSON from the other side. The depth is counted before the parser sees the text, because a frame of brackets
 * alone keeps it busy for a quarter of a second. Own `__proto__` fields are removed: harmless here, but not in every
 * place a payload may be copied to. Never throws. The caller has bounded the length.
 */
export function parseJson(text: string): ParsedJson {
  if (depthOf(text) > deepest) return { ok: false, problem: `nested deeper than ${deepest} levels` };
  try {
    const value: unknown = JSON.parse(text);
    if (/__proto__|\\u00/i.test(text)) removeProto(value);
    return { ok: true, value };
  } catch {
    // The parser's message quotes the text, which may be a secret or a novel: not repeated.
    return { ok: false, problem: 'not JSON' };
  }
}

/** Brackets open at once outside strings; stops counting once that is more than anybody needs. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  let inString = false;
  for (let index = 0; index < text.length && most <= deepest; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') most = Math.max(most, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return most;
}

function removeProto(root: unknown): void {
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
    for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) left.push(child);
  }
}
