import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runTests, TestRunFailedError } from '@vscode/test-electron';
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
  /** Added to that of the extension host. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Only the tests whose full name matches, as Mocha's grep. */
  readonly grep?: string;
}

/** Whoever runs the tests may be signed in to a mesh and to AWS; the editor under test is not. */
export const nobody = { MCP_SERVER_URL: '', MCP_API_KEY: '', AWS_PROFILE: '', AWS_EC2_METADATA_DISABLED: 'true' };

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
        else if (type === 'error') troubles.push(args.map(String).join(' ').slice(0, 400));
      },
    });
    const timer = new AbortController();
    try {
      const late = pause(limitMs, undefined, { signal: timer.signal }).then(() => {
        throw new Error(`The suites did not end within ${limitMs / 1000} s. Errors: ${troubles.slice(-10).join('\n')}`);
      });
      const code = await Promise.race([session.ended, late]);
      return { code, troubles };
    } finally {
      timer.abort();
      await session.dispose();
    }
  });
}

/** The same in the desktop application, which is downloaded. `version` is a number such as 1.104.0, or `stable`. */
export function runOnDesktop(run: EditorRun, version: string): Promise<SuiteResult> {
  return withFolders(run, async ({ workspace, environment }) => {
    try {
      const code = await runTests({
        version,
        extensionDevelopmentPath: run.extension,
        extensionTestsPath: run.suites,
        extensionTestsEnv: environment,
        launchArgs: [workspace, '--disable-workspace-trust', '--disable-telemetry'],
      });
      return { code, troubles: [] };
    } catch (error) {
      // Failed tests: the result file says which.
      if (error instanceof TestRunFailedError) return { code: error.code ?? 1, troubles: [] };
      throw error;
    }
  });
}

interface Folders {
  /** A fresh copy of test/fixtures/workspace. */
  readonly workspace: string;
  readonly environment: Record<string, string>;
}

interface Ending {
  readonly code: number;
  /** What all extensions and the window itself wrote as errors; a good run has some, too. */
  readonly troubles: readonly string[];
}

async function withFolders(run: EditorRun, start: (folders: Folders) => Promise<Ending>): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'editor-run-'));
  const workspace = join(folder, 'workspace');
  const resultFile = join(folder, 'result.json');
  try {
    await cp(join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
    const order = orderEnvironment({ resultFile, ...(run.grep && { grep: run.grep }) });
    const environment = { ...nobody, ...run.environment, ...order };
    const { code, troubles } = await start({ workspace, environment });
    const text = await readFile(resultFile, 'utf8').catch(() => undefined);
    if (text === undefined) {
      return failed(
        `The editor ended with exit code ${code} and no result. Errors:\n${troubles.slice(-10).join('\n')}`,
      );
    }
    const result = parseResult(text);
    if (code === 0 || result.failures.length > 0) return result;
    return failed(`The editor ended with exit code ${code} although no test failed.`, result.passed);
  } catch (error) {
    return failed(error instanceof Error ? `${error.stack}` : String(error));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function failed(message: string, passed = 0): SuiteResult {
  return { passed, failures: [{ name: 'the run of the suites', message }] };
}
