import * as z from 'zod/mini';
import { parseJson } from '../connection/safeJson.ts';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { ChangeScope } from '../host.ts';
import type { LineSpan } from '../workspace/snapshot.ts';

/** What a task is about. Patterns and paths are the server's words: the workspace checks them before anything is read. */
export type CodeSource =
  /** Code inside the task. `name` is the server's name for it, never a path to open. */
  | { readonly kind: 'code'; readonly code: string; readonly language?: string; readonly name?: string }
  /** `otherwise`: the patterns are a guess, and this is meant when none of them leads to a file. */
  | { readonly kind: 'files'; readonly patterns: readonly string[]; readonly otherwise?: Otherwise }
  /** A part of one file; it is grown to the symbol that holds it. `cell`: of a notebook, from 1, which has these lines. */
  | { readonly kind: 'selection'; readonly path: string; readonly lines: LineSpan; readonly cell?: number }
  | { readonly kind: 'changes'; readonly changes: ChangeScope };

export type Otherwise =
  | { readonly kind: 'files'; readonly patterns: readonly string[] }
  | { readonly kind: 'changes'; readonly changes: ChangeScope };

export interface ReviewPayload {
  readonly source: CodeSource;
  /** What the requester wants looked at. Data for the model, never an instruction to us. */
  readonly instructions?: string;
  readonly focusAreas: readonly string[];
}

export interface DocumentationPayload {
  readonly source: Extract<CodeSource, { kind: 'code' }> | { readonly kind: 'file'; readonly path: string };
  readonly symbol?: string;
}

export interface AnalysisPayload {
  readonly source: Extract<CodeSource, { kind: 'code' | 'files' }>;
  readonly question?: string;
}

const megabyte = 1024 * 1024;
const text = (longest: number) =>
  z.string('must be text').check(z.maxLength(longest, `must not be longer than ${longest} characters`));
const name = text(1024).check(z.minLength(1, 'must not be empty'));
const names = z
  .array(name, 'must be a list of paths')
  .check(z.minLength(1, 'must name at least one file'), z.maxLength(5000, 'must not name more than 5000 files'));
const someChanges = z.union(
  [z.boolean(), z.literal('uncommitted'), z.literal('staged')],
  'must be true or false, "uncommitted" or "staged"',
);
const line = z.int().check(z.minimum(1), z.maximum(10_000_000));
const revision = text(256);

// Twice: where one alternative alone is nearly met, its words are told and not those of the union.
const spelling = 'must be like "10-20"';
const fields = z.object({
  language: z.optional(text(64)),
  code: z.optional(text(4 * megabyte).check(z.refine((code) => code.trim() !== '', 'must not be empty'))),
  file: z.optional(name),
  filename: z.optional(name),
  path: z.optional(name),
  files: z.optional(z.union([name, names], 'must be a path or a list of paths')),
  paths: z.optional(z.union([name, names], 'must be a path or a list of paths')),
  mentioned: z.optional(names),
  lines: z.optional(
    z.union(
      [
        z.string().check(z.regex(/^\d{1,8}(-\d{1,8})?$/, spelling)),
        z.tuple([line, line]),
        z.object({ from: line, to: line }),
      ],
      spelling,
    ),
  ),
  diff: z.optional(someChanges),
  changes: z.optional(someChanges),
  cell: z.optional(line),
  base: z.optional(revision),
  commit: z.optional(revision),
  symbol: z.optional(text(256)),
  question: z.optional(text(8000)),
  instructions: z.optional(text(8000)),
  focusareas: z.optional(
    z.union(
      [text(8000), z.array(text(200)).check(z.maxLength(50))],
      'must be text or a list of at most 50 short texts',
    ),
  ),
});
type Fields = z.output<typeof fields>;

export function parseReview(payload: unknown): Outcome<ReviewPayload> {
  const read = readFields(payload);
  if (!read.ok) return read;
  const source = sourceOf(read.value, { kind: 'changes', changes: { kind: 'uncommitted' } });
  if (!source.ok) return source;
  if (!source.value) return malformed('it has neither code, nor files, nor diff: true');
  const { instructions, focusareas } = read.value;
  return succeeded({
    source: source.value,
    focusAreas: (Array.isArray(focusareas) ? focusareas : (focusareas ?? '').split(/[,\n]/)).flatMap(
      (area) => area.trim() || [],
    ),
    ...(instructions?.trim() && { instructions: instructions.trim() }),
  });
}

export function parseDocumentation(payload: unknown): Outcome<DocumentationPayload> {
  const read = readFields(payload);
  if (!read.ok) return read;
  const source = sourceOf(read.value);
  if (!source.ok) return source;
  const symbol = read.value.symbol?.trim();
  const withSymbol = symbol ? { symbol } : {};
  if (source.value?.kind === 'code') return succeeded({ source: source.value, ...withSymbol });
  if (source.value?.kind !== 'files') return malformed('it has neither code nor a file');
  const [path, ...others] = source.value.patterns;
  if (path === undefined || others.length > 0) return malformed('it must name exactly one file');
  return succeeded({ source: { kind: 'file', path }, ...withSymbol });
}

export function parseAnalysis(payload: unknown): Outcome<AnalysisPayload> {
  const read = readFields(payload);
  if (!read.ok) return read;
  const source = sourceOf(read.value, everything);
  if (!source.ok) return source;
  if (source.value?.kind === 'changes') return malformed('an analysis is of code or of files, not of changes');
  if (source.value?.kind === 'selection') return malformed('an analysis is of whole files, not of some lines');
  const question = read.value.question?.trim();
  return succeeded({
    source: source.value ?? everything,
    ...(question && { question }),
  });
}

const everything = { kind: 'files', patterns: ['**/*'] } as const;

/** `otherwise`: for a text that only mentions files. */
function sourceOf(given: Fields, otherwise?: Otherwise): Outcome<CodeSource | undefined> {
  const lists = [given.files, given.paths].flat().filter((pattern) => pattern !== undefined);
  const single = [given.file, given.filename, given.path].filter((pattern) => pattern !== undefined);
  const changes = changesOf(given);
  if (given.code !== undefined) {
    if (hasAsked(given) || lists.length > 0) return malformed('code comes alone, not together with files or diff');
    return succeeded({
      kind: 'code',
      code: given.code,
      ...(given.language?.trim() && { language: given.language.trim() }),
      ...(single[0] !== undefined && { name: single[0] }),
    });
  }
  const patterns = [...new Set([...lists, ...single])];
  if (hasAsked(given) && patterns.length > 0) {
    return malformed('it asks for files and for the changes; one of them must go');
  }
  const lines = given.lines === undefined ? undefined : spanOf(given.lines);
  if (lines) {
    const [path, ...others] = patterns;
    if (path === undefined || others.length > 0) return malformed('lines are of exactly one file');
    if (lines.from > lines.to || lines.from < 1) return malformed('lines must be like "10-20"');
    return succeeded({ kind: 'selection', path, lines, ...(given.cell !== undefined && { cell: given.cell }) });
  }
  // Beside files, a branch or a commit only tells where they come from.
  if (changes && patterns.length === 0) return succeeded({ kind: 'changes', changes });
  if (patterns.length > 0) return succeeded({ kind: 'files', patterns });
  const { mentioned } = given;
  return succeeded(mentioned && { kind: 'files', patterns: mentioned, ...(otherwise && { otherwise }) });
}

function hasAsked({ diff, changes }: Fields): boolean {
  return Boolean(diff) || Boolean(changes);
}

function changesOf(given: Fields): ChangeScope | undefined {
  const commit = given.commit?.trim();
  const base = given.base?.trim();
  if (given.diff === 'staged' || given.changes === 'staged') return { kind: 'staged' };
  if (commit) return { kind: 'commit', commit };
  if (base !== undefined) return { kind: 'branch', base };
  return hasAsked(given) ? { kind: 'uncommitted' } : undefined;
}

function spanOf(lines: NonNullable<Fields['lines']>): LineSpan {
  if (typeof lines !== 'string') return Array.isArray(lines) ? { from: lines[0], to: lines[1] } : lines;
  const [from = '', to = from] = lines.split('-');
  return { from: Number(from), to: Number(to) };
}

/** Takes `focus_areas`, `focusAreas` and `FocusAreas` alike; unknown keys are dropped. A JSON text is parsed once. */
function readFields(payload: unknown): Outcome<Fields> {
  let value = payload;
  if (typeof value === 'string') {
    if (value.length > 8 * megabyte) return malformed('it is larger than 8 MB');
    const json = parseJson(value);
    if (!json.ok) return malformed(`it is text, but ${json.problem}`);
    value = json.value;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return malformed('it is not an object');
  const folded: Record<string, unknown> = Object.create(null);
  const spelling = new Map<string, string>();
  for (const [key, entry] of Object.entries(value)) {
    const plain = key.replace(/[_-]/g, '').toLowerCase();
    if (entry === null || entry === undefined || spelling.has(plain)) continue;
    folded[plain] = entry;
    spelling.set(plain, key);
  }
  const parsed = fields.safeParse({ ...folded });
  if (parsed.success) return succeeded(parsed.data);
  const [issue] = parsed.error.issues;
  const [key, ...rest] = issue?.path ?? [];
  const place = [spelling.get(String(key)) ?? key, ...rest].join('.');
  return malformed(`${place} ${issue?.message ?? 'is not as expected'}`);
}

function malformed(reason: string) {
  return failed(failures.malformedPayload(reason));
}
