import type { FoundSecret } from './redact.ts';

/**
 * Secrets that only their name gives away: `password = "..."`, `API_TOKEN=...`, `"clientSecret": "..."`,
 * `<password>...</password>`, `--token ...`. Each name is looked at once and each value is bounded.
 */
export function assignedSecrets(text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  let decided = 0;
  for (const match of text.matchAll(name)) {
    if (match.index < decided) continue;
    const end = match.index + match[0].length;
    const value = valueAfter(text, match.index, end);
    if (!value) continue;
    const isPassword = /^[_-]?(?:pass|pwd)/i.test(match[0]);
    const content = text.slice(value.start, value.end);
    if (value.start < decided || !looksSecret(content, isPassword, value.written)) continue;
    decided = value.end;
    if (content.length >= longestBeginning) {
      restOfValue.lastIndex = decided;
      decided += restOfValue.exec(text)?.[0].length ?? 0;
    }
    found.push({ kind: isPassword ? 'password' : 'secret value', start: value.start, end: decided });
  }
  return found;
}

const name =
  /passw(?:or)?d|passphrase|passwd|pwd|secret|token|credential|(?:api|app|access|auth|private|encryption|signing|master|account|shared|service|storage|admin|client|deploy|license|webhook|session)[_-]?key|connection[_-]?string|bearer|_pass\b|-pass\b/gi;

const restOfValue = /[^\s"'`,;<>(){}[\]]{0,65536}/y;
/** The rest of the identifier: `tokenValue` holds a token, `tokenUrl` and `passwordField` hold none. */
const restOfName = /[\w-]{0,40}/y;
const harmlessRest =
  /^[sS]?[_-]?(?:url|uri|path|file|name|field|type|id|ids|label|prompt|hint|title|text|message|placeholder|regexp?|pattern|polic(?:y|ies)|length|size|count|limit|min|max|ttl|expir\w*|lifetime|timeout|header|param\w*|input|column|class|selector|endpoint|prefix|suffix|format|algorithm|kind|scheme|strength|reset|error|index|budget|usage|bucket|arn|ref|version|provider|env|var\w*|location|manager)(?![a-z])/i;

/** Between name and value. The last alternative is a list of pairs, two lines of YAML or a command line flag. */
const operators =
  /["'`\])]{0,3}(?:[ \t]*:[ \t]*[A-Za-z][\w<>[\]|. ]{0,40}(?==))?[ \t]*(?::=|=>|={1,3}|:|\?\?|\|\||\(|,|>)[ \t]*(?:["'`]?\$?\{?process\.env\.\w+\s*(?:\|\||\?\?)\s*)?|["']?[ \t]*,?[ \t]*\r?\n[ \t-]*["']?value["']?[ \t]*[:=][ \t]*|[ \t]+(?=[^\s=:])/iy;

interface Value {
  readonly start: number;
  readonly end: number;
  /** `literal`: in quotes, a tag or a line of configuration; `bare`: it may as well be an expression. */
  readonly written: 'literal' | 'bare';
}

/** UTF-16 units. What is not in quotes is judged by its beginning, since a text can be one long chain of names. */
const longestQuoted = 4096;
const longestBeginning = 256;

function valueAfter(text: string, nameStart: number, nameEnd: number): Value | undefined {
  restOfName.lastIndex = nameEnd;
  const rest = restOfName.exec(text)?.[0] ?? '';
  if (harmlessRest.test(rest) || harmlessRest.test(camelRest(rest))) return undefined;
  const from = nameEnd + rest.length;
  operators.lastIndex = from;
  const operator = operators.exec(text)?.[0];
  if (operator === undefined) return undefined;
  const isFlag = /^[ \t]+$/.test(operator);
  if (isFlag && !/--[\w-]{0,40}$/.test(text.slice(Math.max(0, nameStart - 44), nameStart))) return undefined;

  let start = from + operator.length;
  const prefix = /^(?:[bBrRuUfFL@$]{1,2}|u8)(?=["'`])/.exec(text.slice(start, start + 3));
  if (prefix) start += prefix[0].length;
  const quote = text[start];
  if (quote === '"' || quote === "'" || quote === '`') return quotedValue(text, start, quote);
  if (/[(,]$/.test(operator.trimEnd())) return undefined;
  const isTag = operator === '>' && /<[\w:.-]{0,60}$/.test(text.slice(Math.max(0, nameStart - 61), nameStart));
  if (operator.trimEnd() === '>' && !isTag) return undefined;
  const slice = text.slice(start, start + longestBeginning);
  const length = slice.search(isTag ? /[<\r\n]/ : /[\s"'`,;<>(){}[\]]/);
  const end = start + (length === -1 ? slice.length : length);
  // `secret(` and `secret[` are calls and look-ups.
  if (end === start || /[([]/.test(text[end] ?? '')) return undefined;
  const literal = isTag || isFlag || isConfiguration(text, nameStart, operator, end);
  return { start, end, written: literal ? 'literal' : 'bare' };
}

/** A line that is nothing but `NAME=value` or `name: value`, as in .env files, YAML and properties. */
function isConfiguration(text: string, nameStart: number, operator: string, end: number): boolean {
  if (!/^(?:["']?=|["']?:[ \t]+|[^=:]*\n[^=:]*[:=][ \t]*)$/.test(operator)) return false;
  if (!/^[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/.test(text.slice(end, end + 200))) return false;
  const before = text.slice(Math.max(0, nameStart - 200), nameStart);
  return /(?:^|\n)[ \t]*(?:- +)?(?:name: *)?(?:export +|set +|ENV +|\/\/[^\s]*:)?["']?[\w.-]*$/.test(before);
}

function quotedValue(text: string, quoteAt: number, quote: string): Value | undefined {
  const triple = text.startsWith(quote.repeat(3), quoteAt);
  const start = quoteAt + (triple ? 3 : 1);
  const limit = Math.min(text.length, start + longestQuoted);
  for (let end = start; end < limit; end++) {
    const character = text[end];
    if (character === '\\') end++;
    else if (character === '\n') return undefined;
    else if (character === quote) return end > start ? { start, end, written: 'literal' } : undefined;
  }
  return { start, end: limit, written: 'literal' };
}

/** `TokenUrl` in `accessTokenUrl`: what is left after the last known word. */
function camelRest(rest: string): string {
  return /[A-Z_-][a-z]*$/.exec(rest)?.[0].replace(/^[_-]/, '') ?? '';
}

const placeholder =
  /^(?:your|my[-_ ]|the[-_ ]|some[-_ ]|enter|insert|example|sample|dummy|fake|placeholder|change|replace|todo|none|null|undefined|true|false|redacted|optional|required|process\.|os\.|env[.:(]|config\.|settings\.|vault:|ref\+|secretref|arn:|projects\/)|placeholder|change[-_]?me|redacted|<[^>]*>|\$\{|\{\{|\$\(|%\(|#\{|\.\.\./i;

function looksSecret(value: string, isPassword: boolean, written: Value['written']): boolean {
  const isLiteral = written === 'literal';
  if (value.length < (isPassword && isLiteral ? 6 : 8) || placeholder.test(value)) return false;
  if (/\s/.test(value) && (!isPassword || /\s\S*\s/.test(value))) return false;
  if (/^(.)\1*$/.test(value) || isHarmlessShape(value) || (!isLiteral && isCode(value))) return false;
  const hasDigit = /\d/.test(value);
  const hasLetter = /[A-Za-z]/.test(value);
  const hasSymbol = /[^A-Za-z0-9_.\-/: ]/.test(value);
  if (isPassword && isLiteral) return (hasLetter && (hasDigit || hasSymbol)) || (hasDigit && value.length >= 8);
  // Words with hyphens, as in the name of a header, a cookie or an event.
  if (/^[a-z]+\d?(?:[-_.:][a-z]+\d?){2,}$/i.test(value)) return false;
  const entropy = bitsPerCharacter(value);
  if (hasLetter && hasDigit) return entropy >= (isLiteral ? 2.8 : 3);
  if (hasLetter && hasSymbol) return entropy >= 3;
  if (hasDigit) return value.length >= 12 && entropy >= 2.5;
  const isMixed = /[a-z]/.test(value) && /[A-Z]/.test(value);
  return value.length >= 20 && isMixed && entropy >= 4 && !/[-_. ]/.test(value);
}

/** UUIDs, sums with their algorithm, versions, paths and links name things; they open nothing. */
function isHarmlessShape(value: string): boolean {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)) return true;
  if (/^(?:sha(?:1|224|256|384|512)|md5)[-:]/i.test(value) || /^v?\d+(?:\.\d+){1,3}$/.test(value)) return true;
  if (/^(?:https?|wss?|file|urn|mailto):/i.test(value)) return true;
  return /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\|@[\w-]+\/)/.test(value) && /[/\\]\w[\w.-]*$/.test(value) && !/[+=]/.test(value);
}

/** Without quotes most values are expressions: `nextToken2`, `this.token1`, `tokens->item`, `a1 + b2`. */
function isCode(value: string): boolean {
  if (/^[\w$]+(?:(?:\.|->|::|\?\.)[\w$]+)+$/.test(value) || /^[&|!=+*?:]/.test(value) || /[&|]{2}/.test(value))
    return true;
  if (!/^[A-Za-z_$][\w$]*$/.test(value)) return false;
  // One identifier. A word with a number at its end is a name; digits strewn among the letters are not.
  return !/\d.*[A-Za-z].*\d/.test(value) || value.length < 12;
}

function bitsPerCharacter(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
