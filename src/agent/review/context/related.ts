import { type Declaration, declarationsOf } from '../../analysis/declarations.ts';
import { importResolver, importsIn } from '../../analysis/imports.ts';
import type { Host } from '../../host.ts';
import { toWorkspacePath } from '../../workspace/paths.ts';
import { redact } from '../../workspace/redact.ts';
import type { LineSpan, Snapshot } from '../../workspace/snapshot.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import type { ContextBlock } from '../ai/contextBlock.ts';
import { enclosing } from '../enclosing.ts';
import { type Lines, linesOf } from '../lines.ts';
import type { Slices } from '../static/slices.ts';

export interface RelatedParts {
  readonly workspace: Pick<Workspace, 'paths' | 'read'>;
  readonly host: Pick<Host, 'folders' | 'references'>;
  readonly slices: Slices;
}

/** Files whose surroundings are looked for; the rest of a larger review does without. */
const mostFiles = 40;
const mostImported = 12;
const mostDefinitions = 12;
const longestDefinition = 40;
const mostNames = 8;
const mostCallers = 2;
/** Files that are searched for callers, the nearest first, and how much of them is read in all. */
const mostSearched = 300;
const mostSearchedCharacters = 4_000_000;
const aroundCall = 8;

/** Names that many things have say nothing about who calls this one. */
const common = new Set(
  'main init get set run start stop open close read write add remove update delete create handle process parse render test setup toString equals constructor call apply next then push pop'.split(
    ' ',
  ),
);

/**
 * What stands elsewhere and helps to judge each file: the definitions of what it imports, and who calls what it
 * declares. Only for what is under review: the changed lines and the declarations around them, or the whole.
 */
export async function findRelated(
  files: readonly Snapshot[],
  parts: RelatedParts,
  signal: AbortSignal,
): Promise<(file: string) => readonly ContextBlock[]> {
  const found = new Map<string, readonly ContextBlock[]>();
  const paths = await parts.workspace.paths(signal);
  const resolve = await importResolver(paths, parts.slices);
  const texts = createTexts(parts.workspace, signal);
  const host = withPatience(parts.host);
  for (const snapshot of files.slice(0, mostFiles)) {
    if (snapshot.absolutePath === undefined) continue;
    await parts.slices.pause();
    const lines = linesOf(snapshot.text);
    const spans = spansOf(snapshot, lines);
    const definitions = await definitionsFor(snapshot, spans, importsIn(snapshot, resolve).files, lines, texts);
    const callers = await callersOf(snapshot, spans, lines, paths, texts, { ...parts, host }, signal);
    found.set(snapshot.file, [...definitions, ...callers]);
  }
  return (file) => found.get(file) ?? [];
}

/** Unanswered questions in a row after which nobody is asked about a language any more: each may have taken seconds. */
const mostUnanswered = 4;

interface References {
  readonly folders: Host['folders'];
  references(
    language: string,
    ...asked: Parameters<NonNullable<Host['references']>>
  ): ReturnType<NonNullable<Host['references']>>;
}

function withPatience(host: RelatedParts['host']): References {
  const unanswered = new Map<string, number>();
  return {
    folders: () => host.folders(),
    async references(language, ...asked) {
      const before = unanswered.get(language) ?? 0;
      if (before >= mostUnanswered) return undefined;
      const places = await host.references?.(...asked);
      unanswered.set(language, places ? 0 : before + 1);
      return places;
    },
  };
}

type Texts = (path: string) => Promise<Snapshot | undefined>;

/** Each file is read once, however many ask for it. */
function createTexts(workspace: RelatedParts['workspace'], signal: AbortSignal): Texts {
  const known = new Map<string, Promise<Snapshot | undefined>>();
  return (path) => {
    const read =
      known.get(path) ?? workspace.read(path, signal).then((outcome) => (outcome.ok ? outcome.value : undefined));
    known.set(path, read);
    return read;
  };
}

/** The changed lines with the declarations around them; everything for a review of the whole file. */
function spansOf({ changed }: Snapshot, lines: Lines): readonly LineSpan[] {
  if (!changed) return [{ from: 1, to: lines.count }];
  return changed.map(({ from, to }) => {
    const [inner] = enclosing(lines, from);
    return inner && inner.to >= to ? inner : { from, to };
  });
}

async function definitionsFor(
  snapshot: Snapshot,
  spans: readonly LineSpan[],
  imported: readonly string[],
  lines: Lines,
  texts: Texts,
): Promise<ContextBlock[]> {
  const used = new Set<string>();
  for (const { from, to } of spans) {
    const text = snapshot.text.slice(lines.startOf(from), lines.endOf(to));
    for (const [name] of text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)) used.add(name);
  }
  const blocks: ContextBlock[] = [];
  for (const path of imported.slice(0, mostImported)) {
    const other = await texts(path);
    if (!other) continue;
    const wanted = declarationsOf(other.text, other.language).filter(({ name }) => used.has(name));
    for (const declaration of wanted.slice(0, mostDefinitions - blocks.length)) {
      const to = Math.min(declaration.endLine, declaration.line + longestDefinition - 1);
      blocks.push(block(`definition of ${declaration.name}`, other, { from: declaration.line, to }));
    }
    if (blocks.length >= mostDefinitions) break;
  }
  return blocks;
}

async function callersOf(
  snapshot: Snapshot,
  spans: readonly LineSpan[],
  lines: Lines,
  paths: readonly string[],
  texts: Texts,
  { host, slices }: { readonly host: References; readonly slices: Slices },
  signal: AbortSignal,
): Promise<ContextBlock[]> {
  const declared = declarationsOf(snapshot.text, snapshot.language).filter(
    ({ name, kind, line, endLine }) =>
      kind === 'function' &&
      name.length > 2 &&
      !common.has(name) &&
      spans.some(({ from, to }) => line <= to && endLine >= from),
  );
  const blocks: ContextBlock[] = [];
  const unknown: string[] = [];
  for (const declaration of declared.slice(0, mostNames)) {
    const places = await referencesTo(snapshot, declaration, lines, host, signal);
    if (!places) unknown.push(declaration.name);
    for (const { path, line } of (places ?? []).slice(0, mostCallers)) {
      const caller = await texts(path);
      if (caller) blocks.push(block(`caller of ${declaration.name}`, caller, around(caller, line)));
    }
  }
  return unknown.length === 0 ? blocks : [...blocks, ...(await searched(snapshot, unknown, paths, texts, slices))];
}

async function referencesTo(
  { file, absolutePath, cells, language }: Snapshot,
  { name, line }: Declaration,
  lines: Lines,
  host: References,
  signal: AbortSignal,
): Promise<readonly { readonly path: string; readonly line: number }[] | undefined> {
  const column = lines.textOf(line).indexOf(name) + 1;
  // Who refers to a cell would have to be asked by the lines of that cell.
  if (absolutePath === undefined || cells || column === 0) return undefined;
  const places = await host.references(language, absolutePath, { line, column }, signal);
  return places?.flatMap((place) => {
    const path = toWorkspacePath(place.absolutePath, host.folders());
    return path === undefined || path === file ? [] : [{ path, line: place.line }];
  });
}

/** By name alone, in files of the same kind: those in the nearest folders first. */
async function searched(
  { file, language }: Snapshot,
  names: readonly string[],
  paths: readonly string[],
  texts: Texts,
  slices: Slices,
): Promise<ContextBlock[]> {
  const near = await nearest(file, paths, slices);
  const left = new Map(names.map((name) => [name, mostCallers]));
  const blocks: ContextBlock[] = [];
  let characters = 0;
  for (const path of near) {
    if (left.size === 0 || characters > mostSearchedCharacters) break;
    // A file that is known already is there at once, and would let nobody else run.
    await slices.pause();
    const other = await texts(path);
    if (!other || other.language !== language) continue;
    characters += other.text.length;
    for (const [name, count] of left) {
      const at = callOf(name, other.text);
      if (at === -1) continue;
      blocks.push(block(`caller of ${name}`, other, around(other, linesOf(other.text).lineAt(at))));
      if (count === 1) left.delete(name);
      else left.set(name, count - 1);
    }
  }
  return blocks;
}

/** Where a text calls something of this name without declaring it; -1 when nowhere. */
function callOf(name: string, text: string): number {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + name.length)) {
    const before = text.slice(Math.max(0, at - 12), at);
    const after = text.slice(at + name.length, at + name.length + 3);
    if (/[\p{L}\p{N}_$]$/u.test(before) || !/^\s?[(<]/.test(after)) continue;
    if (!/\b(?:function|def|func|fn|fun)\s+$/.test(before)) return at;
  }
  return -1;
}

/** The files of the same kind, those in the nearest folders first; in a large workspace there are very many. */
async function nearest(file: string, paths: readonly string[], slices: Slices): Promise<readonly string[]> {
  const extension = /\.[^./]+$/.exec(file)?.[0] ?? '';
  const own = folderOf(file).split('/');
  const stepsTo = new Map<string, number>();
  const bySteps: string[][] = [];
  for (const [index, path] of paths.entries()) {
    if (index % 500 === 0) await slices.pause();
    if (path === file || !path.endsWith(extension)) continue;
    const folder = folderOf(path);
    const steps = stepsTo.get(folder) ?? stepsBetween(own, folder.split('/'));
    stepsTo.set(folder, steps);
    const ring = bySteps[steps] ?? [];
    bySteps[steps] = ring;
    if (ring.length < mostSearched) ring.push(path);
  }
  return bySteps.flat().slice(0, mostSearched);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function stepsBetween(one: readonly string[], other: readonly string[]): number {
  let shared = 0;
  while (shared < one.length && shared < other.length && one[shared] === other[shared]) shared += 1;
  return one.length + other.length - 2 * shared;
}

function around({ text }: Snapshot, line: number): LineSpan {
  const lines = linesOf(text);
  const [inner] = enclosing(lines, line);
  const from = Math.max(inner?.from ?? 1, line - aroundCall);
  return { from, to: Math.min(inner?.to ?? lines.count, line + aroundCall) };
}

function block(what: string, { file, text }: Snapshot, { from, to }: LineSpan): ContextBlock {
  const shown = redact(text).text;
  const lines = linesOf(shown);
  return { title: `${what}, ${file} lines ${from}-${to}`, text: shown.slice(lines.startOf(from), lines.endOf(to)) };
}
