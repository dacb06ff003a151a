import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runTests } from '@vscode/test-electron';
import { openEditor } from '../setup/editorSession.ts';
import type { InstalledEditor } from '../setup/editors.ts';
import { root } from '../setup/paths.ts';
import { orderEnvironment, parseResult, readSuiteLine, type SuiteResult } from './suiteResult.ts';

export interface EditorRun {
  /** The module that bundleSuites made. */
  readonly suites: string;
  /** Folder of the extension under development. */
  readonly extension: string;
  /** A VSIX to install first. */
  readonly install?: string;
  /** Only the tests whose full name matches, as Mocha's grep. */
  readonly grep?: string;
}

/** Longer than any good run; an editor that hangs must not hang the machine that waits for it. */
const limitMs = 600_000;

/** Runs the suites in the extension host of a real editor. A run that ends without a result is one failure. */
export function runInEditor(run: EditorRun, editor: InstalledEditor, browser: string): Promise<SuiteResult> {
  return withFolders(run, async ({ workspace, environment }) => {
    const troubles: string[] = [];
    const session = await openEditor({
      editor,
      browser,
      workspace,
      environment,
      extension: run.extension,
      tests: run.suites,
      ...(run.install && { install: [run.install] }),
      onConsole: (type, args) => {
        const line = readSuiteLine(args);
        if (line !== undefined) console.log(`  ${line}`);
        // Shown when the run fails: from all extensions and the window itself.
        else if (type !== 'info' && type !== 'log') troubles.push(`${type}: ${args.map(String).join(' ')}`);
      },
    });
    const timer = new AbortController();
    try {
      const late = pause(limitMs, undefined, { signal: timer.signal }).then(() => {
        throw new Error(`The suites did not end within ${limitMs / 1000} s.`);
      });
      const code = await Promise.race([session.ended, late]);
      if (code !== 0) console.log(troubles.slice(-40).join('\n'));
      return code;
    } catch (error) {
      console.log(troubles.slice(-40).join('\n'));
      throw error;
    } finally {
      timer.abort();
      await session.dispose();
    }
  });
}

/** The same in the desktop application, which is downloaded. `version` is a number such as 1.104.0, or `stable`. */
export function runOnDesktop(run: EditorRun, version: string): Promise<SuiteResult> {
  return withFolders(run, ({ workspace, environment }) =>
    runTests({
      version,
      extensionDevelopmentPath: run.extension,
      extensionTestsPath: run.suites,
      extensionTestsEnv: environment,
      launchArgs: [workspace, '--disable-workspace-trust', '--disable-telemetry'],
    }),
  );
}

interface Folders {
  /** A fresh copy of test/fixtures/workspace. */
  readonly workspace: string;
  readonly environment: Record<string, string>;
}

async function withFolders(run: EditorRun, start: (folders: Folders) => Promise<number>): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'editor-run-'));
  const workspace = join(folder, 'workspace');
  const resultFile = join(folder, 'result.json');
  try {
    await cp(join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
    const environment = orderEnvironment({ resultFile, ...(run.grep && { grep: run.grep }) });
    const code = await start({ workspace, environment });
    const result = parseResult(await readFile(resultFile, 'utf8'));
    if (code === 0 || result.failures.length > 0) return result;
    return failed(result, `The editor ended with exit code ${code} although no test failed.`);
  } catch (error) {
    return failed({ passed: 0, failures: [] }, error instanceof Error ? `${error.stack}` : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function failed(result: SuiteResult, message: string): SuiteResult {
  return { passed: result.passed, failures: [...result.failures, { name: 'the run of the suites', message }] };
}
