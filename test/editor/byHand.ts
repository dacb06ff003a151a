// The package in the newest editor as a person has it: no test module inside, so that messages and dialogs are really
// shown, and everything done with mouse and keys.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root, testFolder } from '../setup/paths.ts';
import { comingBack } from './byHand/comingBack.ts';
import { consenting } from './byHand/consenting.ts';
import type { Desk, Scenario, Sitting } from './byHand/scenario.ts';
import { signingIn } from './byHand/signingIn.ts';
import { trusting } from './byHand/trusting.ts';
import type { SuiteFailure, SuiteResult } from './suiteResult.ts';

const scenarios: readonly Scenario[] = [signingIn, trusting, comingBack, consenting];

/** `grep`: only the scenarios whose name matches; their steps build on one another. */
export async function runByHand(desk: Omit<Desk, 'workspace'>, grep?: string): Promise<SuiteResult> {
  let passed = 0;
  const failures: SuiteFailure[] = [];
  for (const scenario of scenarios) {
    if (grep !== undefined && !new RegExp(grep).test(scenario.name)) continue;
    const folder = await mkdtemp(join(tmpdir(), 'by-hand-'));
    const workspace = join(folder, 'workspace');
    try {
      await cp(join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
      const result = await play(scenario, { ...desk, workspace });
      passed += result.passed;
      failures.push(...result.failures);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  return { passed, failures };
}

/** A step that fails takes all later ones with it, each counted. */
async function play({ name, open }: Scenario, desk: Desk): Promise<SuiteResult> {
  let sitting: Sitting;
  try {
    sitting = await open(desk);
  } catch (error) {
    return { passed: 0, failures: [{ name: `${name}: opening the editor`, message: describe(error) }] };
  }
  let passed = 0;
  const failures: SuiteFailure[] = [];
  try {
    for (const [what, step] of Object.entries(sitting.steps)) {
      const title = `${name}: ${what}`;
      if (failures.length > 0) {
        failures.push({ name: title, message: 'An earlier step failed.' });
        continue;
      }
      const start = performance.now();
      try {
        await step();
        passed += 1;
        console.log(`  ✔ ${title} (${Math.round(performance.now() - start)} ms)`);
      } catch (error) {
        console.log(`  ✘ ${title}`);
        failures.push({ name: title, message: `${describe(error)}\n${await picture(sitting.page(), name)}` });
      }
    }
  } finally {
    await sitting.close();
  }
  return { passed, failures };
}

/** What the person saw when it failed. */
async function picture(page: Page, name: string): Promise<string> {
  const path = join(testFolder, `failed ${name}.png`);
  try {
    await page.screenshot({ path });
    return `Picture: ${path}`;
  } catch (error) {
    return `No picture: ${String(error)}`;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack}` : String(error);
}
