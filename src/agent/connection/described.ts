import { type TaskType, taskTypes } from '../tasks/task.ts';
import { languageOf } from '../workspace/languages.ts';
import { isObject } from './fields.ts';
import { parseJson } from './safeJson.ts';

/** What a task is about where a server can carry nothing but text. */
export interface Described {
  /** The type that the text itself names, in JSON. */
  readonly named: TaskType | undefined;
  /** The type that its words mean, for a task that has none. */
  readonly meant: TaskType;
  readonly payload: Readonly<Record<string, unknown>>;
}

const longestInstructions = 8000;
const mostPaths = 100;
const longestPath = 500;

/**
 * A JSON object stands as it is. Prose becomes the instructions, and what looks like a path in it is `mentioned`: those
 * files when there are any, else, as without a path, the uncommitted changes. `type` is what the task was called; `text`
 * what it was described by, else its title. Paths are only recognised by their look here: the workspace decides what
 * they open.
 */
export function described(type: string, text: string): Described {
  const json = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
  if (json?.ok && isObject(json.value)) {
    const { task_type, type: named, payload, ...rest } = json.value;
    const own = taskTypes.find((word) => word === task_type) ?? taskTypes.find((word) => word === named);
    const given = isObject(payload) && Object.keys(rest).length === 0 ? payload : json.value;
    return { named: own, meant: 'question' in given ? 'analysis' : 'code_review', payload: given };
  }
  const prose = text.trim().slice(0, longestInstructions);
  const paths = pathsIn(prose);
  const meant = isTaskType(type) ? type : meantBy(prose);
  const words = prose === '' ? {} : { [meant === 'analysis' ? 'question' : 'instructions']: prose };
  if (meant === 'documentation' && paths.length === 1) {
    return { named: undefined, meant, payload: { ...words, file: paths[0]?.replace('**/', '') } };
  }
  if (paths.length > 0) return { named: undefined, meant, payload: { ...words, mentioned: paths } };
  // An analysis of nothing in particular is one of the whole workspace.
  return { named: undefined, meant, payload: meant === 'analysis' ? words : { ...words, diff: true } };
}

function isTaskType(word: string): word is TaskType {
  return taskTypes.some((type) => type === word);
}

/** A review is what is wanted unless the words say something else. */
function meantBy(prose: string): TaskType {
  if (/\breview/i.test(prose)) return 'code_review';
  if (/\b(document|documentation|docstrings?|jsdoc|readme)\b/i.test(prose)) return 'documentation';
  if (/\b(analy[sz]e|analysis|architecture|dependenc(y|ies)|complexity|explain)\b/i.test(prose)) return 'analysis';
  return 'code_review';
}

/** Product names that look like files. */
const products = new Set(
  (
    'node vue next nuxt express react three d3 chart ember backbone alpine discord moment socket angular nest solid ' +
    'svelte meteor electron gatsby koa hapi sails knockout handlebars mustache underscore require p5 pixi babylon'
  ).split(' '),
);

/** Objects whose members, written with a dot, look like files. */
const objects = /^(this|self|window|document|console|process|module|exports|math|json|object|array|string|system)\./i;

/** Scripts that put no space between a word and a path. */
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+(?=[\w.])/u;

/**
 * Paths and globs as people write them: with a slash and an ending that a source file can have, a folder ending in a
 * slash, a name in quotes, or a bare name with such an ending. In order, each once.
 */
export function pathsIn(prose: string): readonly string[] {
  const found = new Set<string>();
  for (const [word] of prose.matchAll(/[^\s,;'"`()<>，。、；：！？（）「」『』“”‘’]+/g)) {
    // Also because what is cut off its end takes time that grows with the square of its length.
    if (word.length > longestPath) continue;
    const path = word
      .replace(/^[[{]+/, '')
      .replace(unspaced, '')
      .replace(/(?:(?::\d+(?:[-:]\d+)*)?|#L\d+(?:-L?\d+)?)[.:!?\]}]*$/, '')
      .replace(/(?<=[^\\])\\(?=[^\\])/g, '/')
      .replace(/^\.\//, '');
    if (looksLikePath(path)) found.add(path.includes('/') ? path : `**/${path}`);
    if (found.size >= mostPaths) break;
  }
  return [...found];
}

function looksLikePath(word: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:|^\/|^@|(^|\/)\.\.(\/|$)/i.test(word)) return false;
  if (!/\p{L}/u.test(word)) return false;
  if (/^[\p{L}\p{N}_.-]+(\/[\p{L}\p{N}_.-]+)*\/(\*\*?)?$/u.test(word)) return true;
  if (/^[\p{L}\p{N}_./-]*\*\*?(\/|\.)/u.test(word)) return true;
  if (word.split('/').every(isProduct) || objects.test(word)) return false;
  const name = word.slice(word.lastIndexOf('/') + 1);
  const [, stem = '', ending = ''] = /^([\p{L}\p{N}_.@+-]*[\p{L}\p{N}_@+-])\.(\w{1,10})$/u.exec(name) ?? [];
  if (stem === '' || languageOf(name) === 'plaintext') return false;
  // "a.m.", "5.m", "2.0.rs": in a sentence those are no files; below a folder anything can be one.
  return word.includes('/') || (/\p{L}/u.test(stem) && (ending.length > 1 || stem.length > 1));
}

function isProduct(word: string): boolean {
  return /\.js$/i.test(word) && products.has(word.slice(0, -3).toLowerCase());
}
