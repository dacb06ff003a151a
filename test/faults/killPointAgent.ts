import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Incoming } from '../../src/agent/connection/messages.ts';
import { defaultSettings } from '../../src/agent/settings.ts';
import { sleep, systemClock } from '../../src/agent/shared/clock.ts';
import { type Journal, openJournal } from '../../src/agent/tasks/journal.ts';
import { type JournalFile, type JournalFiles, journalFiles } from '../../src/agent/tasks/journalFiles.ts';
import type { Worker } from '../../src/agent/tasks/task.ts';
import { createTaskRunner } from '../../src/agent/tasks/taskRunner.ts';

/*
 * An agent with the real runner on a real journal, whose server is the parent process: one JSON line a message, words
 * in on stdin, messages out on stdout. At the point named by the second argument it says so and stands still for ever,
 * with nothing of that moment undone, until the parent kills it. Arguments: folder, point or `none`.
 */
const [folder = '', wanted = 'none'] = process.argv.slice(2);

/** Written before it returns: what was said before a death was heard. */
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`);

function reach(point: string): void {
  if (point !== wanted) return;
  say({ at: point });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function sayIfIdle(): void {
  if (journal.tasks.size === 0) void journal.flush().then(() => say({ idle: true }));
}

/** What is in a piece of the journal: the last step of it names the piece. */
function stepOf(text: string): string {
  return (
    text
      .match(/"record":\{"kind":"(\w+)"/g)
      ?.at(-1)
      ?.match(/(\w+)"$/)?.[1] ?? 'nothing'
  );
}

const files: JournalFiles = {
  ...journalFiles,
  async open(path, emptied) {
    const file = await journalFiles.open(path, emptied);
    let step = 'nothing';
    const watched: JournalFile = {
      ...file,
      async write(text) {
        step = emptied ? 'compaction' : stepOf(text);
        reach(`${step}: before the write`);
        if (wanted === `${step}: half written`) await file.write(text.slice(0, text.length / 2));
        reach(`${step}: half written`);
        await file.write(text);
        reach(`${step}: written, not synced`);
      },
      async sync() {
        await file.sync();
        reach(`${step}: synced`);
      },
    };
    return watched;
  },
  async rename(from, to) {
    await journalFiles.rename(from, to);
    reach('compaction: renamed');
  },
};

const journal = await openJournal(folder, { clock: systemClock, log: () => undefined, files });
const watchedJournal: Journal = {
  get tasks() {
    return journal.tasks;
  },
  get ended() {
    return journal.ended;
  },
  get degraded() {
    return journal.degraded;
  },
  onDegraded: journal.onDegraded,
  async record(...records) {
    await journal.record(...records);
    reach(`${records.at(-1)?.kind}: durable`);
    sayIfIdle();
  },
  async note(...records) {
    await journal.note(...records);
    reach(`${records.at(-1)?.kind}: written`);
  },
  flush: () => journal.flush(),
  dispose: () => journal.dispose(),
};

const worker: Worker = async (task, report, signal) => {
  say({ ran: task.id });
  report.progress(0.1, 'begun', 'static');
  await sleep(systemClock, 5, signal);
  reach('work: under way');
  report.progress(0.9, 'nearly', 'model');
  await sleep(systemClock, 5, signal);
  if (task.type === 'analysis') {
    reach('work: endless');
    await sleep(systemClock, 60_000, signal);
  }
  reach('work: done');
  return {
    status: 'completed',
    // Another one each time: two runs that both reported would be seen.
    result: { summary: systemClock.uuid() },
    metadata: { static_issues: 0, ai_suggestions: 0, confidence: 1, not_reviewed: [] },
  };
};

const runner = createTaskRunner({
  workers: { code_review: worker, documentation: worker, analysis: worker },
  journal: watchedJournal,
  limits: () => defaultSettings.limits,
  clock: systemClock,
  log: () => undefined,
  emit: ({ type }) => reach(`event ${type}`),
  send: (message) => {
    const id = systemClock.uuid();
    say({ id, message });
    reach(`${message.kind}: sent`);
    return id;
  },
});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const word: Incoming = JSON.parse(line);
    reach(`${word.kind}: heard`);
    if (word.kind === 'registered') runner.registered();
    else runner.hear(word);
    reach(`${word.kind}: taken`);
    sayIfIdle();
  })
  .on('close', () => runner.dispose());

runner.start();
say({ register: runner.unfinished });
