import { type Declaration, declarationsOf, knowsDeclarations } from '../analysis/declarations.ts';
import { type Failure, failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Log } from '../host.ts';
import { type Model, noTokens } from '../models/model.ts';
import { sumTokens } from '../models/tokenUse.ts';
import { chunksOf } from '../review/ai/chunks.ts';
import { withoutHidden } from '../review/ai/injectionGuard.ts';
import { linesOf } from '../review/lines.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { orAborted } from '../shared/orAborted.ts';
import { type DocumentationPayload, parseDocumentation } from '../tasks/payload.ts';
import { payloadSnapshot, type SnapshotSource } from '../tasks/payloadSnapshot.ts';
import type { Worker, WorkOutcome, WorkReport } from '../tasks/task.ts';
import { cleanText } from '../workspace/clean.ts';
import { redact } from '../workspace/redact.ts';
import type { LineSpan, NotReviewed, Snapshot } from '../workspace/snapshot.ts';
import { askWriter } from './askWriter.ts';
import { applied, checkEdit, type Edit, type PlacedEdit, withoutOverlaps } from './proposals.ts';

export interface DocumentationParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly workspace: Pick<SnapshotSource, 'read'>;
  settings(): Settings;
  /** For the task that `signal` ends. */
  model(signal: AbortSignal): Promise<Outcome<Model>>;
}

export interface DocumentationResult {
  readonly summary: string;
  /** Nothing is written: each replaces `old`, which stands verbatim in the file, by `new` when a person says so. */
  readonly proposals: readonly Proposal[];
  /** All proposals applied; only for code that came inside the task. */
  readonly documented_code?: string;
  /** Symbols without documentation for which nothing is proposed. */
  readonly undocumented: readonly { readonly symbol: string; readonly kind: string; readonly line: number }[];
  readonly not_reviewed: readonly NotReviewed[];
}

export interface Proposal {
  readonly file: string;
  readonly symbol?: string;
  readonly language: string;
  readonly old: string;
  readonly new: string;
}

/** Characters of code in one request, and symbols in one. */
const chunkBudget = 40_000;
const mostTargets = 15;

type Target = Pick<Declaration, 'name' | 'kind' | 'line' | 'endLine'>;

/** Proposes documentation for a symbol, or for every symbol of a file that has none. Code is never changed. */
export function createDocumenter(parts: DocumentationParts): Worker {
  return async (task, report, signal) => {
    signal.throwIfAborted();
    const payload = parseDocumentation(task.payload);
    if (!payload.ok) return { status: 'failed', failure: payload.failure };
    report.progress(0, 'Reading the file', 'read');
    const read = await snapshotFor(payload.value, parts, signal);
    if (!read.ok) return { status: 'failed', failure: read.failure };
    const targets = targetsIn(read.value, payload.value.symbol);
    if (!targets.ok) return { status: 'failed', failure: targets.failure };
    return propose(read.value, targets.value, payload.value, parts, report, signal);
  };
}

async function snapshotFor(
  { source }: DocumentationPayload,
  { workspace, settings }: DocumentationParts,
  signal: AbortSignal,
): Promise<Outcome<Snapshot>> {
  if (source.kind === 'file') {
    const read = await workspace.read(source.path, signal);
    return read.ok && read.value.cells ? failed(failures.notebookUndocumented(read.value.file)) : read;
  }
  const kilobytes = settings().limits.fileKilobytes;
  if (source.code.length > kilobytes * 1024) {
    return failed(failures.malformedPayload(`the code is larger than ${kilobytes} kB`));
  }
  return succeeded(payloadSnapshot(source));
}

/** The named symbol, documented or not; else all that lack documentation. */
function targetsIn({ text, language }: Snapshot, symbol: string | undefined): Outcome<readonly Target[]> {
  const declared = declarationsOf(text, language);
  if (symbol === undefined) return succeeded(declared.filter(({ documented }) => !documented));
  const name = symbol.split(/[.#:]+/).at(-1) ?? symbol;
  const named = declared.filter((declaration) => declaration.name === name);
  if (named.length > 0) return succeeded(named);
  // Of a language that is not measured, only the model can tell a declaration from a use.
  const lines = linesOf(text);
  const at = knowsDeclarations(language) ? -1 : text.indexOf(name);
  if (at === -1) return failed(failures.noSymbol(cleanText(symbol, 100)));
  const line = lines.lineAt(at);
  return succeeded([{ name, kind: 'function', line, endLine: line }]);
}

interface Written {
  readonly edits: readonly PlacedEdit[];
  readonly refused: readonly string[];
  readonly failure?: Failure;
}

async function propose(
  snapshot: Snapshot,
  targets: readonly Target[],
  payload: DocumentationPayload,
  parts: DocumentationParts,
  report: WorkReport,
  signal: AbortSignal,
): Promise<WorkOutcome> {
  const { text, language, file } = snapshot;
  const inTask = payload.source.kind === 'code';
  const name = payload.source.kind === 'code' && payload.source.name ? cleanText(payload.source.name, 300) : file;
  // Where declarations are not measured, the model is asked about the whole file and finds them itself.
  const measured = knowsDeclarations(language);
  const wanted = targets.length > 0 || (!measured && payload.symbol === undefined);
  const model = wanted ? await orAborted(parts.model(signal), signal) : undefined;

  let tokens = noTokens;
  let written: Written = { edits: [], refused: [] };
  if (model?.ok) {
    const shownText = withoutHidden(redact(text).text);
    const batches = batchesOf(shownText, targets, measured);
    for (const [index, batch] of batches.entries()) {
      report.progress(
        (0.1 + index) / (batches.length + 0.1),
        `Writing, part ${index + 1} of ${batches.length}`,
        'model',
      );
      const answer = await askWriter(model.value, { file: name, language, shownText, ...batch }, parts.clock, signal);
      tokens = sumTokens(tokens, answer?.tokens ?? noTokens);
      written = checked(written, answer?.edits ?? [], snapshot, targets);
      const failure = answer ? answer.failure : failures.streamCut();
      if (failure) written = { ...written, failure: written.failure ?? failure };
      if (failure && !failure.retryable) break;
    }
  }
  signal.throwIfAborted();

  const edits = withoutOverlaps(written.edits);
  const done = new Set(edits.map(({ symbol }) => symbol.split(/[.#:]+/).at(-1)));
  const undocumented = targets.filter((target) => !done.has(target.name));
  const failure = model && !model.ok ? model.failure : whyIncomplete(written, undocumented, edits);
  const notReviewed: NotReviewed[] = failure ? [{ file: name, reason: `documentation: ${failure.message}` }] : [];
  const result: DocumentationResult = {
    summary: summaryOf(edits.length, undocumented.length, written.refused, failure),
    proposals: edits.map(({ symbol, old, new: documented }) => ({
      file: name,
      symbol,
      language,
      old,
      new: documented,
    })),
    ...(inTask && edits.length > 0 && { documented_code: applied(text, edits) }),
    undocumented: undocumented.map((target) => ({ symbol: target.name, kind: target.kind, line: target.line })),
    not_reviewed: notReviewed,
  };
  const share = edits.length / (edits.length + undocumented.length || 1);
  const metadata = {
    static_issues: 0,
    ai_suggestions: edits.length,
    confidence: wanted ? Math.round(80 * share) / 100 : 0.8,
    not_reviewed: notReviewed,
    ...(model?.ok && { model: model.value.id, tokens }),
  };
  report.progress(1, 'Documented', 'done');
  parts.log('info', 'Documentation done', { file, proposals: edits.length, refused: written.refused.length });
  return failure ? { status: 'inconclusive', result, metadata, failure } : { status: 'completed', result, metadata };
}

/** What to ask for at once: parts of the file, each with the symbols that begin in it. */
function batchesOf(
  shownText: string,
  targets: readonly Target[],
  measured: boolean,
): { span: LineSpan; targets: readonly Target[] }[] {
  return chunksOf(linesOf(shownText), chunkBudget).flatMap((span, index, spans) => {
    // Where parts overlap, a symbol belongs to the later one, which shows more of what follows it.
    const end = Math.min(span.to, (spans[index + 1]?.from ?? Infinity) - 1);
    const own = targets.filter(({ line }) => line >= span.from && line <= end);
    if (own.length === 0) return measured || targets.length > 0 ? [] : [{ span, targets: [] }];
    const batches = [];
    for (let at = 0; at < own.length; at += mostTargets)
      batches.push({ span, targets: own.slice(at, at + mostTargets) });
    return batches;
  });
}

function checked(
  before: Written,
  edits: readonly Edit[],
  { text, language }: Snapshot,
  targets: readonly Target[],
): Written {
  const lines = linesOf(text);
  const good = [...before.edits];
  const refused = [...before.refused];
  let { failure } = before;
  for (const edit of edits) {
    const target = targets.find(({ name }) => name === edit.symbol.split(/[.#:]+/).at(-1));
    const symbol = cleanText(edit.symbol, 100);
    const verdict = checkEdit({ ...edit, symbol }, text, language, target && lines.startOf(target.line));
    if (verdict.ok) good.push(verdict.edit);
    else {
      refused.push(`${symbol}: ${verdict.reason}`);
      if (verdict.changesCode) failure ??= failures.codeChanged(symbol);
    }
  }
  return { edits: good, refused, ...(failure && { failure }) };
}

/** A symbol the model chose not to document is its judgement; nothing at all for a file that needs it is no answer. */
function whyIncomplete(
  { failure, refused }: Written,
  undocumented: readonly Target[],
  edits: readonly PlacedEdit[],
): Failure | undefined {
  if (failure) return failure;
  if (refused.length > 0 && undocumented.length > 0) return failures.answerMalformed(refused.join('; '));
  return edits.length === 0 && undocumented.length > 0 ? failures.nothingProposed() : undefined;
}

function summaryOf(proposed: number, left: number, refused: readonly string[], failure: Failure | undefined): string {
  const [first] = refused;
  const parts = [
    proposed > 0 ? `Documentation is proposed for ${proposed} symbol${proposed === 1 ? '' : 's'}.` : undefined,
    proposed === 0 && left === 0 && !failure ? 'Every symbol that was looked for is documented.' : undefined,
    left > 0 ? `${left} symbol${left === 1 ? ' stays' : 's stay'} without documentation.` : undefined,
    first ? `${refused.length} proposal${refused.length === 1 ? ' was' : 's were'} refused (${first}).` : undefined,
    failure?.message,
  ];
  return parts.filter((part) => part !== undefined).join(' ');
}
