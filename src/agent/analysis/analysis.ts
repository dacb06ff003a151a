import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import type { Log } from '../host.ts';
import type { Model } from '../models/model.ts';
import { createSlices } from '../review/static/slices.ts';
import type { Settings } from '../settings.ts';
import type { Clock } from '../shared/clock.ts';
import { type AnalysisPayload, parseAnalysis } from '../tasks/payload.ts';
import { payloadSnapshot, type SnapshotSource } from '../tasks/payloadSnapshot.ts';
import type { Worker, WorkMetadata } from '../tasks/task.ts';
import type { NotReviewed, Snapshot } from '../workspace/snapshot.ts';
import { type Asked, askAnalyst } from './askAnalyst.ts';
import { type Facts, measure } from './measure.ts';

export interface AnalysisParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly workspace: Pick<SnapshotSource, 'snapshots'>;
  settings(): Settings;
  /** For the task that `signal` ends. */
  model(signal: AbortSignal): Promise<Outcome<Model>>;
}

export interface AnalysisResult {
  readonly summary: string;
  readonly facts: Facts;
  /** Plain text; absent when no model answered. */
  readonly answer?: string;
  /** Files that were not measured, and why. */
  readonly not_reviewed: readonly NotReviewed[];
}

/** Answers a question about code: measured facts first, then a model that has the facts and excerpts before it. */
export function createAnalyst(parts: AnalysisParts): Worker {
  return async (task, report, signal) => {
    signal.throwIfAborted();
    const payload = parseAnalysis(task.payload);
    if (!payload.ok) return { status: 'failed', failure: payload.failure };
    report.progress(0, 'Reading the files', 'read');
    const read = await snapshotsFor(payload.value, parts, signal);
    if (!read.ok) return { status: 'failed', failure: read.failure };
    const { snapshots, notReviewed } = read.value;
    const [first] = notReviewed;
    report.progress(0.1, `Measuring ${snapshots.length} files`, 'static');
    const facts = await measure(snapshots, createSlices(parts.clock, signal));
    if (snapshots.length === 0 && first) {
      const failure = failures.nothingReviewed(`${first.file}: ${first.reason}`);
      const result = { summary: failure.message, facts, not_reviewed: notReviewed };
      return { status: 'inconclusive', result, metadata: metadataOf(notReviewed, 0), failure };
    }

    report.progress(0.3, 'Asking the model', 'model');
    const asked = await askAnalyst({ question: payload.value.question, snapshots, facts }, parts, signal);
    signal.throwIfAborted();
    report.progress(1, 'Analysed', 'done');
    const result: AnalysisResult = {
      summary: summaryOf(facts, asked),
      facts,
      ...(asked.answer && { answer: asked.answer }),
      not_reviewed: notReviewed,
    };
    const share = asked.shown / (snapshots.length || 1);
    const metadata = {
      ...metadataOf(notReviewed, asked.failure ? 0.5 : 0.5 + 0.3 * share),
      ...(asked.model && { model: asked.model, tokens: asked.tokens }),
    };
    parts.log('info', 'Analysis done', { task: task.id, files: facts.files, shown: asked.shown });
    return asked.failure
      ? { status: 'inconclusive', result, metadata, failure: asked.failure }
      : { status: 'completed', result, metadata };
  };
}

interface Read {
  readonly snapshots: readonly Snapshot[];
  readonly notReviewed: readonly NotReviewed[];
}

async function snapshotsFor(
  { source }: AnalysisPayload,
  { workspace, settings }: AnalysisParts,
  signal: AbortSignal,
): Promise<Outcome<Read>> {
  if (source.kind === 'files') return workspace.snapshots(source, signal);
  const kilobytes = settings().limits.fileKilobytes;
  if (source.code.length > kilobytes * 1024) {
    return failed(failures.malformedPayload(`the code is larger than ${kilobytes} kB`));
  }
  return succeeded({ snapshots: [payloadSnapshot(source)], notReviewed: [] });
}

function metadataOf(notReviewed: readonly NotReviewed[], confidence: number): WorkMetadata {
  return { static_issues: 0, ai_suggestions: 0, confidence, not_reviewed: notReviewed };
}

function summaryOf(facts: Facts, asked: Asked): string {
  const { files, lines, functions, dependencies } = facts;
  const cycles = dependencies.cycles.length;
  const measured = `Measured ${counted(files, 'file')} with ${counted(lines, 'line')} and ${counted(functions, 'function')}; ${counted(dependencies.edges, 'dependency', 'dependencies')} between files, ${cycles === 0 ? 'no cycle' : counted(cycles, 'cycle')}.`;
  if (asked.failure)
    return `${measured} ${asked.answer ? 'The answer is incomplete' : 'There is no answer'}: ${asked.failure.message}`;
  return `${measured} Answered with ${asked.shown} of these files before the model${asked.cut > 0 ? `, ${asked.cut} of them in part` : ''}.`;
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
