import { join } from 'node:path';
import type { Rule } from './rule.ts';
import { readRuleFiles } from './ruleFiles.ts';

let gathered: Promise<readonly Rule[]> | undefined;

/**
 * All rules. What stands here runs in tests, where Node takes the sources as they are. A bundle has no YAML files beside
 * it and no need to parse them, so the build (esbuild.mjs) puts a module in its place that returns the same as data.
 */
export function gatheredRules(): Promise<readonly Rule[]> {
  gathered ??= readRuleFiles(join(import.meta.dirname, 'rules'));
  return gathered;
}
