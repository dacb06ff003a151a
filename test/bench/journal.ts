import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../src/agent/shared/clock.ts';
import { type Journal, openJournal } from '../../src/agent/tasks/journal.ts';
import type { JournalRecord } from '../../src/agent/tasks/journalState.ts';

/* What the task journal costs on this disk. Compare the ratio, not the absolute numbers. Prints one JSON line. */

const folder = await mkdtemp(join(tmpdir(), 'journal-bench-'));
let opened = 0;
const open = (name = String(opened++)) => openJournal(join(folder, name), { clock: systemClock, log: () => undefined });
const received = (id: string): JournalRecord => ({
  kind: 'received',
  task: { id, type: 'code_review', priority: 'normal', payload: { files: ['src/a.ts'] }, origin: 'server' },
});

/** Records a second, with so many callers that each wait for their own record before they bring the next. */
async function rate(callers: number, total: number): Promise<number> {
  const journal = await open();
  const before = performance.now();
  const caller = async (who: number) => {
    for (let n = 0; n < total / callers; n++) await journal.record(received(`${who}-${n}`));
  };
  await Promise.all(Array.from({ length: callers }, (_, who) => caller(who)));
  const perSecond = total / ((performance.now() - before) / 1000);
  await close(journal);
  return Math.round(perSecond);
}

async function close(journal: Journal): Promise<void> {
  journal.dispose();
  await journal.flush();
}

async function wholeLife(journal: Journal, id: string): Promise<void> {
  const metadata = { static_issues: 0, ai_suggestions: 0, confidence: 1, duration_ms: 5, not_reviewed: [] };
  const completed_at = new Date(systemClock.now()).toISOString();
  await journal.record(received(id), { kind: 'accepted', id });
  await journal.note({ kind: 'running', id, attempt: 1 });
  await journal.record({
    kind: 'result',
    result: { task_id: id, status: 'completed', result: { findings: [] }, metadata, completed_at },
  });
  await journal.record({ kind: 'ended', id, how: 'delivered', at: systemClock.now() });
}

await rate(1, 100);
const alone = await rate(1, 1000);
const grouped = await rate(200, 20_000);

const journal = await open('lives');
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
for (let n = 0; n < 10_000; n += 10) {
  await Promise.all(Array.from({ length: 10 }, () => wholeLife(journal, systemClock.uuid())));
}
delay.disable();
await close(journal);
const { size } = await stat(join(folder, 'lives', 'journal.jsonl'));
const before = performance.now();
const again = await open('lives');
const replayMs = performance.now() - before;
await close(again);
await rm(folder, { recursive: true, force: true });

console.log(
  JSON.stringify({
    recordsPerSecondAlone: alone,
    recordsPerSecondGrouped: grouped,
    ratio: Math.round(grouped / alone),
    bytesAfter10000Tasks: size,
    replayMs: Math.round(replayMs),
    loopDelayP99Ms: Math.round(delay.percentile(99) / 1e6),
    loopDelayMaxMs: Math.round(delay.max / 1e6),
  }),
);
