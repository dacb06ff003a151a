import type { Finding } from '../findings/finding.ts';
import type { Log } from '../host.ts';
import type { Settings } from '../settings.ts';
import { capAll, capPerFile } from './filter.ts';
import type { FixCheck } from './fixCheck.ts';
import { merge, mergeStatics } from './merge.ts';
import type { ReviewMetrics } from './result.ts';
import type { ReviewedFile } from './reviewedFile.ts';
import { grammarFor } from './static/engineFolder.ts';
import type { Slices } from './static/slices.ts';

/**
 * What the phases found in each file, as one list. `beyond`: left out by the limits for one file and for the run, and
 * with all that is below the thresholds among the `hidden`.
 */
export function conclude(files: readonly ReviewedFile[], { findingsPerFile, findingsPerRun }: Settings['review']) {
  const all: Finding[] = [];
  const hidden: Finding[] = [];
  let repeated = 0;
  for (const file of files) {
    const statics = mergeStatics(file.statics);
    const merged = merge(statics.issues, file.models);
    const kept = capPerFile(merged.issues, findingsPerFile);
    repeated += statics.repeated + merged.repeated;
    hidden.push(...file.hidden, ...merged.issues.filter((finding) => !kept.includes(finding)));
    all.push(...kept);
  }
  const findings = capAll(all, findingsPerRun);
  const counted = new Set(findings);
  hidden.push(...all.filter((finding) => !counted.has(finding)));
  const beyond = hidden.length - files.reduce((sum, file) => sum + file.hidden.length, 0);
  return { findings, repeated, hidden, beyond };
}

/** A fix that does not fit, or breaks the file, is worse than none. */
export async function withGoodFixes(
  findings: readonly Finding[],
  files: readonly ReviewedFile[],
  { fixHolds, slices, log }: { readonly fixHolds?: FixCheck; readonly slices: Slices; readonly log: Log },
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const snapshots = new Map(files.map(({ snapshot }) => [snapshot.file, snapshot]));
  const checked: Finding[] = [];
  for (const finding of findings) {
    const snapshot = snapshots.get(finding.file);
    const holds =
      !finding.fix ||
      !fixHolds ||
      !snapshot ||
      (await fixHolds(snapshot, finding, slices).catch((error: unknown) => {
        signal.throwIfAborted();
        log('warn', 'A fix could not be checked, so it is not offered', { error: String(error) });
        return false;
      }));
    const { fix: _, ...plain } = finding;
    checked.push(holds ? finding : plain);
  }
  return checked;
}

/** The languages no rule of ours is for. */
export function unruled(files: readonly ReviewedFile[]) {
  const counts = new Map<string, number>();
  for (const { snapshot } of files) {
    if (!grammarFor(snapshot.language)) counts.set(snapshot.language, (counts.get(snapshot.language) ?? 0) + 1);
  }
  return [...counts].map(([language, count]) => ({ language, files: count })).sort((x, y) => y.files - x.files);
}

/**
 * 0..1: how sure the findings are, or 0.8 where nothing was found, times the share of files that were reviewed in full;
 * static checks alone count half.
 */
export function confidenceOf(findings: readonly Finding[], metrics: ReviewMetrics, withModel: boolean): number {
  const { files, files_reviewed: reviewed } = metrics;
  const sure = findings.reduce((sum, { confidence }) => sum + confidence, 0) / (findings.length || 1);
  const share = withModel ? reviewed / (files || 1) : 0.5;
  return Math.round((findings.length > 0 ? sure : 0.8) * (files === 0 ? 1 : share) * 100) / 100;
}
