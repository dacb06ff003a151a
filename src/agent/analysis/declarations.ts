import { type Lines, linesOf } from '../review/lines.ts';
import { blanked, type Segment, segmentsOf } from './segments.ts';

export interface Declaration {
  readonly name: string;
  readonly kind: 'function' | 'class' | 'type';
  /** 1-based, inclusive. */
  readonly line: number;
  readonly endLine: number;
  /** Has a comment of the kind that its language's tools take for documentation. */
  readonly documented: boolean;
}

interface Form {
  readonly kind: Declaration['kind'];
  /** Matched against one line without comments and strings; the group `name` is the name. */
  readonly pattern: RegExp;
}

const script: readonly Form[] = [
  { kind: 'function', pattern: /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*(?<name>[\w$]+)/ },
  { kind: 'class', pattern: /^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+(?<name>[\w$]+)/ },
  { kind: 'type', pattern: /^\s*(?:export\s+)?(?:declare\s+)?(?:interface|enum|type)\s+(?<name>[\w$]+)\s*[<{=]/ },
  {
    kind: 'function',
    pattern:
      /^\s*(?:export\s+)?(?:const|let|var)\s+(?<name>[\w$]+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\b|(?:<[^>]*>\s*)?(?:\([^=]*|[\w$]+\s*)=>)/,
  },
  {
    kind: 'function',
    pattern:
      /^\s+(?:(?:public|private|protected|static|async|get|set|override|readonly)\s+|\*\s*)*(?<name>#?[\w$]+)\s*(?:<[^>(]*>)?\([^;=]*\)\s*(?::[^;=]+)?\{/,
  },
];
const jvm: readonly Form[] = [
  {
    kind: 'class',
    pattern:
      /^\s*(?:(?:public|private|protected|internal|static|final|abstract|sealed|data|open|partial)\s+)*(?:class|interface|enum|record|struct|object|trait)\s+(?<name>\w+)/,
  },
  {
    kind: 'function',
    pattern:
      /^\s*(?:(?:public|private|protected|internal|override|open|suspend|inline)\s+)*(?:fun|def)\s+(?:<[^>]*>\s*)?(?:\w+\.)?(?<name>\w+)\s*[([]/,
  },
  {
    kind: 'function',
    pattern:
      /^\s*(?:(?:public|private|protected|internal|static|final|abstract|synchronized|override|virtual|async|native)\s+)+(?:<[^>]*>\s*)?(?:[\w.<>[\],?\s]+\s+)?(?<name>\w+)\s*\([^;=]*(?:\{|$|\))/,
  },
];
const native: readonly Form[] = [
  {
    kind: 'class',
    pattern: /^\s*(?:template\s*<[^>]*>\s*)?(?:typedef\s+)?(?:class|struct|enum|union)\s+(?<name>\w+)[^;]*\{/,
  },
  {
    kind: 'function',
    pattern: /^[\w:*&<>,\s]*?[\w*&>]\s+[*&]*(?<name>[\w:~]+)\s*\([^;=]*\)?\s*(?:const\s*)?(?:noexcept\s*)?\{?\s*$/,
  },
];

const byLanguage: Readonly<Record<string, readonly Form[]>> = {
  typescript: script,
  typescriptreact: script,
  javascript: script,
  javascriptreact: script,
  python: [
    { kind: 'function', pattern: /^\s*(?:async\s+)?def\s+(?<name>\w+)/ },
    { kind: 'class', pattern: /^\s*class\s+(?<name>\w+)/ },
  ],
  go: [
    { kind: 'function', pattern: /^func\s+(?:\([^)]*\)\s*)?(?<name>\w+)/ },
    { kind: 'type', pattern: /^type\s+(?<name>\w+)/ },
  ],
  java: jvm,
  kotlin: jvm,
  csharp: jvm,
  scala: jvm,
  rust: [
    {
      kind: 'function',
      pattern: /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?fn\s+(?<name>\w+)/,
    },
    { kind: 'type', pattern: /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait|union)\s+(?<name>\w+)/ },
  ],
  php: [
    {
      kind: 'function',
      pattern: /^\s*(?:(?:public|private|protected|static|final|abstract)\s+)*function\s+&?(?<name>\w+)/,
    },
    { kind: 'class', pattern: /^\s*(?:(?:final|abstract|readonly)\s+)*(?:class|interface|trait|enum)\s+(?<name>\w+)/ },
  ],
  ruby: [
    { kind: 'function', pattern: /^\s*def\s+(?:self\.)?(?<name>\w+[?!=]?)/ },
    { kind: 'class', pattern: /^\s*(?:class|module)\s+(?<name>\w+)/ },
  ],
  c: native,
  cpp: native,
};

/** Words that look like a call followed by a block, and are none of ours. */
const keywords = new Set(
  'if for while switch catch function return with do else foreach lock using synchronized new await'.split(' '),
);
const byIndentation = new Set(['python', 'ruby']);

export function knowsDeclarations(language: string): boolean {
  return Object.hasOwn(byLanguage, language);
}

/** What a text declares, in the order of lines. Read line by line, so what is spread in unusual ways is missed. */
export function declarationsOf(text: string, language: string): Declaration[] {
  const forms = knowsDeclarations(language) ? (byLanguage[language] ?? []) : [];
  if (forms.length === 0) return [];
  const segments = segmentsOf(text, language);
  const code = blanked(text, segments, true);
  const lines = linesOf(code);
  const isDocumented = documentationTest(text, language, segments, lines);
  const found: Declaration[] = [];
  for (let line = 1; line <= lines.count; line++) {
    const row = lines.textOf(line).slice(0, 500);
    if (row.trim() === '') continue;
    for (const { kind, pattern } of forms) {
      const name = pattern.exec(row)?.groups?.['name'];
      if (!name || keywords.has(name)) continue;
      const endLine = byIndentation.has(language) ? endByIndentation(lines, line) : endByBraces(code, lines, line);
      found.push({ name, kind, line, endLine, documented: isDocumented(line) });
      break;
    }
  }
  return found;
}

function endByIndentation(lines: Lines, line: number): number {
  const depth = (row: string) => row.length - row.trimStart().length;
  const own = depth(lines.textOf(line));
  // The signature may go on over several lines, and its closing bracket may stand as far left as its start.
  let last = signatureEnd(lines, line);
  for (let next = last + 1; next <= lines.count; next++) {
    const row = lines.textOf(next);
    if (row.trim() === '') continue;
    if (depth(row) <= own) return row.trim() === 'end' ? next : last;
    last = next;
  }
  return last;
}

/** The line on which all brackets opened since `line` are closed again. */
function signatureEnd(lines: Lines, line: number): number {
  let depth = 0;
  for (let at = line; at <= Math.min(lines.count, line + 60); at++) {
    for (const character of lines.textOf(at)) {
      if ('([{'.includes(character)) depth += 1;
      else if (')]}'.includes(character)) depth -= 1;
    }
    if (depth <= 0) return at;
  }
  return line;
}

/** Up to the brace that closes the first one opened; a declaration without a block ends at its semicolon or its line. */
function endByBraces(code: string, lines: Lines, line: number): number {
  let depth = 0;
  let round = 0;
  for (let at = lines.startOf(line); at < code.length; at++) {
    const character = code[at];
    if (character === '(' || character === '[') round += 1;
    else if (character === ')' || character === ']') round -= 1;
    else if (round > 0) continue;
    else if (character === '{') depth += 1;
    else if (character === '}' && --depth <= 0) return lines.lineAt(at);
    else if (character === ';' && depth === 0) return lines.lineAt(at);
    else if (character === '\n' && depth === 0 && !goesOn(code, at)) return lines.lineAt(at);
  }
  return line;
}

/** Whether a declaration goes on behind this line break: an operator before it, or a block or a clause after it. */
function goesOn(code: string, lineBreak: number): boolean {
  if (/(?:=>|[=,|&?:+.])\s*$/.test(code.slice(Math.max(0, lineBreak - 40), lineBreak))) return true;
  return /^\s*(?:[{|&?:.]|->|throws\b|where\b)/.test(code.slice(lineBreak, lineBreak + 200));
}

function documentationTest(
  text: string,
  language: string,
  segments: readonly Segment[],
  codeLines: Lines,
): (line: number) => boolean {
  const endings = new Map<number, string>();
  const docstrings = new Set<number>();
  for (const { kind, start, end } of segments) {
    if (kind === 'comment') endings.set(codeLines.lineAt(Math.max(start, end - 1)), text.slice(start, start + 4));
    else if (kind === 'string') docstrings.add(codeLines.lineAt(start));
  }
  if (language === 'python') {
    return (line) => {
      let next = signatureEnd(codeLines, line) + 1;
      while (next <= codeLines.count && codeLines.textOf(next).trim() === '' && !docstrings.has(next)) next += 1;
      return docstrings.has(next) && /^[rRuUbBfF]{0,2}$/.test(codeLines.textOf(next).trim());
    };
  }
  const block = /^(?:typescript|javascript|java$|kotlin|scala|php)/.test(language);
  return (line) => {
    let above = line - 1;
    while (above > 0 && /^\s*(?:@|#\[|\[\w)/.test(codeLines.textOf(above))) above -= 1;
    const opening = endings.get(above);
    // A comment at the end of a line of code belongs to that line.
    if (opening === undefined || codeLines.textOf(above).trim() !== '') return false;
    if (language === 'rust') return opening.startsWith('///') || opening.startsWith('/**');
    return block ? opening.startsWith('/**') : true;
  };
}
