import * as z from 'zod/mini';
import { categories, severities } from '../../findings/finding.ts';
import type { WorkspaceFolder } from '../../host.ts';
import type { SnapshotSource } from '../../tasks/payloadSnapshot.ts';
import { cleanText } from '../../workspace/clean.ts';
import { folderLabels } from '../../workspace/paths.ts';
import type { NotReviewed } from '../../workspace/snapshot.ts';
import { conditionsSchema, type Rule, type RuleLanguage, ruleLanguages } from './rule.ts';
import { slowExpressionIn } from './slowExpressions.ts';

/** A rule of the workspace's own, for the files below one of its folders. */
export interface UserRule {
  readonly rule: Rule;
  /** Where it is written. */
  readonly file: string;
  /** The label of the folder with a slash; empty with one folder. */
  readonly root: string;
}

export interface UserRules {
  readonly rules: readonly UserRule[];
  /** What could not be used, by file; the reason names the rule. */
  readonly problems: readonly NotReviewed[];
}

const userRulesGlob = '.developer-mesh/rules/*.{yaml,yml}';
const mostFiles = 50;
const largestFile = 64_000;
const mostRules = 200;

const text = (least: number, most: number) => z.string().check(z.minLength(least), z.maxLength(most));
const families: Readonly<Record<string, RuleLanguage>> = {
  ...Object.fromEntries(ruleLanguages.map((language) => [language, language])),
  js: 'javascript',
  jsx: 'javascript',
  ts: 'javascript',
  tsx: 'javascript',
  typescript: 'javascript',
  py: 'python',
  golang: 'go',
};
/** Ours, and the words that ast-grep has for them. */
const severityOf: Readonly<Record<string, Rule['severity']>> = {
  ...Object.fromEntries(severities.map((severity) => [severity, severity])),
  error: 'high',
  warning: 'medium',
  info: 'low',
  hint: 'low',
};
const oneOf = (words: Readonly<Record<string, unknown>>) =>
  text(1, 30).check(z.refine((word) => Object.hasOwn(words, word.toLowerCase())));

/** What ast-grep's own rule files say, as far as it can be kept, and what our rules have in addition. */
const format = z.strictObject({
  id: text(2, 60).check(z.regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/)),
  language: oneOf(families),
  message: text(5, 800),
  severity: z._default(oneOf(severityOf), 'medium'),
  type: z._default(z.enum(categories), 'maintainability'),
  confidence: z._default(z.number().check(z.minimum(0), z.maximum(1)), 0.8),
  title: z.optional(text(3, 100)),
  note: z.optional(text(3, 400)),
  suggestion: z.optional(text(3, 400)),
  cwe: z.optional(z.string().check(z.regex(/^CWE-\d{1,4}$/))),
  trigger: z.optional(text(2, 300)),
  rule: z.record(z.string(), z.unknown()),
  constraints: z.optional(z.record(z.string(), z.unknown())),
  where: z.optional(conditionsSchema),
  fix: z.optional(text(1, 400)),
});

/**
 * The rules of the open folders, from `.developer-mesh/rules/*.yaml`; one file may hold several, parted by `---`. Nothing
 * is read in a workspace that is not trusted. A rule that cannot be used is named among the problems, and the others
 * stand. `taken`: ids of other rules, which cannot be used again. Rejects only with the signal's reason.
 */
export async function readUserRules(
  workspace: Pick<SnapshotSource, 'snapshots'>,
  folders: readonly WorkspaceFolder[],
  taken: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<UserRules> {
  const rules: UserRule[] = [];
  const problems: NotReviewed[] = [];
  const ids = new Set(taken);
  const roots = folders.length > 1 ? folderLabels(folders).map((label) => `${label}/`) : [''];
  for (const root of roots) {
    const found = await workspace.snapshots({ kind: 'files', patterns: [`${root}${userRulesGlob}`] }, signal);
    // Nothing matches where there are no rules of its own.
    if (!found.ok) continue;
    const { snapshots: files, notReviewed } = found.value;
    for (const { file, reason } of notReviewed) {
      if (!file.endsWith(userRulesGlob)) problems.push({ file, reason: `not used: ${reason}` });
    }
    for (const [index, { file, text: source }] of files.entries()) {
      signal.throwIfAborted();
      const problem = (reason: string) => problems.push({ file, reason });
      if (index >= mostFiles) problem(`not used: there are more than ${mostFiles} files of rules`);
      else if (source.length > largestFile) problem(`not used: larger than ${largestFile / 1000} kB`);
      else {
        for (const read of await readRules(source)) {
          if (!read.ok) problem(read.reason);
          else if (rules.length >= mostRules) problem(`${read.rule.id}: there are more than ${mostRules} rules`);
          else if (ids.has(read.rule.id)) problem(`${read.rule.id}: there is another rule of this name`);
          else {
            ids.add(read.rule.id);
            rules.push({ rule: read.rule, file, root });
          }
        }
      }
    }
  }
  return { rules, problems };
}

type Read = { readonly ok: true; readonly rule: Rule } | { readonly ok: false; readonly reason: string };

async function readRules(source: string): Promise<readonly Read[]> {
  // Its default export: a chunk that is split off from a bundle has no other of a CommonJS package.
  const { parseAllDocuments } = (await import('yaml')).default;
  const documents = [...parseAllDocuments(source, { logLevel: 'silent' })];
  const read: Read[] = [];
  for (const [index, document] of documents.slice(0, mostRules + 1).entries()) {
    const name = `rule ${index + 1}`;
    const [error] = document.errors;
    if (error) {
      read.push({ ok: false, reason: reasonOf(name, error.message) });
      continue;
    }
    let value: unknown;
    try {
      // Aliases can multiply a small file into a huge one.
      value = document.toJS({ maxAliasCount: 0 });
    } catch (thrown) {
      read.push({ ok: false, reason: reasonOf(name, thrown instanceof Error ? thrown.message : 'broken') });
      continue;
    }
    read.push(await readRule(value, name));
  }
  return read;
}

const reasonOf = (name: string, what: string): string =>
  cleanText(`${name} not used: ${what.split('\n')[0] ?? ''}`, 300);

async function readRule(value: unknown, position: string): Promise<Read> {
  const read = format.safeParse(value);
  const name = named(value) ?? position;
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.join('.') || 'the rule';
    const what =
      issue?.code === 'unrecognized_keys' ? `has the unknown key ${issue.keys[0]}` : 'is missing or malformed';
    return { ok: false, reason: reasonOf(name, `${where} ${what}`) };
  }
  const { language, severity, title, note, suggestion, message, ...rest } = read.data;
  const slow = await slowExpressionIn(read.data);
  if (slow !== undefined) return { ok: false, reason: reasonOf(name, slow) };
  const first = message.split(/(?<=[.!?])\s|\n/)[0] ?? message;
  const advice = suggestion ?? note;
  return {
    ok: true,
    rule: {
      ...rest,
      language: families[language.toLowerCase()] ?? 'javascript',
      severity: severityOf[severity.toLowerCase()] ?? 'medium',
      title: cleanText(title ?? first, 100),
      message,
      ...(advice !== undefined && { suggestion: advice }),
    },
  };
}

function named(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'string' && id !== '' ? cleanText(id, 60) : undefined;
}
