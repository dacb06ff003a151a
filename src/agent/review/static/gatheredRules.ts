import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rulesFile } from './engineFolder.ts';
import type { Rule } from './rule.ts';

/** Our own rules. The build has checked them and taken out what only tests need. Rejects when the folder is damaged. */
export async function gatheredRules(engineFolder: string): Promise<readonly Rule[]> {
  const rules: readonly Rule[] = JSON.parse(await readFile(join(engineFolder, rulesFile), 'utf8'));
  return rules;
}
