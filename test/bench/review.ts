/**
 * What a review costs and how fast it is, over files of this repository and a model double that bills and waits like a
 * service: input tokens against one call for each whole file, four calls abreast against one after the other, a repeat
 * after a restart, and how soon a finding is shown. Fails when a goal is missed. Run: `npm run bench:review`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeeded } from '../../src/agent/failures.ts';
import { withLimit } from '../../src/agent/models/limit.ts';
import type { Model } from '../../src/agent/models/model.ts';
import { reviewRequest } from '../../src/agent/review/ai/prompt.ts';
import { linesOf } from '../../src/agent/review/lines.ts';
import type { ReviewResult } from '../../src/agent/review/result.ts';
import { createReviewer } from '../../src/agent/review/review.ts';
import { openFile } from '../../src/agent/review/reviewedFile.ts';
import { checkSettings } from '../../src/agent/settings.ts';
import { systemClock } from '../../src/agent/shared/clock.ts';
import type { TokenUse, WorkReport } from '../../src/agent/tasks/task.ts';
import type { Snapshot } from '../../src/agent/workspace/snapshot.ts';
import { BillingModel, tokensOf } from './billingModel.ts';

const root = join(import.meta.dirname, '../../src/agent');
const sizes = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, size: statSync(join(root, name)).size }))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

function filesBetween(least: number, most: number): Snapshot[] {
  const fitting = sizes.filter(({ size }) => size >= least && size <= most);
  const step = fitting.length / 20;
  return Array.from({ length: 20 }, (_, index) => {
    const name = fitting[Math.floor(index * step)]?.name ?? '';
    const text = readFileSync(join(root, name), 'utf8');
    return { file: name, absolutePath: join(root, name), language: 'typescript', text };
  });
}

interface Run {
  readonly result: ReviewResult;
  readonly milliseconds: number;
  /** When each finding was shown, by its title. */
  readonly shown: ReadonlyMap<string, number>;
}

async function review(snapshots: readonly Snapshot[], model: Model, folder?: string): Promise<Run> {
  const shown = new Map<string, number>();
  const report: WorkReport = {
    progress: () => undefined,
    found: (findings) => {
      for (const { title } of findings) shown.set(title, performance.now());
    },
    replaceFindings: () => undefined,
  };
  const { settings } = checkSettings({ review: { findingsPerFile: 1000, minimumConfidence: 0 } });
  const reviewer = createReviewer({
    clock: systemClock,
    log: () => undefined,
    settings: () => settings,
    workspace: { snapshots: async () => succeeded({ snapshots, notReviewed: [] }) },
    checks: async () => [],
    model: async () => succeeded(model),
    ...(folder !== undefined && { answersFolder: folder }),
  });
  const task = {
    id: 'bench',
    type: 'code_review',
    priority: 'normal',
    payload: { files: ['**/*'] },
    origin: 'local',
  } as const;
  const start = performance.now();
  const outcome = await reviewer(task, report, new AbortController().signal);
  if (outcome.status !== 'completed') throw new Error(`The review was ${outcome.status}.`);
  return { result: outcome.result as ReviewResult, milliseconds: performance.now() - start, shown };
}

/** What the input costs, in tokens at the plain price: reading the cache costs a tenth, writing it a quarter more. */
const billed = ({ input, cache_read, cache_write }: TokenUse) => input + 0.1 * cache_read + 1.25 * cache_write;
let missed = false;
function goal(met: boolean, line: string): void {
  missed ||= !met;
  console.log(`${met ? 'met   ' : 'MISSED'} ${line}`);
}

function wholeFiles(snapshots: readonly Snapshot[]): number {
  return snapshots.reduce((sum, snapshot) => {
    const { shownText } = openFile(snapshot);
    const spans = [{ from: 1, to: linesOf(shownText).count }];
    const part = { name: snapshot.file, language: snapshot.language, shownText, spans, known: [] };
    const { system, prompt, tool } = reviewRequest([part], { focusAreas: [] }, 'data-0', false);
    return sum + tokensOf(system) + tokensOf(JSON.stringify(tool)) + tokensOf(prompt);
  }, 0);
}

/** Each file with two hunks of it changed, as a branch has it. */
function asChanges(snapshots: readonly Snapshot[]): Snapshot[] {
  return snapshots.map((snapshot) => {
    const { count } = linesOf(snapshot.text);
    const changed = [0.3, 0.7].map((share) => ({ from: Math.ceil(count * share), to: Math.ceil(count * share) + 2 }));
    return { ...snapshot, changed };
  });
}

const usual = filesBetween(1500, 9000);
const kilobytes = (snapshots: readonly Snapshot[]) =>
  (snapshots.reduce((sum, { text }) => sum + text.length, 0) / 1024).toFixed(0);
for (const [what, snapshots, whole] of [
  [`20 whole files (${kilobytes(usual)} kB)`, usual, wholeFiles(usual)],
  ['changes in 20 files', asChanges(filesBetween(6000, 40_000)), wholeFiles(filesBetween(6000, 40_000))],
] as const) {
  const model = new BillingModel({ firstEvent: 4, perPiece: 0 });
  const { result } = await review(snapshots, model);
  const { tokens, model_calls: calls } = result.metrics;
  const ratio = billed(tokens) / whole;
  const cached = tokens.cache_read / (tokens.input + tokens.cache_read + tokens.cache_write);
  goal(
    ratio <= 0.5,
    `${what}: ${billed(tokens).toFixed(0)} billed input tokens in ${calls} calls, one call a whole file ${whole}; ratio ${ratio.toFixed(2)} (goal <= 0.5), ${(cached * 100).toFixed(0)} % read from the cache`,
  );
}

const long = filesBetween(12_500, 40_000);
const pace = { firstEvent: 100, perPiece: 10 };
const oneByOne = await review(long, withLimit(new BillingModel(pace), 1));
const abreast = await review(long, withLimit(new BillingModel(pace), 4));
const ratio = abreast.milliseconds / oneByOne.milliseconds;
goal(
  ratio <= 0.35,
  `20 files four abreast ${abreast.milliseconds.toFixed(0)} ms in ${abreast.result.metrics.model_calls} calls, one after the other ${oneByOne.milliseconds.toFixed(0)} ms in ${oneByOne.result.metrics.model_calls}; ratio ${ratio.toFixed(2)} (goal <= 0.35)`,
);

const folder = mkdtempSync(join(tmpdir(), 'bench-review-'));
try {
  const first = await review(usual, new BillingModel(pace), folder);
  const again = await review(usual, new BillingModel(pace), folder);
  goal(
    again.result.metrics.model_calls === 0 && again.result.findings.length === first.result.findings.length,
    `a repeat after a restart: ${again.result.metrics.model_calls} calls and ${again.result.findings.length} findings, the first time ${first.result.metrics.model_calls} and ${first.result.findings.length} (goal 0 calls)`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const talkative = new BillingModel({ firstEvent: 5, perPiece: 1, findings: 12 });
const { shown } = await review(filesBetween(3000, 30_000), talkative);
const delays = [...shown]
  .map(([title, at]) => at - (talkative.completedAt.get(title) ?? Number.NaN))
  .sort((a, b) => a - b);
const [middle, worst] = [delays[Math.floor(delays.length / 2)] ?? Number.NaN, delays.at(-1) ?? Number.NaN];
const [firstTitle = '', firstAt = Number.NaN] = [...shown][0] ?? [];
const first = firstAt - (talkative.completedAt.get(firstTitle) ?? Number.NaN);
goal(
  first <= 20,
  `the first finding of the model was shown ${first.toFixed(2)} ms after its last byte; of ${delays.length} the median ${middle.toFixed(2)} ms, the slowest ${worst.toFixed(2)} ms (goal <= 20 ms)`,
);
const node = execFileSync(process.execPath, ['--version'], { encoding: 'utf8' }).trim();
console.log(`Node ${node}; tokens are counted as pieces of words, not by a model's tokenizer`);
if (missed) process.exitCode = 1;
