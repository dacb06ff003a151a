import { type Failure, failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Finding } from '../findings/finding.ts';
import type { Log } from '../host.ts';
import { type Model, noTokens } from '../models/model.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { orAborted } from '../shared/orAborted.ts';
import { parseReview, type ReviewPayload } from '../tasks/payload.ts';
import { payloadSnapshot, type SnapshotSource } from '../tasks/payloadSnapshot.ts';
import type { Worker, WorkOutcome, WorkReport } from '../tasks/task.ts';
import { cleanText } from '../workspace/clean.ts';
import { filesLeftOut, type LineSpan, type NotReviewed, type Snapshot } from '../workspace/snapshot.ts';
import { type AnswerMemory, createAnswerMemory } from './ai/answerMemory.ts';
import { conclude, confidenceOf, unruled, withGoodFixes } from './conclude.ts';
import type { Surroundings } from './context/surroundings.ts';
import type { FixCheck } from './fixCheck.ts';
import { intoCells } from './inCells.ts';
import { type ModelPhase, modelPhase } from './modelPhase.ts';
import { type ReviewMetrics, reviewResult } from './result.ts';
import { findingMaker, openFile, type ReviewedFile } from './reviewedFile.ts';
import { createSlices, type Slices } from './static/slices.ts';
import type { StaticCheck } from './static/staticCheck.ts';
import { staticPhase } from './staticPhase.ts';
import { ontoToday } from './today.ts';

export interface ReviewParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly workspace: Pick<SnapshotSource, 'snapshots'>;
  settings(): Settings;
  checks(): Promise<readonly StaticCheck[]>;
  /** For the task that `signal` ends. */
  model(signal: AbortSignal): Promise<Outcome<Model>>;
  /** Absolute path of a folder where answers of the model are kept. Absent: they last as long as the process. */
  readonly answersFolder?: string;
  /** Absent: every fix is offered as it is. */
  readonly fixHolds?: FixCheck;
  /** What the workspace says about the files, redacted. Absent: the code alone. */
  surroundings?(snapshots: readonly Snapshot[], slices: Slices, signal: AbortSignal): Promise<Surroundings>;
}

/**
 * Reviews code: payload, snapshots, static checks, model, anchor, filter, merge, recommend. The only file that knows the
 * order. Without a model the outcome is `inconclusive` with the static findings, never `completed`. One reviewer serves
 * many tasks: it remembers the model's answers, so that unchanged code is not asked about again.
 */
export function createReviewer(parts: ReviewParts, memory: AnswerMemory = memoryOf(parts)): Worker {
  return async (task, report, signal) => {
    signal.throwIfAborted();
    const payload = parseReview(task.payload);
    if (!payload.ok) return { status: 'failed', failure: payload.failure };
    report.progress(0, 'Reading the files', 'read');
    const slices = createSlices(parts.clock, signal);
    const read = await snapshotsFor(payload.value, parts, slices, signal);
    if (!read.ok) return { status: 'failed', failure: read.failure };
    const run = { ...parts, memory, slices, taskId: task.id, payload: payload.value };
    return reviewFiles(run, read.value, report, signal);
  };
}

function memoryOf({ answersFolder: folder, log }: ReviewParts): AnswerMemory {
  return createAnswerMemory({ log, ...(folder !== undefined && { folder }) });
}

interface Snapshots {
  readonly snapshots: readonly Snapshot[];
  readonly notReviewed: readonly NotReviewed[];
  readonly surroundings?: Surroundings;
}

async function snapshotsFor(
  { source }: ReviewPayload,
  { workspace, settings, surroundings }: ReviewParts,
  slices: Slices,
  signal: AbortSignal,
): Promise<Outcome<Snapshots>> {
  if (source.kind !== 'code') {
    const read = await workspace.snapshots(source, signal);
    const around = read.ok && (await surroundings?.(read.value.snapshots, slices, signal));
    return around ? succeeded(withoutExcluded(read.value, around)) : read;
  }
  const kilobytes = settings().limits.fileKilobytes;
  if (source.code.length > kilobytes * 1024) {
    return failed(failures.malformedPayload(`the code is larger than ${kilobytes} kB`));
  }
  return { ok: true, value: { snapshots: [payloadSnapshot(source)], notReviewed: [] } };
}

function withoutExcluded({ snapshots, notReviewed }: Snapshots, surroundings: Surroundings): Snapshots {
  const excluded = snapshots.flatMap(({ file }) => {
    const reason = surroundings.excluded(file);
    return reason === undefined ? [] : [{ file, reason }];
  });
  const left = new Set(excluded.map(({ file }) => file));
  return {
    snapshots: snapshots.filter(({ file }) => !left.has(file)),
    notReviewed: [...notReviewed, ...excluded],
    surroundings,
  };
}

interface Run extends ReviewParts {
  readonly memory: AnswerMemory;
  readonly slices: Slices;
  readonly taskId: string;
  readonly payload: ReviewPayload;
}

async function reviewFiles(run: Run, read: Snapshots, report: WorkReport, signal: AbortSignal): Promise<WorkOutcome> {
  const { clock, log, payload } = run;
  const rules = run.settings().review;
  const { surroundings } = read;
  const files: ReviewedFile[] = [];
  for (const snapshot of read.snapshots) {
    await run.slices.pause();
    files.push(openFile(snapshot));
  }
  const today = new Map(read.snapshots.map((snapshot) => [snapshot.file, whereItIsShown(snapshot)]));
  const cells = new Map(read.snapshots.map((snapshot) => [snapshot.file, intoCells(snapshot.cells)]));
  const now = (found: readonly Finding[]) => found.map((finding) => today.get(finding.file)?.(finding) ?? finding);
  const toFinding = findingMaker(run.taskId, clock);
  const own = payload.source.kind === 'code' ? payload.source.name : undefined;
  const nameOf = (file: string) => (own === undefined ? file : cleanText(own, 300));

  const wantsModel = rules.useModel && files.length > 0;
  const loading = wantsModel ? orAborted(run.model(signal), signal) : Promise.resolve(failed(failures.modelOff()));
  const progress = progressOf(files.length, report);
  const checking = staticPhase(
    files,
    {
      checks: run.checks,
      rules,
      ...(surroundings && { disabled: surroundings.disabled }),
      log,
      toFinding,
      found: (findings) => report.found(now(findings)),
      progress: progress.checked,
    },
    signal,
  );
  const [statics, model] = await Promise.all([checking, loading]);

  let asked: ModelPhase | undefined;
  if (model.ok) {
    progress.ask();
    asked = await modelPhase(
      files,
      {
        clock,
        log,
        ...(surroundings && contextFrom(surroundings)),
        model: model.value,
        memory: run.memory,
        rules,
        focusAreas: payload.focusAreas,
        ...(payload.instructions && { instructions: payload.instructions }),
        nameOf,
        toFinding,
        found: (finding) => report.found(now([finding])),
        done: progress.asked,
      },
      signal,
    );
  }
  signal.throwIfAborted();

  const { findings: concluded, repeated, hidden, beyond: cut } = conclude(files, rules);
  const standing = await withGoodFixes(concluded, files, run, signal);
  const findings = standing.filter((finding) => !surroundings?.suppressed(finding, standing));
  // They can be displayed, and then offer their fixes too.
  const keptHidden = await withGoodFixes(hidden.slice(0, mostHidden), files, run, signal);
  const beyond = statics.beyond + cut;
  const below = hidden.length - beyond;
  const unasked = model.ok ? [] : files.map(({ snapshot }) => leftOut(snapshot, model.failure));
  const notReviewed = [...read.notReviewed, ...statics.notReviewed, ...unasked, ...(asked?.notReviewed ?? [])];
  const left = new Map(notReviewed.map((entry) => [entry.file, filesLeftOut(entry)]));
  const reviewed = files.filter(({ snapshot }) => !left.has(snapshot.file));
  const unchecked = new Set(statics.notReviewed.map(({ file }) => file));
  const metrics: ReviewMetrics = {
    files: reviewed.length + [...left.values()].reduce((sum, count) => sum + count, 0),
    files_reviewed: reviewed.length,
    files_checked: files.filter(({ snapshot }) => !unchecked.has(snapshot.file)).length,
    static_issues: findings.filter(({ source }) => source !== 'model').length,
    ai_suggestions: findings.filter(({ source }) => source === 'model').length,
    merged: repeated,
    dropped_unanchored: asked?.unanchored ?? 0,
    dropped_invalid: asked?.invalid ?? 0,
    dropped_withdrawn: asked?.withdrawn ?? 0,
    dropped_refuted: asked?.refuted ?? 0,
    dropped_by_filter: statics.outside + (asked?.outside ?? 0) + hidden.length,
    hidden: hidden.length,
    suppressed: standing.length - findings.length,
    secrets_masked: files.reduce((sum, { redacted }) => sum + redacted, 0),
    model_calls: asked?.calls ?? 0,
    model_calls_saved: asked?.recalled ?? 0,
    tokens: asked?.tokens ?? noTokens,
  };
  // Earlier findings of a file are replaced, except where the model, which may have made them, failed to look again.
  const modelFailed = new Set(
    (rules.useModel ? [...unasked, ...(asked?.notReviewed ?? [])] : []).map(({ file }) => file),
  );
  const lookedAt = files.filter(
    ({ snapshot }) => snapshot.absolutePath !== undefined && !modelFailed.has(snapshot.file),
  );
  report.replaceFindings(
    now(standing),
    lookedAt.map(({ snapshot }) => snapshot.file),
    now(keptHidden),
    Object.fromEntries(lookedAt.flatMap(({ snapshot }) => partOf(snapshot))),
  );
  report.progress(1, 'Reviewed', 'done');
  log('info', 'Review done', { task: run.taskId, ...metrics, not_reviewed: notReviewed.length });

  const withoutModel = files.length > 0 && !model.ok ? { withoutModel: model.failure.message } : {};
  const result = reviewResult({
    findings: findings.map((finding) => cells.get(finding.file)?.(finding) ?? finding),
    beyond,
    below,
    notReviewed,
    metrics,
    nameOf,
    withoutRules: unruled(files),
    instructions: surroundings?.applied ?? [],
    unused: [...(surroundings?.problems ?? []), ...statics.unused],
    ...withoutModel,
  });
  const metadata = {
    static_issues: metrics.static_issues,
    ai_suggestions: metrics.ai_suggestions,
    confidence: confidenceOf(findings, metrics, model.ok),
    not_reviewed: result.not_reviewed,
    ...(model.ok && { tokens: metrics.tokens, model: model.value.id }),
  };
  const failure = whyInconclusive(files, read, [statics.failure, model.ok ? asked?.failure : model.failure]);
  return failure ? { status: 'inconclusive', result, metadata, failure } : { status: 'completed', result, metadata };
}

/** Findings of the snapshot's text at their place in the file as it stands now; in a notebook, in its cells. */
function whereItIsShown(snapshot: Snapshot): (finding: Finding) => Finding {
  const onto = ontoToday(snapshot);
  const now = intoCells(snapshot.todaysCells ?? snapshot.cells);
  const then = intoCells(snapshot.cells);
  return (finding) => {
    const placed = onto(finding);
    return placed.inTask ? then(placed) : now(placed);
  };
}

/** Which lines were looked at. Of an earlier state, and of cells, nobody can tell where they are now: none then. */
function partOf({ file, changed, today, cells }: Snapshot): [string, readonly LineSpan[]][] {
  if (!changed) return [];
  return [[file, today === undefined && !cells ? changed : []]];
}

function contextFrom({ shared, disputes, of, related }: Surroundings) {
  return {
    sharedContext: [...shared, ...disputes],
    contextOf: async ({ file }: Snapshot) => [...of(file), ...(await related(file))],
  };
}

function leftOut(snapshot: Snapshot, failure: Failure): NotReviewed {
  return { file: snapshot.file, reason: `AI review: ${failure.message}` };
}

/** Undefined when everything that was to be reviewed was. No changed file at all is a complete answer. */
function whyInconclusive(
  files: readonly ReviewedFile[],
  read: Snapshots,
  causes: readonly (Failure | undefined)[],
): Failure | undefined {
  const [first] = read.notReviewed;
  if (files.length > 0) return causes.find((cause) => cause !== undefined);
  return first && failures.nothingReviewed(`${first.file}: ${first.reason}`);
}

/** Hidden findings beyond this many are counted and not kept. */
const mostHidden = 1000;

/** The static checks are the first fifth of the work, the model is the rest. */
function progressOf(files: number, report: WorkReport) {
  let asked = 0;
  return {
    checked: (share: number) => report.progress(0.2 * share, `Static checks of ${files} files`, 'static'),
    ask: () => report.progress(0.2, 'Asking the model', 'model'),
    asked: () => {
      asked += 1;
      report.progress(0.2 + (0.79 * asked) / files, `The model is through with ${asked} of ${files} files`, 'model');
    },
  };
}
