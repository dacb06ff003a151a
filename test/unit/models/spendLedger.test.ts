import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SpendLedger } from '../../../src/agent/models/spendLedger.ts';
import { FakeClock } from '../../fakes/fakeClock.ts';
import { ledgerFolder } from './meterSetup.ts';

const log = () => undefined;
const start = Date.UTC(2026, 4, 10, 12);
const open = (folder: string, clock: FakeClock) => new SpendLedger(folder, { clock, log });

test('what several windows spend is one sum, and a window that starts later knows it', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const one = open(folder, clock);
  const two = open(folder, clock);
  one.add(100, 0.5);
  two.add(200, undefined);
  one.add(300, 0.25);
  await Promise.all([one.read(), two.read()]);
  const expected = {
    tokensToday: 600,
    tokensThisMonth: 600,
    dollarsToday: 0.75,
    dollarsThisMonth: 0.75,
    tokensWithoutPrice: 200,
  };
  for (const ledger of [one, two, open(folder, clock)]) assert.deepEqual(await ledger.read(), expected);
});

test('a hundred calls side by side are all counted once', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const ledgers = [open(folder, clock), open(folder, clock), open(folder, clock)];
  for (let call = 0; call < 99; call += 1) {
    ledgers[call % 3]?.add(10, 0.01);
    if (call % 7 === 0) await ledgers[(call + 1) % 3]?.read();
  }
  await Promise.all(ledgers.map((ledger) => ledger.read()));
  for (const ledger of ledgers) assert.equal((await ledger.read()).tokensToday, 990);
});

test('a new day begins with nothing, and a new month too, while the month keeps what its days were', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const ledger = open(folder, clock);
  await ledger.read();
  ledger.add(100, 1);
  assert.equal(ledger.known.tokensToday, 100, 'it counts at once');
  await clock.advance(24 * 3_600_000);
  assert.deepEqual(await ledger.read(), {
    tokensToday: 0,
    tokensThisMonth: 100,
    dollarsToday: 0,
    dollarsThisMonth: 1,
    tokensWithoutPrice: 0,
  });
  ledger.add(50, 0.5);
  assert.equal(ledger.known.dollarsThisMonth, 1.5);
  clock.setWall(Date.UTC(2026, 5, 1));
  assert.equal((await ledger.read()).dollarsThisMonth, 0);
  clock.setWall(Date.UTC(2026, 6, 20));
  await ledger.read();
  assert.deepEqual(await readdir(folder), []);
});

test('a line that a crash cut off costs itself and no other', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const first = open(folder, clock);
  first.add(100, 1);
  await first.read();
  await appendFile(join(folder, '2026-05-10.jsonl'), '[999,9');
  const next = open(folder, clock);
  next.add(7, 0.1);
  assert.equal((await next.read()).tokensToday, 107);
});

test('what is no record is passed over', async () => {
  const folder = ledgerFolder();
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, '2026-05-10.jsonl'),
    '{}\n[-5,1,0]\n[1.5,1,0]\nnull\n[10,0.1,0]\n["1",2,3]\n[1e999,1,1]\n',
  );
  assert.equal((await open(folder, new FakeClock({ start })).read()).tokensToday, 10);
});

test('a day that is over takes one line, whoever folds it and however often', async () => {
  const folder = ledgerFolder();
  await mkdir(folder, { recursive: true });
  const yesterday = join(folder, '2026-05-09.jsonl');
  await writeFile(yesterday, '[10,0.001,0]\n'.repeat(1000));
  const clock = new FakeClock({ start });
  const sums = await Promise.all([open(folder, clock).read(), open(folder, clock).read()]);
  for (const { dollarsThisMonth } of sums) assert.ok(Math.abs(dollarsThisMonth - 1) < 1e-6);
  assert.ok((await stat(yesterday)).size < 100);
  assert.match(await readFile(yesterday, 'utf8'), /^\[10000,/);
  assert.ok(Math.abs((await open(folder, clock).read()).dollarsThisMonth - 1) < 1e-6);
});

test('where nothing can be written, what this process spends is counted all the same', async () => {
  const folder = ledgerFolder();
  await writeFile(folder, 'a file in place of the folder');
  const warnings: string[] = [];
  const ledger = new SpendLedger(folder, {
    clock: new FakeClock({ start }),
    log: (_level, message) => warnings.push(message),
  });
  await ledger.read();
  ledger.add(10, 1);
  await ledger.read();
  ledger.add(5, undefined);
  await ledger.read();
  assert.deepEqual([ledger.known.tokensToday, ledger.known.dollarsToday], [15, 1]);
  assert.equal(warnings.length, 1);
});

test('after a line that could not be written whole, the next begins a line of its own', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const ledger = open(folder, clock);
  ledger.add(10, 1);
  await ledger.read();
  const file = join(folder, '2026-05-10.jsonl');
  const written = await readFile(file, 'utf8');
  await unlink(file);
  await mkdir(file);
  ledger.add(20, 2);
  await ledger.read();
  await rmdir(file);
  await writeFile(file, `${written}[20,`);
  ledger.add(30, 3);
  await ledger.read();
  assert.equal((await open(folder, clock).read()).tokensToday, 40);
  assert.equal((await ledger.read()).tokensToday, 60);
});

test('a folder that somebody removed is made anew', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const ledger = open(folder, clock);
  ledger.add(10, 1);
  await ledger.read();
  await rm(folder, { recursive: true });
  ledger.add(20, 2);
  ledger.add(30, 3);
  await ledger.read();
  ledger.add(40, 4);
  await ledger.read();
  assert.equal((await open(folder, clock).read()).tokensToday, 40);
});

test('a clock that was wrong for a while costs nothing of the month', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start: Date.UTC(2026, 4, 31, 12) });
  const ledger = open(folder, clock);
  ledger.add(10, 1);
  await ledger.read();
  clock.setWall(Date.UTC(2026, 5, 1, 12));
  assert.equal((await ledger.read()).dollarsThisMonth, 0);
  clock.setWall(Date.UTC(2026, 4, 31, 13));
  assert.equal((await ledger.read()).dollarsThisMonth, 1);
});

test('what is known is read anew after two seconds, and at the turn of a day', async () => {
  const folder = ledgerFolder();
  const clock = new FakeClock({ start });
  const one = open(folder, clock);
  const two = open(folder, clock);
  await one.read();
  two.add(40, 0.4);
  await two.read();
  assert.equal((await one.refresh()).tokensToday, 0);
  clock.stall(2000);
  assert.equal((await one.refresh()).tokensToday, 40);
  clock.setWall(start + 12 * 3_600_000);
  assert.equal((await one.refresh()).tokensToday, 0);
});
