// Runs inside the extension host: Mocha over the suites, its result into a file that the runner outside reads.
import { writeFile } from 'node:fs/promises';
import Mocha from 'mocha';
import { RejectionWatch } from './rejectionWatch.ts';
import { parseOrder, type SuiteFailure, type SuiteResult, suiteLine } from './suiteResult.ts';

/** `load` registers the suites. Rejects when a test failed, which ends the editor with exit code 1. */
export async function runMocha(load: () => void): Promise<void> {
  const order = parseOrder(process.env);
  const watch = new RejectionWatch();
  const mocha = new Mocha({ ui: 'tdd', timeout: 30_000, forbidOnly: true, forbidPending: true, reporter: Silent });
  if (order.grep) mocha.grep(order.grep);
  // Mocha makes `suite` and `test` known with this event; it has no public call for tests that are in a bundle.
  mocha.suite.emit('pre-require', globalThis, 'bundle', mocha);
  load();

  const result = await run(mocha);
  const failures = [...result.failures, ...(await watch.finish())];
  await writeFile(order.resultFile, JSON.stringify({ passed: result.passed, failures } satisfies SuiteResult));
  if (failures.length > 0) throw new Error(`${failures.length} tests failed`);
}

function run(mocha: Mocha): Promise<SuiteResult> {
  return new Promise((resolve) => {
    let passed = 0;
    const failures: SuiteFailure[] = [];
    mocha
      .run(() => resolve({ passed, failures }))
      .on('pass', (test) => {
        passed += 1;
        say(`✔ ${test.fullTitle()} (${test.duration ?? 0} ms)`);
      })
      .on('fail', (test, error: unknown) => {
        say(`✘ ${test.fullTitle()}`);
        failures.push({ name: test.fullTitle(), message: error instanceof Error ? `${error.stack}` : String(error) });
      });
  });
}

/** The results are taken from the events. */
class Silent extends Mocha.reporters.Base {
  override epilogue(): void {}
}

function say(text: string): void {
  console.log(suiteLine(text));
}
