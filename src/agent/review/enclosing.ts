import type { LineSpan } from '../workspace/snapshot.ts';
import type { Lines } from './lines.ts';

/** A declaration that stands around a line. `from` is the first line of its head, `to` the last of its body. */
export interface Enclosing extends LineSpan {
  readonly name: string;
}

/** How far up a head is looked for, and how long a declaration is followed down. */
const furthest = 400;
const longest = 1500;

const control =
  /^(?:\}\s*)?(?:if|else|elif|elsif|for|foreach|while|do|switch|select|case|default|try|catch|except|finally|with|match|when|unless|until|loop|return|await|yield|throw|raise|lock|synchronized|using|unsafe|checked|fixed|begin|rescue|ensure|defer|go)\b/;
const keyword =
  /\b(?:function\*?|def|fn|func|fun|sub|class|interface|struct|enum|trait|impl|object|module|namespace|record|protocol|extension|type|proc|defp|defmodule|contract)\s+(?:\([^)]*\)\s*)?(?:self\.)?([\p{L}_$][\p{L}\p{N}_$]*)/u;
const assigned =
  /(?:^|[\s.])(#?[\p{L}_$][\p{L}\p{N}_$]*)\s*(?::[^=]*)?[=:]\s*(?:async\s*)?(?:function\b|\([^)]*\)[^=]*=>|[\p{L}_$][\p{L}\p{N}_$]*\s*=>|\([^)]*$)/u;
const called = /(?:^|[\s.*&:~])(#?[\p{L}_$~][\p{L}\p{N}_$]*)\s*(?:<[^()]*>)?\s*\(/u;

/**
 * The declarations around a line, innermost first, as indentation and the words of the usual languages show them: no
 * grammar is loaded, so this works for every language, and finds nothing in code that is not indented.
 */
export function enclosing(lines: Lines, line: number): Enclosing[] {
  const found: Enclosing[] = [];
  let indent = contentIndent(lines, line);
  if (headName(lines, line) !== undefined) indent += 1;
  for (let at = Math.min(line, lines.count); at >= 1 && at > line - furthest && indent > 0; at--) {
    const own = indentOf(lines.textOf(at));
    if (own === undefined || own >= indent) continue;
    const text = lines.textOf(at).trim();
    // The end of a head that was broken into several lines: `) {`, `]: Type =>`, a brace on its own.
    if (/^(?:[)\]}>]|\{$)/.test(text) && at < line && !control.test(text)) {
      indent = own + 1;
      continue;
    }
    indent = own;
    const name = headName(lines, at);
    if (name === undefined) continue;
    const to = endOf(lines, at, own);
    if (to >= line) found.push({ name, from: at, to });
  }
  return found;
}

/** Columns of white space, a tab as four; undefined for a blank line. */
function indentOf(text: string): number | undefined {
  const space = /^\s*/.exec(text)?.[0] ?? '';
  if (space.length === text.length) return undefined;
  return space.replaceAll('\t', '    ').length;
}

/** That of the line, or, when it is blank, of the next one that is not. */
function contentIndent(lines: Lines, line: number): number {
  for (let at = line; at <= lines.count && at < line + 20; at++) {
    const indent = indentOf(lines.textOf(at));
    if (indent !== undefined) return indent;
  }
  return 0;
}

/** The name that a line declares, if it seems to begin a function, a class or the like. */
function headName(lines: Lines, line: number): string | undefined {
  const text = lines.textOf(line).trim().slice(0, 400);
  if (text === '' || control.test(text) || /^(?:\/\/|#(?!\w+\s*\()|\*|--|@|["'`])/.test(text)) return undefined;
  const named = keyword.exec(text)?.[1] ?? assigned.exec(text)?.[1];
  if (named !== undefined) return named;
  // `name(a, b) {`, or one whose parameters go on in the next lines; `name(a, b);` is a call.
  if (!/[{(,:]$|=>$|\{\s*(?:\/\/.*)?$|\)$/.test(text) || /[;=]\s*$/.test(text)) return undefined;
  const opens = /\{\s*(?:\/\/.*)?$/.test(text) || /^\{/.test(lines.textOf(line + 1).trim()) || text.endsWith('(');
  if (!opens) return undefined;
  const name = called.exec(text)?.[1];
  if (name === undefined) return undefined;
  // A call whose argument opens a block, such as `items.forEach((item) => {`, declares nothing.
  const before = text.slice(0, text.indexOf(name));
  return /[.=]\s*$/.test(before) ? undefined : name;
}

/** The last line of what begins at `head` with that indentation. */
function endOf(lines: Lines, head: number, indent: number): number {
  let last = head;
  let inBody = false;
  for (let at = head + 1; at <= lines.count && at < head + longest; at++) {
    const text = lines.textOf(at);
    const own = indentOf(text);
    if (own === undefined) continue;
    if (own > indent) {
      inBody = true;
      last = at;
      continue;
    }
    const word = text.trim();
    const opening = /^[)\]}>]/.test(word) ? /[{:(]$|=>$/.test(word) && !/^\}\s*$/.test(word) : /^\{/.test(word);
    if (own === indent && opening && (!inBody || /^[)\]>]/.test(word))) {
      last = at;
      continue;
    }
    if (own === indent && /^(?:[)\]}]|end\b)/.test(word)) return at;
    return last;
  }
  return last;
}
