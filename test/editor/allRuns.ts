import { join } from 'node:path';
import { ensureBrowser } from '../setup/browser.ts';
import { build } from '../setup/build.ts';
import { installEditor, latestVersion, minimumVersion } from '../setup/editors.ts';
import { makePackage } from '../setup/package.ts';
import { root, testFolder } from '../setup/paths.ts';
import { bundleSuites } from './bundleSuites.ts';
import { runByHand } from './byHand.ts';
import { runInEditor, runOnDesktop } from './editorRun.ts';
import { journeyEnvironment } from './journeyEnvironment.ts';
import type { SuiteResult } from './suiteResult.ts';

/**
 * `latest` and `minimum` run the extension from its build, `installed` runs the VSIX with suites inside the editor,
 * `byHand` the VSIX with mouse and keys alone, `desktop` the application.
 */
export const runNames = ['latest', 'minimum', 'installed', 'byHand'] as const;
export type RunName = (typeof runNames)[number] | 'desktop';

export interface RunChoice {
  readonly runs: readonly RunName[];
  readonly grep?: string;
}

/** Installs the editors and the browser that the runs need, which takes a while on a new machine. */
export async function prepareEditors(): Promise<void> {
  await Promise.all([ensureBrowser(), installEditor(latestVersion)]);
  await installEditor(await minimumVersion());
}

/** Builds, runs one after the other and prints each result. Never rejects: a run that cannot start is a failure. */
export async function runEditors({ runs, grep }: RunChoice): Promise<SuiteResult> {
  let passed = 0;
  const failures = [];
  for (const name of runs) {
    const result = await start(name, grep).catch(
      (error: unknown): SuiteResult => ({
        passed: 0,
        failures: [{ name: `the ${name} run`, message: error instanceof Error ? `${error.stack}` : String(error) }],
      }),
    );
    for (const failure of result.failures) console.log(`✘ ${failure.name}\n${failure.message}`);
    console.log(`${name}: ${result.passed} passed, ${result.failures.length} failed`);
    passed += result.passed;
    failures.push(...result.failures);
  }
  return { passed, failures };
}

async function start(name: RunName, grep: string | undefined): Promise<SuiteResult> {
  const limit = grep === undefined ? {} : { grep };
  if (name === 'installed') return runInstalled(limit);
  if (name === 'byHand') return runWithHands(grep);

  await build();
  // For servers of the suites that are reached over TLS.
  const environment = { NODE_EXTRA_CA_CERTS: join(root, 'test', 'fixtures', 'tls', 'authority.pem') };
  const run = { ...limit, environment, extension: root, suites: await bundleSuites('suite') };
  if (name === 'desktop') {
    const [oldest, newest] = [await minimumVersion(), 'stable'];
    console.log(`VS Code ${oldest} and ${newest}, the desktop application`);
    const results = [await runOnDesktop(run, oldest), await runOnDesktop(run, newest)];
    return {
      passed: results.reduce((sum, result) => sum + result.passed, 0),
      failures: results.flatMap((result) => result.failures),
    };
  }
  const version = name === 'latest' ? latestVersion : await minimumVersion();
  console.log(`VS Code ${version}`);
  return runInEditor(run, await installEditor(version), await ensureBrowser());
}

/** The package in the newest editor, installed as a user would. */
async function runInstalled(limit: { readonly grep?: string }): Promise<SuiteResult> {
  const install = await packaged();
  console.log(`VS Code ${latestVersion} with the package installed`);
  const suites = await bundleSuites('installed');
  const environment = await journeyEnvironment();
  const run = { ...limit, extension: join(root, 'test', 'editor', 'probe'), suites, install, environment };
  return runInEditor(run, await installEditor(latestVersion), await ensureBrowser());
}

async function runWithHands(grep: string | undefined): Promise<SuiteResult> {
  const install = await packaged();
  console.log(`VS Code ${latestVersion} with the package installed, by hand`);
  const [editor, browser] = [await installEditor(latestVersion), await ensureBrowser()];
  return runByHand({ package: install, editor, browser }, grep);
}

async function packaged(): Promise<string> {
  const out = join(testFolder, 'developer-mesh-agent.vsix');
  await build();
  await makePackage(root, out);
  return out;
}
