/** A stretch of source text. `end` is exclusive; the segments of a text follow one another without gaps. */
export interface Segment {
  readonly kind: 'code' | 'comment' | 'string';
  readonly start: number;
  readonly end: number;
}

interface Lexis {
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [string, string])[];
  /** Delimiters of strings that may span lines, the longest first. */
  readonly longStrings: readonly string[];
  /** Delimiters of strings that end with their line at the latest. */
  readonly shortStrings: readonly string[];
  readonly regularExpressions?: boolean;
  /** A single quote opens a character only when another one closes it at once: lifetimes, digit separators. */
  readonly quotedCharacter?: boolean;
}

const slashes = { lineComments: ['//'], blockComments: [['/*', '*/']] } as const;
const script: Lexis = { ...slashes, longStrings: ['`'], shortStrings: ['"', "'"], regularExpressions: true };
const curly: Lexis = { ...slashes, longStrings: ['"""'], shortStrings: ['"', "'"] };
const systems: Lexis = { ...slashes, longStrings: [], shortStrings: ['"'], quotedCharacter: true };
const python: Lexis = {
  lineComments: ['#'],
  blockComments: [],
  longStrings: ['"""', "'''"],
  shortStrings: ['"', "'"],
};
const hash: Lexis = { lineComments: ['#'], blockComments: [], longStrings: [], shortStrings: ['"', "'"] };
const dashes: Lexis = {
  lineComments: ['--'],
  blockComments: [['/*', '*/']],
  longStrings: [],
  shortStrings: ['"', "'"],
};

const byLanguage: Readonly<Record<string, Lexis>> = {
  typescript: script,
  typescriptreact: script,
  javascript: script,
  javascriptreact: script,
  go: { ...slashes, longStrings: ['`'], shortStrings: ['"', "'"] },
  java: curly,
  kotlin: curly,
  csharp: curly,
  swift: curly,
  scala: curly,
  groovy: curly,
  dart: { ...curly, longStrings: ['"""', "'''"] },
  c: systems,
  cpp: systems,
  rust: systems,
  php: { ...curly, lineComments: ['//', '#'], longStrings: [] },
  python,
  ruby: hash,
  shellscript: hash,
  perl: hash,
  r: hash,
  elixir: python,
  sql: dashes,
  lua: { ...dashes, blockComments: [['--[[', ']]']] },
  haskell: { ...dashes, blockComments: [['{-', '-}']] },
};

function knowsLexis(language: string): boolean {
  return Object.hasOwn(byLanguage, language);
}

/** Tells comments, strings and code apart; a language it does not know is all code. Takes time linear in the text. */
export function segmentsOf(text: string, language: string): Segment[] {
  const lexis = knowsLexis(language) ? byLanguage[language] : undefined;
  if (!lexis) return text === '' ? [] : [{ kind: 'code', start: 0, end: text.length }];
  const segments: Segment[] = [];
  let codeStart = 0;
  let at = 0;
  while (at < text.length) {
    const found = opensAt(text, at, lexis);
    if (!found) {
      at += 1;
      continue;
    }
    if (at > codeStart) segments.push({ kind: 'code', start: codeStart, end: at });
    segments.push({ kind: found.kind, start: at, end: found.end });
    at = found.end;
    codeStart = at;
  }
  if (text.length > codeStart) segments.push({ kind: 'code', start: codeStart, end: text.length });
  return segments;
}

/** The text with the inside of all comments, and of strings if `strings`, made blank; offsets and lines stay. */
export function blanked(text: string, segments: readonly Segment[], strings: boolean): string {
  return segments
    .map(({ kind, start, end }) => {
      const part = text.slice(start, end);
      return kind === 'comment' || (strings && kind === 'string') ? part.replace(/[^\r\n]/g, ' ') : part;
    })
    .join('');
}

function opensAt(text: string, at: number, lexis: Lexis): { kind: 'comment' | 'string'; end: number } | undefined {
  // Most characters open nothing; only these can.
  if (!/["'`/#\-{]/.test(text.charAt(at))) return undefined;
  for (const [open, close] of lexis.blockComments) {
    if (text.startsWith(open, at)) return { kind: 'comment', end: endAfter(text, close, at + open.length) };
  }
  for (const open of lexis.lineComments) {
    if (text.startsWith(open, at) && !(open === '#' && text[at - 1] === '$'))
      return { kind: 'comment', end: endOfLine(text, at) };
  }
  for (const quote of lexis.longStrings) {
    if (text.startsWith(quote, at)) return { kind: 'string', end: endOfString(text, at, quote, true) };
  }
  for (const quote of lexis.shortStrings) {
    if (text.startsWith(quote, at)) return { kind: 'string', end: endOfString(text, at, quote, false) };
  }
  if (lexis.quotedCharacter && text[at] === "'") {
    const character = /'(?:\\.[^'\n]{0,8}|[^\\'\n])'/uy;
    character.lastIndex = at;
    if (character.test(text)) return { kind: 'string', end: character.lastIndex };
  }
  if (lexis.regularExpressions && text[at] === '/' && startsExpression(text, at)) {
    const expression = /\/(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
    expression.lastIndex = at;
    if (expression.test(text)) return { kind: 'string', end: expression.lastIndex };
  }
  return undefined;
}

/** Whether what stands before a slash makes it the start of a regular expression instead of a division. */
function startsExpression(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  return (
    before === '' ||
    /[(,=:[!&|?{};+*%~^<>-]$|\b(?:return|typeof|case|in|of|delete|void|throw|await|yield)$/.test(before)
  );
}

function endAfter(text: string, close: string, from: number): number {
  const at = text.indexOf(close, from);
  return at === -1 ? text.length : at + close.length;
}

function endOfLine(text: string, from: number): number {
  const lineBreak = /[\r\n]/g;
  lineBreak.lastIndex = from;
  return lineBreak.exec(text)?.index ?? text.length;
}

function endOfString(text: string, start: number, quote: string, long: boolean): number {
  for (let at = start + quote.length; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (!long && (character === '\n' || character === '\r')) return at;
    else if (text.startsWith(quote, at)) return at + quote.length;
    else if (quote === '`' && character === '$' && text[at + 1] === '{') at = endOfHole(text, at + 2) - 1;
  }
  return text.length;
}

/** The end of a `${...}` in a template, in which further strings and templates may stand. */
function endOfHole(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '{') depth += 1;
    else if (character === '}' && --depth === 0) return at + 1;
    else if (character === '`' || character === '"' || character === "'") {
      at = endOfString(text, at, character, character === '`') - 1;
    }
  }
  return text.length;
}
