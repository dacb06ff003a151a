import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { linesOf } from '../../src/agent/review/lines.ts';
import type { StaticCheck } from '../../src/agent/review/static/staticCheck.ts';
import type { Snapshot } from '../../src/agent/workspace/snapshot.ts';

/** What one check needs to be tried. */
export interface StaticCheckWorld {
  readonly check: StaticCheck;
  /** In this file the check finds two issues or more. */
  readonly flawed: Snapshot;
  /** In this one it finds none. */
  readonly sound: Snapshot;
  /** Whether `quote` is the text at the range; else it is empty, because the text must not be repeated. */
  readonly quotes: boolean;
}

/** What every StaticCheck owes a review. */
export function staticCheckContract(name: string, makeWorld: () => Promise<StaticCheckWorld>): void {
  describe(`static check contract: ${name}`, () => {
    const unaborted = new AbortController().signal;

    test('finds issues of the file, in the order of their lines', async () => {
      const { check, flawed } = await makeWorld();
      const found = await check.check(flawed, unaborted);
      assert.ok(found.length >= 2);
      assert.ok(found.every((issue) => issue.file === flawed.file));
      const lines = found.map((issue) => issue.range.line);
      assert.deepEqual(
        lines,
        [...lines].sort((a, b) => a - b),
      );
    });

    test('every range lies in the text, and the quote is what stands there', async () => {
      const { check, flawed, quotes } = await makeWorld();
      const lines = linesOf(flawed.text);
      for (const { range, quote } of await check.check(flawed, unaborted)) {
        const start = lines.startOf(range.line) + range.column - 1;
        const end = lines.startOf(range.endLine) + range.endColumn - 1;
        assert.ok(start < end && end <= flawed.text.length);
        assert.ok(range.endLine - range.line < 10);
        assert.deepEqual(lines.rangeOf(start, end), range);
        assert.equal(quote, quotes ? flawed.text.slice(start, end) : '');
      }
    });

    test('every issue can be shown: one line of title, a description, a rule, a confidence', async () => {
      const { check, flawed } = await makeWorld();
      for (const issue of await check.check(flawed, unaborted)) {
        assert.match(issue.title, /^[^\r\n]{1,100}$/);
        assert.ok(issue.description.length > 0 && issue.description.length <= 2000);
        assert.ok(issue.confidence >= 0 && issue.confidence <= 1);
        assert.ok(issue.ruleId);
        if (issue.ruleUrl !== undefined) assert.match(issue.ruleUrl, /^https:\/\//);
      }
    });

    test('finds nothing in sound code, in an empty file and in a language nobody knows', async () => {
      const { check, sound, flawed } = await makeWorld();
      assert.deepEqual(await check.check(sound, unaborted), []);
      const { absolutePath, ...inTask } = sound;
      assert.deepEqual(await check.check({ ...inTask, text: '' }, unaborted), []);
      assert.deepEqual(await check.check({ ...inTask, language: 'no-such-language' }, unaborted), []);
      assert.deepEqual(await check.check({ ...inTask, language: 'constructor' }, unaborted), []);
      assert.ok((await check.check(flawed, unaborted)).length > 0);
    });

    test('rejects with the reason of a signal that is aborted already', async () => {
      const { check, flawed } = await makeWorld();
      const reason = new Error('the task was cancelled');
      await assert.rejects(check.check(flawed, AbortSignal.abort(reason)), (error) => error === reason);
    });

    test('rejects with the reason of a signal that is aborted meanwhile', async () => {
      const { check, flawed } = await makeWorld();
      const cancel = new AbortController();
      const reason = new Error('the task was cancelled');
      const checking = check.check(flawed, cancel.signal).then(
        () => 'done',
        (error: unknown) => error,
      );
      cancel.abort(reason);
      // A check that works in one go is done before anyone can abort it.
      const outcome = await checking;
      assert.ok(outcome === reason || outcome === 'done', String(outcome));
    });

    test('never throws on text that is no code', async () => {
      const { check, flawed } = await makeWorld();
      const broken = [
        flawed.text.slice(0, flawed.text.length / 2),
        `${flawed.text}\n}}}])`,
        '((((((((((`${`${{{{',
        '\u0000\uFFFF\uD800 \uDC00\uFEFF\r\r\n\u2028',
        'eval('.repeat(200),
      ];
      for (const text of broken) await check.check({ ...flawed, text }, unaborted);
    });

    test('two files at once do not mix, and the snapshot stays as it is', async () => {
      const { check, flawed, sound } = await makeWorld();
      const frozen = Object.freeze({ ...flawed });
      const alone = await check.check(frozen, unaborted);
      const other = { ...flawed, text: `${flawed.text}\n\n` };
      const [first, second, third] = await Promise.all([
        check.check(frozen, unaborted),
        check.check(sound, unaborted),
        check.check(other, unaborted),
      ]);
      assert.deepEqual(first, alone);
      assert.deepEqual(second, []);
      assert.deepEqual(third, alone);
    });
  });
}
