import type { FoundSecret } from './redact.ts';

/** UTF-16 units between BEGIN and END; a 16384-bit RSA key takes 13,000. */
const longestKey = 32_768;

/**
 * The bodies of PEM and PGP private keys. BEGIN and END stay, so that a reader still sees what stood there. Keys in
 * string literals, with `\n` written out, in comments, and keys whose end was cut off are keys too.
 */
export function privateKeys(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
  // Looked for again only when it has been passed, so that many beginnings without an end cost no second look.
  let nextEnd = 0;
  for (let match = begin.exec(text); match; match = begin.exec(text)) {
    const start = begin.lastIndex;
    if (nextEnd !== -1 && nextEnd < start) nextEnd = text.indexOf('-----END', start);
    if (nextEnd !== -1 && nextEnd - start <= longestKey) {
      found.push(...between(text, start, nextEnd));
      begin.lastIndex = nextEnd;
    } else {
      const end = endOfCutKey(text, start);
      if (end > start) found.push({ kind: 'private key', start, end });
      begin.lastIndex = Math.max(start, end);
    }
  }
  return found;
}

/** All of it when it can be nothing but a key; else, since code can stand between the two words, what looks like one. */
function between(text: string, start: number, end: number): FoundSecret[] {
  const body = text.slice(start, end);
  if (/[A-Za-z0-9+/=]{4}/.test(body) && /^[A-Za-z0-9+/=\s\\"'`,.:;>#*|-]*$/.test(body)) {
    return [{ kind: 'private key', start, end }];
  }
  const found: FoundSecret[] = [];
  for (const match of body.matchAll(/[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]{2,16}=*(?=[\s\\n"'`.,+]{0,8}$)/g)) {
    found.push({ kind: 'private key', start: start + match.index, end: start + match.index + match[0].length });
  }
  return found;
}

/** The lines after BEGIN for as long as they are key material. */
function endOfCutKey(text: string, start: number): number {
  const limit = Math.min(text.length, start + longestKey);
  const lineEnd = (from: number) => {
    const found = text.indexOf('\n', from);
    return found === -1 || found > limit ? limit : found;
  };
  let end = start + (/^[A-Za-z0-9+/=\\ \t]*/.exec(text.slice(start, lineEnd(start)))?.[0].length ?? 0);
  for (let at = lineEnd(start) + 1; at < limit; ) {
    const next = lineEnd(at);
    const line = text.slice(at, next).replace(/^[\s"'`#*>|/+-]{1,40}/, '');
    const material =
      /^(?:[A-Za-z0-9+/=]+|(?:Proc-Type|DEK-Info|Version|Comment): [^\n]{0,200})(?=(?:\\n)?["'`,.+;\s\\]*$)/;
    const length = material.exec(line)?.[0].length ?? 0;
    if (length === 0 && line.trim() !== '') break;
    if (length > 0) end = next - line.length + length;
    at = next + 1;
  }
  return end;
}
