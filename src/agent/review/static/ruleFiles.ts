import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type RuleFile, ruleFileSchema } from './rule.ts';

/** The rules as they are written, `<folder>/<language>/<id>.yaml`, in the order of their ids. Throws on a bad one. */
export async function readRuleFiles(folder: string): Promise<RuleFile[]> {
  const { parse } = await import('yaml');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.yaml'));
  const rules = await Promise.all(
    names.map(async (name) => {
      const document: unknown = parse(await readFile(join(folder, name), 'utf8'));
      const checked = ruleFileSchema.safeParse(document);
      if (!checked.success) throw new Error(`The rule ${name} is malformed: ${JSON.stringify(checked.error.issues)}`);
      const rule = checked.data;
      const place = join(rule.language, `${rule.id}.yaml`);
      if (name !== place) throw new Error(`The rule ${basename(name)} belongs at ${place}.`);
      return rule;
    }),
  );
  return rules.sort((a, b) => (a.id < b.id ? -1 : 1));
}
