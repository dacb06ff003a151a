import * as z from 'zod/mini';
import { languageOf } from './languages.ts';
import type { LineSpan, NotebookCell } from './snapshot.ts';

/** What a review sees of a file's text: all of it, or the code of a notebook's cells, one after the other. */
export interface Code {
  readonly text: string;
  readonly language: string;
  /** Of a notebook; the lines of other cells are those of `text` that are in no cell. */
  readonly cells?: readonly NotebookCell[];
  /** The lines of `text` that stand in these lines of the file. */
  linesIn(fileLines: readonly LineSpan[]): readonly LineSpan[];
}

const cellSchema = z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]) });
const notebookSchema = z.object({
  nbformat: z.literal(4),
  cells: z.array(cellSchema),
  metadata: z.optional(
    z.object({
      kernelspec: z.optional(z.object({ language: z.optional(z.string()) })),
      language_info: z.optional(z.object({ name: z.optional(z.string()) })),
    }),
  ),
});
type Notebook = z.output<typeof notebookSchema>;

const versionSchema = z.object({ nbformat: z.number() });

export function isNotebook(path: string): boolean {
  return /\.ipynb$/i.test(path);
}

/** `reason`: a short phrase for people. `raw`: the whole text of the file. */
export function codeOf(path: string, raw: string): Code | { readonly reason: string } {
  if (!isNotebook(path)) return { text: raw, language: languageOf(path), linesIn: (lines) => lines };
  const notebook = readNotebook(raw);
  if ('reason' in notebook) return notebook;
  const language = notebookLanguage(notebook);
  const sources = notebook.cells.flatMap(({ cell_type: type, source }, index) => {
    const text = typeof source === 'string' ? source : source.join('');
    return type === 'code' && text.trim() !== '' ? [{ number: index + 1, lines: text.split('\n') }] : [];
  });
  if (sources.length === 0) return { reason: 'a notebook without code' };
  const lines: string[] = [];
  const cells = sources.map(({ number, lines: own }): NotebookCell => {
    lines.push(`${commentMark(language)} %% cell ${number}`, ...own);
    return { number, from: lines.length - own.length + 1, to: lines.length };
  });
  return { text: lines.join('\n'), language, cells, linesIn: (fileLines) => linesInFile(raw, cells, fileLines) };
}

function readNotebook(raw: string): Notebook | { readonly reason: string } {
  let json: unknown;
  try {
    json = JSON.parse(raw);
  } catch {
    return { reason: 'not a notebook: it is no JSON' };
  }
  const version = versionSchema.safeParse(json);
  if (!version.success) return { reason: 'not a notebook: it names no format' };
  const { nbformat } = version.data;
  if (nbformat < 4)
    return { reason: `a notebook of format ${nbformat}: save it with Jupyter to make it one of format 4` };
  const notebook = notebookSchema.safeParse(json);
  if (notebook.success) return notebook.data;
  return { reason: nbformat === 4 ? 'not a notebook: its cells cannot be read' : `a notebook of format ${nbformat}` };
}

/** Names that kernels have for languages, in lower case, where they are not the editor's. */
const languages: Readonly<Record<string, string>> = {
  ipython: 'python',
  python3: 'python',
  'c#': 'csharp',
  'f#': 'fsharp',
  'c++': 'cpp',
  'c++11': 'cpp',
  'c++14': 'cpp',
  'c++17': 'cpp',
  bash: 'shellscript',
  sh: 'shellscript',
};

function notebookLanguage({ metadata }: Notebook): string {
  const given = metadata?.kernelspec?.language ?? metadata?.language_info?.name ?? 'python';
  const name = given.toLowerCase();
  if (Object.hasOwn(languages, name)) return languages[name] ?? 'plaintext';
  return /^[a-z][a-z-]{0,30}$/.test(name) ? name : 'plaintext';
}

const slashes =
  /^(javascript|typescript|java|go|rust|scala|kotlin|swift|csharp|fsharp|cpp|c|groovy|dart|php|zig|javascriptreact|typescriptreact)$/;
const dashes = /^(sql|haskell|lua)$/;

function commentMark(language: string): string {
  if (slashes.test(language)) return '//';
  return dashes.test(language) ? '--' : '#';
}

function linesInFile(raw: string, cells: readonly NotebookCell[], fileLines: readonly LineSpan[]): LineSpan[] {
  const places = sourceLines(raw);
  const found: LineSpan[] = [];
  for (const { number, from, to } of cells) {
    const lines = places.get(number) ?? [];
    for (let line = from; line <= to; line++) {
      const at = lines[line - from];
      if (at === undefined || !fileLines.some((span) => at >= span.from && at <= span.to)) continue;
      const last = found.at(-1);
      if (last?.to === line - 1) found[found.length - 1] = { from: last.from, to: line };
      else found.push({ from: line, to: line });
    }
  }
  return found;
}

interface Piece {
  /** Of the file, 1-based. */
  readonly line: number;
  readonly text: string;
}

/**
 * By number of cell: on which line of the file each line of its source begins. What is read was valid JSON already, so
 * this only follows where it is in it.
 */
function sourceLines(raw: string): ReadonlyMap<number, readonly number[]> {
  const pieces = new Map<number, Piece[]>();
  /** From the outside in: the key or the index where we are in each object or list. */
  const path: (string | number)[] = [];
  /** In the innermost object a key comes next. */
  let wantsKey = false;
  let line = 1;
  const mark = /["{}[\],:\n]/g;
  for (let found = mark.exec(raw); found; found = mark.exec(raw)) {
    const innermost = path.length - 1;
    const at = path[innermost];
    switch (found[0]) {
      case '\n':
        line += 1;
        break;
      case '{':
        path.push('');
        wantsKey = true;
        break;
      case '[':
        path.push(0);
        wantsKey = false;
        break;
      case '}':
      case ']':
        path.pop();
        wantsKey = false;
        break;
      case ',':
        if (typeof at === 'number') path[innermost] = at + 1;
        else wantsKey = true;
        break;
      case ':':
        wantsKey = false;
        break;
      default: {
        mark.lastIndex = endOfString(raw, found.index);
        const cell = wantsKey ? undefined : cellOfSource(path);
        if (wantsKey) path[innermost] = textOf(raw, found.index, mark.lastIndex);
        else if (cell !== undefined) {
          const text = textOf(raw, found.index, mark.lastIndex);
          pieces.set(cell, [...(pieces.get(cell) ?? []), { line, text }]);
        }
      }
    }
  }
  return new Map([...pieces].map(([cell, own]) => [cell, beginnings(own)]));
}

/** After the quote that closes the string which begins at `start`. */
function endOfString(raw: string, start: number): number {
  for (let end = raw.indexOf('"', start + 1); end !== -1; end = raw.indexOf('"', end + 1)) {
    let before = end;
    while (raw[before - 1] === '\\') before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
  return raw.length;
}

function textOf(raw: string, start: number, end: number): string {
  return String(JSON.parse(raw.slice(start, end)));
}

/** The number of the cell whose source, or a part of it, stands here. */
function cellOfSource([cells, index, source, part, ...deeper]: readonly (string | number)[]): number | undefined {
  const isSource = cells === 'cells' && source === 'source' && typeof part !== 'string' && deeper.length === 0;
  return isSource && typeof index === 'number' ? index + 1 : undefined;
}

/** On which line of the file each line begins that the pieces make when they are put together. */
function beginnings(pieces: readonly Piece[]): number[] {
  const lines: number[] = [];
  let begins = true;
  for (const { line, text } of pieces) {
    const parts = text.split('\n');
    for (const [index, part] of parts.entries()) {
      if (index > 0) begins = true;
      if (!begins || (part === '' && index === parts.length - 1)) continue;
      lines.push(line);
      begins = false;
    }
  }
  return lines;
}
