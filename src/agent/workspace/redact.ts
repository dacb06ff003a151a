import { assignedSecrets } from './assignedSecrets.ts';
import { privateKeys } from './privateKeys.ts';
import { secretShapes } from './secretShapes.ts';

export interface FoundSecret {
  /** For a person: `GitHub token`, `private key`, `password`. */
  readonly kind: string;
  /** UTF-16 offsets; the end is exclusive. */
  readonly start: number;
  readonly end: number;
}

const mask = '*';

/**
 * Everything in a text that looks like a secret, in order, without overlaps; what is masked already is not found
 * again. `known` are values that are secrets whatever they look like, such as the agent's own key; shorter ones than
 * 8 characters are left alone. Takes time linear in the text.
 */
export function findSecrets(text: string, known: readonly string[] = []): readonly FoundSecret[] {
  const found: FoundSecret[] = [
    ...knownValues(text, known),
    ...secretShapes(text),
    ...privateKeys(text),
    ...webTokens(text),
    ...urlPasswords(text),
    ...assignedSecrets(text),
  ];
  return merged(found).filter(({ start, end }) => !isMasked(text, start, end));
}

/**
 * The text with every character of every secret masked. Lines, length and columns stay as they are, so a position or
 * a quote in what comes back still means the same place.
 */
export function redact(text: string, known: readonly string[] = []): { readonly text: string; readonly count: number } {
  const secrets = findSecrets(text, known);
  if (secrets.length === 0) return { text, count: 0 };
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of secrets) {
    parts.push(text.slice(at, start), text.slice(start, end).replace(/[^\r\n]/g, mask));
    at = end;
  }
  parts.push(text.slice(at));
  return { text: parts.join(''), count: secrets.length };
}

function knownValues(text: string, known: readonly string[]): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const value of known) {
    if (value.length < 8) continue;
    for (let start = text.indexOf(value); start !== -1; start = text.indexOf(value, start + value.length)) {
      found.push({ kind: 'key in use', start, end: start + value.length });
    }
  }
  return found;
}

/** JSON Web Tokens. Every run of their alphabet is looked at once, however many places a token could begin in it. */
function webTokens(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (let start = text.indexOf('eyJ'); start !== -1; ) {
    let end = runEnd(text, start);
    const header = end;
    const parts: number[] = [];
    while (parts.length < 4 && text[end] === '.') {
      const next = runEnd(text, end + 1);
      parts.push(next - end - 1);
      end = next;
    }
    const [payload = 0] = parts;
    if (parts.length >= 2 && header - start >= 12 && payload >= 4) found.push({ kind: 'JSON Web Token', start, end });
    else end = header;
    start = text.indexOf('eyJ', end);
  }
  return found;
}

function runEnd(text: string, start: number): number {
  let end = start;
  while (isTokenUnit(text.charCodeAt(end))) end++;
  return end;
}

/** A-Z a-z 0-9 - _ */
function isTokenUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 45 ||
    unit === 95
  );
}

/** `scheme://user:password@host`: the password. */
function urlPasswords(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    const authority = text.slice(at + 3, at + 3 + 512).split(/[\s/?#"'`<>\\]/, 1)[0] ?? '';
    const end = authority.lastIndexOf('@');
    const colon = authority.indexOf(':');
    if (colon === -1 || colon + 1 >= end) continue;
    const password = authority.slice(colon + 1, end);
    if (isPlaceholder(password)) continue;
    found.push({ kind: 'password in a URL', start: at + 4 + colon, end: at + 3 + end });
  }
  return found;
}

function isPlaceholder(password: string): boolean {
  if (/^(\$\{?\w*|%\w*%?|\{.*|\[.*|:\w+|x+|\*+|\.+)\}?$/.test(password)) return true;
  return /^(pass(word|wd)?|pwd|secret|your[-_]?password|token|changeme)$/i.test(password);
}

function merged(found: FoundSecret[]): FoundSecret[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: FoundSecret[] = [];
  for (const secret of found) {
    const last = kept.at(-1);
    if (!last || secret.start >= last.end) kept.push(secret);
    else if (secret.end > last.end) kept[kept.length - 1] = { ...last, end: secret.end };
  }
  return kept;
}

function isMasked(text: string, start: number, end: number): boolean {
  return /^[*\s]*$/.test(text.slice(start, end));
}
