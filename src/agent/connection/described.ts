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

/**
 * A JSON object stands as it is. Prose becomes the instructions, and the files it names become the files; when it
 * names none, the uncommitted changes are meant. `type` is what the task was called; `text` what it was described by,
 * else its title. Paths are only recognised by their look here: the workspace decides what they open.
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
  if (paths.length > 0) return { named: undefined, meant, payload: { ...words, files: paths } };
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
const products = /^(node|vue|next|nuxt|express|react|three|d3|chart|ember|backbone|alpine|discord|moment|socket)\.js$/i;

/**
 * Paths and globs as people write them: with a slash and an ending that a source file can have, a folder ending in a
 * slash, a name in quotes, or a bare name with such an ending. In order, each once.
 */
export function pathsIn(prose: string): readonly string[] {
  const found = new Set<string>();
  for (const [word] of prose.matchAll(/[^\s,;'"`()<>]+/g)) {
    const path = word
      .replace(/^[[{]+/, '')
      .replace(/(?::\d+(?:[-:]\d+)*)?[.:!?\]}]*$/, '')
      .replace(/^\.\//, '');
    if (looksLikePath(path)) found.add(path.includes('/') ? path : `**/${path}`);
    if (found.size >= mostPaths) break;
  }
  return [...found];
}

function looksLikePath(word: string): boolean {
  if (word.length > 500 || /^[a-z][a-z0-9+.-]*:|^\/|^@|(^|\/)\.\.(\/|$)/i.test(word)) return false;
  if (/^[\w.-]+(\/[\w.-]+)*\/(\*\*?)?$/.test(word) || /^[\w./-]*\*\*?(\/|\.)/.test(word)) return true;
  const name = word.slice(word.lastIndexOf('/') + 1);
  if (products.test(word) || !/^[\w.@+-]*[\w@+-]\.\w{1,10}$/.test(name)) return false;
  return languageOf(name) !== 'plaintext';
}
