import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../../../src/agent/host.ts';
import { countUnfinished, type Journal, openJournal } from '../../../src/agent/tasks/journal.ts';
import type { JournalFiles } from '../../../src/agent/tasks/journalFiles.ts';
import { decodeLine, encodeLine } from '../../../src/agent/tasks/journalLines.ts';
import { type JournalRecord, JournalState } from '../../../src/agent/tasks/journalState.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { FaultyFiles } from '../../fakes/faultyFiles.ts';
import { result, task } from './examples.ts';

const root = await mkdtemp(join(tmpdir(), 'journal-'));
after(() => rm(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = () => join(root, String(folders++));
const fileOf = (folder: string) => join(folder, 'journal.jsonl');

interface Opened {
  readonly journal: Journal;
  readonly logged: string[];
}
async function open(folder: string, more: { clock?: FakeClock; files?: JournalFiles } = {}): Promise<Opened> {
  const logged: string[] = [];
  const log: Log = (level, message) => logged.push(`${level} ${message}`);
  return { journal: await openJournal(folder, { clock: new FakeClock(), log, ...more }), logged };
}
/** Opens, reads what is there, closes. */
async function reopened(folder: string): Promise<JournalState> {
  const { journal } = await open(folder);
  const state = new JournalState();
  for (const [id, entry] of journal.tasks) state.tasks.set(id, entry);
  for (const [id, entry] of journal.ended) state.ended.set(id, entry);
  journal.dispose();
  await journal.flush();
  return state;
}
const plain = (state: {
  readonly tasks: ReadonlyMap<string, unknown>;
  readonly ended: ReadonlyMap<string, unknown>;
}) => ({
  tasks: [...state.tasks],
  ended: [...state.ended],
});

const life: readonly JournalRecord[] = [
  { kind: 'received', task: task('one', { title: 'Grüße 👋', deadline: 1_900_000_000_000 }) },
  { kind: 'accepted', id: 'one' },
  { kind: 'received', task: task('two', { type: 'analysis', priority: 'high' }) },
  { kind: 'accepted', id: 'two' },
  { kind: 'running', id: 'one', attempt: 1 },
  { kind: 'result', result: result('one') },
  { kind: 'running', id: 'two', attempt: 1 },
  { kind: 'ended', id: 'one', how: 'delivered', at: Date.UTC(2026, 0, 1) },
  { kind: 'ended', id: 'never', how: 'cancelled', at: Date.UTC(2026, 0, 1) },
];
function stateAfter(records: readonly JournalRecord[]): JournalState {
  const state = new JournalState();
  for (const record of records) state.apply(record);
  return state;
}

test('a journal gives back after a restart exactly what was recorded', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  for (const record of life) await journal.record(record);
  journal.dispose();
  const again = await reopened(folder);
  assert.deepEqual(plain(again), plain(stateAfter(life)));
  assert.equal(again.tasks.get('two')?.attempts, 1);
  assert.equal(again.ended.get('one')?.result?.status, 'completed');
  assert.equal(again.tasks.has('one'), false);
});

test('the journal and its folder are for this user alone', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  await journal.record({ kind: 'received', task: task('one') });
  // Windows has no such modes: everything reads as 0o666.
  const modes = process.platform === 'win32' ? [0o666, 0o666] : [0o700, 0o600];
  const found = [await stat(folder), await stat(fileOf(folder))].map(({ mode }) => mode & 0o777);
  assert.deepEqual(found, modes);
  journal.dispose();
});

test('a run whose end may stand in a damaged line does not count, and one that began after it does', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  await journal.record({ kind: 'received', task: task('one') }, { kind: 'accepted', id: 'one' });
  journal.dispose();
  await journal.flush();
  const attempts = async () => (await reopened(folder)).tasks.get('one')?.attempts;
  const runThatIsKilled = async () => {
    const { journal } = await open(folder);
    const attempt = (journal.tasks.get('one')?.attempts ?? 0) + 1;
    await journal.record({ kind: 'running', id: 'one', attempt });
    journal.dispose();
    await journal.flush();
    return attempt;
  };
  for (let life = 0; life < 4; life++) {
    assert.equal(await runThatIsKilled(), 1);
    // It ended, and went out; what is left of the line does not say so.
    const lost = encodeLine({ kind: 'result', result: result('one', { status: 'inconclusive' }) });
    await appendFile(fileOf(folder), life % 2 === 0 ? lost.slice(0, 80) : lost.replace('one', 'oNe'));
    assert.equal(await attempts(), 0);
  }
  // The bad lines are still there, and a task that does bring us down is given up all the same.
  for (const expected of [1, 2, 3]) assert.equal(await runThatIsKilled(), expected);
  assert.equal(await attempts(), 3);
});

test('a journal cut at any byte opens, and holds a state it once had, or that with no run counted', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  for (const record of life) await journal.record(record);
  journal.dispose();
  await journal.flush();
  const whole = await readFile(fileOf(folder));
  const once = life.map((_, count) => plain(stateAfter(life.slice(0, count))));
  once.push(plain(stateAfter(life)));
  const forgiven = life.map((_, count) => {
    const state = stateAfter(life.slice(0, count));
    state.forgive();
    return plain(state);
  });
  const seen = new Set<number>();
  const cut = newFolder();
  await reopened(cut);
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(fileOf(cut), whole.subarray(0, length));
    const { journal: torn } = await open(cut);
    const state = plain(torn);
    const isWhole = length === 0 || whole[length - 1] === 10 || whole[length] === 10;
    const index = (isWhole ? once : forgiven).findIndex((each) => isDeepStrictEqual(each, state));
    assert.notEqual(index, -1, `cut at byte ${length}: ${JSON.stringify(state)}`);
    seen.add(index);
    // What is written after the tear is not swallowed by it.
    if (length % 11 === 0) await torn.record({ kind: 'received', task: task('after the tear') });
    torn.dispose();
    await torn.flush();
    if (length % 11 === 0)
      assert.equal((await reopened(cut)).tasks.has('after the tear'), true, `cut at byte ${length}`);
  }
  assert.equal(seen.size, once.length);
});

test('lines of garbage are skipped and counted, and what stands around them is kept', async () => {
  const folder = newFolder();
  const [first, second, third] = [life[0], life[1], life[2]].map((record) => encodeLine(record as JournalRecord));
  const flipped = String(second).replace('"accepted"', '"accepteD"');
  const newer = String(second).replace('{"v":1', '{"v":2');
  const nothing = '\u0000'.repeat(300);
  await reopened(folder);
  await writeFile(
    fileOf(folder),
    Buffer.concat([
      Buffer.from(`${first}${flipped}${newer}${nothing}\n`),
      Buffer.from([0xff, 0xfe, 10]),
      Buffer.from(`null\n\n${third}`),
    ]),
  );
  const lines: [string, unknown][] = [];
  const journal = await openJournal(folder, {
    clock: new FakeClock(),
    log: (_, message, fields) => lines.push([message, fields?.['skipped']]),
  });
  assert.deepEqual([...journal.tasks.keys()], ['one', 'two']);
  assert.deepEqual(lines, [['lines of the task journal cannot be read and were skipped', 5]]);
  journal.dispose();
});

test('a line with the right checksum over the wrong thing is skipped', () => {
  assert.deepEqual(decodeLine(encodeLine({ kind: 'accepted', id: 'x' }).trimEnd()), { kind: 'accepted', id: 'x' });
  const wrong: unknown[] = [
    { kind: 'accepted' },
    { kind: 'accepted', id: 7 },
    { kind: 'exploded', id: 'x' },
    { kind: 'running', id: 'x', attempt: 0 },
    [],
    null,
  ];
  for (const each of wrong)
    assert.equal(decodeLine(encodeLine(each as JournalRecord).trimEnd()), undefined, JSON.stringify(each));
});

test('a result whose earlier lines are lost is still there to be delivered', () => {
  const state = stateAfter([{ kind: 'result', result: result('orphan') }]);
  assert.equal(state.tasks.get('orphan')?.state.kind, 'result');
});

test('the first result of a task stands', () => {
  const state = stateAfter([
    { kind: 'received', task: task('a') },
    { kind: 'result', result: result('a') },
  ]);
  assert.equal(state.apply({ kind: 'result', result: result('a', { status: 'cancelled' }) }), false);
  assert.equal(state.apply({ kind: 'running', id: 'a', attempt: 9 }), false);
  const entry = state.tasks.get('a');
  assert.equal(entry?.state.kind === 'result' && entry.state.result.status, 'completed');
});

test('records that come twice change nothing', () => {
  const twice = stateAfter([...life, ...life]);
  assert.deepEqual(plain(twice), plain(stateAfter(life)));
});

test('an attempt that was stopped in order does not count', () => {
  const state = stateAfter([
    { kind: 'received', task: task('a') },
    { kind: 'accepted', id: 'a' },
    { kind: 'running', id: 'a', attempt: 1 },
    { kind: 'running', id: 'a', attempt: 2 },
    { kind: 'stopped', id: 'a', attempt: 2 },
    { kind: 'stopped', id: 'a', attempt: 2 },
  ]);
  assert.equal(state.tasks.get('a')?.attempts, 1);
});

test('many callers share few writes, and each waits for its own record', async () => {
  const folder = newFolder();
  const files = new FaultyFiles();
  const { journal } = await open(folder, { files });
  await Promise.all(Array.from({ length: 500 }, (_, n) => journal.record({ kind: 'received', task: task(`t${n}`) })));
  assert.ok(files.counts.sync <= 3, `${files.counts.sync} syncs`);
  assert.equal((await readFile(fileOf(folder), 'utf8')).split('\n').length, 501);
  journal.dispose();
});

test('a record is not durable before the disk has synced it', async () => {
  const folder = newFolder();
  const files = new FaultyFiles();
  const { journal } = await open(folder, { files });
  let durable = false;
  const recorded = journal.record({ kind: 'received', task: task('a') }).then(() => {
    assert.equal(files.counts.sync, 1);
    durable = true;
  });
  assert.equal(durable, false);
  await recorded;
  journal.dispose();
});

test('a large journal that is mostly dead is compacted, and stays private', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  const payload = 'x'.repeat(50_000);
  for (let n = 0; n < 60; n++) {
    const id = `t${n}`;
    await journal.record({ kind: 'received', task: task(id, { payload }) }, { kind: 'accepted', id });
    await journal.record({ kind: 'result', result: result(id) });
    if (n % 2 === 0) await journal.record({ kind: 'ended', id, how: 'delivered', at: Date.UTC(2026, 0, 1) });
  }
  await journal.flush();
  const before = plain(journal);
  journal.dispose();
  await journal.flush();
  const { size, mode } = await stat(fileOf(folder));
  assert.ok(size < 1_200_000, `${size} bytes after 3 MB of records`);
  if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600);
  assert.deepEqual(plain(await reopened(folder)), before);
  assert.deepEqual(await readdir(folder), ['journal.jsonl']);
});

test('a large journal that is alive is left alone', async () => {
  const folder = newFolder();
  const files = new FaultyFiles();
  const { journal } = await open(folder, { files });
  for (let n = 0; n < 30; n++)
    await journal.record({ kind: 'received', task: task(`t${n}`, { payload: 'x'.repeat(50_000) }) });
  await journal.flush();
  assert.equal(files.counts.rename, 0);
  journal.dispose();
});

test('ten thousand finished tasks fit into five megabytes and are known after a restart', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  const done: Promise<void>[] = [];
  for (let n = 0; n < 10_500; n++) {
    const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    done.push(
      journal.record(
        { kind: 'received', task: task(id) },
        { kind: 'accepted', id },
        { kind: 'running', id, attempt: 1 },
        { kind: 'result', result: result(id) },
        { kind: 'ended', id, how: 'delivered', at: Date.UTC(2026, 0, 1) },
      ),
    );
    if (n % 500 === 0) await Promise.all(done.splice(0));
  }
  await Promise.all(done);
  journal.dispose();
  await journal.flush();
  const { size } = await stat(fileOf(folder));
  assert.ok(size < 5 * 1024 * 1024, `${size} bytes`);
  const { ended } = await reopened(folder);
  assert.equal(ended.size, 10_000);
  assert.equal(ended.has('00000000-0000-4000-8000-000000000499'), false);
  assert.equal(
    [...ended.values()].every(({ status }) => status === 'completed'),
    true,
  );
  assert.notEqual([...ended.values()].at(-1)?.result, undefined);
  assert.equal([...ended.values()][0]?.result, undefined, 'old results are not kept');
});

test('what ended more than a day ago is forgotten at the next start', async () => {
  const folder = newFolder();
  const start = Date.UTC(2026, 0, 1);
  const { journal } = await open(folder);
  await journal.record({ kind: 'ended', id: 'old', how: 'cancelled', at: start });
  await journal.record({ kind: 'ended', id: 'new', how: 'cancelled', at: start + 60_000 });
  journal.dispose();
  await journal.flush();
  const { journal: later } = await open(folder, { clock: new FakeClock({ start: start + 24 * 3_600_000 + 1 }) });
  assert.deepEqual([...later.ended.keys()], ['new']);
  later.dispose();
});

test('a large result is not kept once it is delivered, only how the task ended', () => {
  const state = stateAfter([
    { kind: 'result', result: result('big', { result: 'x'.repeat(20_000) }) },
    { kind: 'ended', id: 'big', how: 'delivered', at: 1 },
  ]);
  const { how, status, result: kept } = state.ended.get('big') ?? {};
  assert.deepEqual({ how, status, kept }, { how: 'delivered', status: 'completed', kept: undefined });
});

for (const [step, code] of [
  ['write', 'ENOSPC'],
  ['sync', 'EIO'],
] as const) {
  test(`a disk that fails to ${step} is one notice, memory goes on, and the disk gets all once it is well`, async () => {
    const folder = newFolder();
    const clock = new FakeClock();
    const files = new FaultyFiles();
    const { journal } = await open(folder, { clock, files });
    await journal.record({ kind: 'received', task: task('before') });
    const notices: string[] = [];
    journal.onDegraded(({ code: what }) => notices.push(what));
    files.fail(step, code);
    files.fail('open', code);
    for (const id of ['during 1', 'during 2']) await journal.record({ kind: 'received', task: task(id) });
    assert.equal(journal.degraded?.code, 'storage-degraded');
    assert.deepEqual([...journal.tasks.keys()], ['before', 'during 1', 'during 2']);
    await clock.advance(60_000);
    await journal.flush();
    assert.deepEqual(notices, ['storage-degraded']);
    files.heal();
    await clock.advance(10_000);
    await journal.flush();
    assert.equal(journal.degraded, undefined);
    await journal.record({ kind: 'received', task: task('after') });
    journal.dispose();
    await journal.flush();
    assert.deepEqual([...(await reopened(folder)).tasks.keys()], ['before', 'during 1', 'during 2', 'after']);
    assert.equal(clock.pending, 0);
  });
}

test('what is recorded while the disk recovers is not lost', async () => {
  const folder = newFolder();
  const clock = new FakeClock();
  const files = new FaultyFiles();
  files.fail('open', 'EROFS');
  const { journal } = await open(folder, { clock, files });
  assert.equal(journal.degraded?.code, 'storage-degraded');
  await journal.record({ kind: 'received', task: task('first') });
  files.heal();
  const recovering = clock.advance(10_000);
  const recorded: Promise<void>[] = [];
  for (let n = 0; n < 50; n++) {
    recorded.push(journal.record({ kind: 'received', task: task(`t${n}`) }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await recovering;
  await Promise.all(recorded);
  await journal.flush();
  assert.equal(journal.degraded, undefined);
  journal.dispose();
  await journal.flush();
  assert.equal((await reopened(folder)).tasks.size, 51);
});

test('a journal that could not be read at first is added to, not overwritten', async () => {
  const folder = newFolder();
  const { journal: earlier } = await open(folder);
  await earlier.record({ kind: 'received', task: task('earlier') });
  earlier.dispose();
  await earlier.flush();
  const clock = new FakeClock();
  const files = new FaultyFiles();
  files.fail('prepare', 'EIO');
  const { journal } = await open(folder, { clock, files });
  await journal.record({ kind: 'received', task: task('later') });
  files.heal();
  await clock.advance(10_000);
  await journal.flush();
  assert.deepEqual([...journal.tasks.keys()], ['earlier', 'later']);
  journal.dispose();
  await journal.flush();
  assert.deepEqual([...(await reopened(folder)).tasks.keys()], ['earlier', 'later']);
});

test('a file that cannot be read is set aside and the journal begins anew', async () => {
  const folder = newFolder();
  const files = new FaultyFiles();
  await reopened(folder);
  await appendFile(fileOf(folder), 'precious');
  files.fail('read', 'EIO');
  const { journal, logged } = await open(folder, { files });
  assert.equal(journal.degraded, undefined);
  assert.deepEqual(logged, ['error the task journal cannot be read and is set aside']);
  assert.equal((await readdir(folder)).filter((name) => name.includes('unreadable')).length, 1);
  journal.dispose();
});

test('disposing writes at once what still waits', async () => {
  const folder = newFolder();
  const { journal } = await open(folder);
  for (let n = 0; n < 20; n++) void journal.record({ kind: 'received', task: task(`t${n}`) });
  journal.dispose();
  const lines = (await readFile(fileOf(folder), 'utf8')).trimEnd().split('\n');
  assert.equal(new Set(lines).size, 20);
  await journal.flush();
});

test('a record that is not JSON throws and leaves no trace', async () => {
  const { journal } = await open(newFolder());
  assert.throws(() => journal.record({ kind: 'result', result: result('a', { result: { count: 1n } }) }), TypeError);
  assert.equal(journal.tasks.size, 0);
  journal.dispose();
});

test('unfinished tasks can be counted without opening the journal', async () => {
  const folder = newFolder();
  assert.equal(await countUnfinished(folder), 0);
  const { journal } = await open(folder);
  for (const record of life) await journal.record(record);
  journal.dispose();
  assert.equal(await countUnfinished(folder), 1);
});

test('what is only noted is read by the next process, costs no sync, and becomes durable with the next record', async () => {
  const folder = newFolder();
  const files = new FaultyFiles();
  const { journal } = await open(folder, { files });
  await journal.record(...life.slice(0, 2));
  const syncs = files.counts.sync;
  await journal.note({ kind: 'running', id: 'one', attempt: 1 });
  assert.equal(files.counts.sync, syncs);
  assert.equal((await reopened(folder)).tasks.get('one')?.state.kind, 'running');
  await Promise.all([
    journal.note({ kind: 'running', id: 'one', attempt: 2 }),
    journal.record({ kind: 'result', result: result('one') }),
  ]);
  assert.equal(files.counts.sync, syncs + 1);
  journal.dispose();
});

test('a note that cannot be written is as any record: memory serves, and a person is told', async () => {
  const files = new FaultyFiles();
  const { journal } = await open(newFolder(), { files });
  files.fail('write', 'ENOSPC');
  await journal.note(...life.slice(0, 1));
  assert.equal(journal.degraded?.code, 'storage-degraded');
  assert.equal(journal.tasks.size, 1);
  journal.dispose();
});
