import picomatch from 'picomatch';
import type { SnapshotSource } from '../../tasks/payloadSnapshot.ts';
import { redact } from '../../workspace/redact.ts';
import type { NotReviewed } from '../../workspace/snapshot.ts';
import { type ContextBlock, disputesRoom, fitting, sharedRoom } from '../ai/contextBlock.ts';
import {
  mostWildcards,
  noReviewFile,
  type ReviewFile,
  readReviewFile,
  reviewFileName,
  wildcardsIn,
} from './reviewFile.ts';

/** What the people of a workspace ask of whoever reviews it. Data for the model, like the code. */
export interface Guidance {
  /** For every file, most general first. */
  readonly shared: readonly ContextBlock[];
  /** For one file alone. */
  of(file: string): readonly ContextBlock[];
  /** Reason why a file is not to be reviewed at all. */
  excluded(file: string): string | undefined;
  /** Whether a rule is not wanted for a file. */
  disabled(file: string, ruleId: string): boolean;
  /** Files that said something, by path. */
  readonly applied: readonly string[];
  /** Those that could not be used. */
  readonly problems: readonly NotReviewed[];
}

/** UTF-16 units of one instruction file. */
const longest = 16_000;
const mostFolders = 200;

/**
 * Looks for the files that tell how a workspace is to be reviewed: `.developer-mesh/review.yaml`, `AGENTS.md` of each
 * folder on the way to a file, `.github/copilot-instructions.md`, and `.github/instructions/*.instructions.md` with
 * the files they apply to. `roots`: the labels of the open folders with a slash, `['']` with one folder.
 */
export async function findGuidance(
  files: readonly string[],
  roots: readonly string[],
  workspace: Pick<SnapshotSource, 'snapshots' | 'read'>,
  signal: AbortSignal,
): Promise<Guidance> {
  const applied = new Set<string>();
  const problems: NotReviewed[] = [];
  const general: { readonly source: string; readonly block: ContextBlock }[] = [];
  const scoped: Scoped[] = [];
  const reviewFiles = new Map<string, ReviewFile>();

  const read = async (path: string): Promise<string | undefined> => {
    const found = await workspace.read(path, signal);
    return found.ok ? found.value.text : undefined;
  };
  for (const root of roots) {
    const inRoot = files.filter((file) => file.startsWith(root));
    if (inRoot.length === 0) continue;
    const own = await read(`${root}${reviewFileName}`);
    const reviewFile = own === undefined ? { ok: true as const, value: noReviewFile } : await readReviewFile(own);
    if (!reviewFile.ok) problems.push({ file: `${root}${reviewFileName}`, reason: redact(reviewFile.reason).text });
    else if (own !== undefined) {
      reviewFiles.set(root, reviewFile.value);
      const { instructions, paths } = reviewFile.value;
      if (instructions !== '')
        scoped.push({ source: `${root}${reviewFileName}`, text: instructions, matches: below(root) });
      for (const { match, instructions: text } of paths) {
        scoped.push({ source: `${root}${reviewFileName}`, text, matches: globBelow(root, match) });
      }
      applied.add(`${root}${reviewFileName}`);
    }
    const copilot = `${root}.github/copilot-instructions.md`;
    const forCopilot = await read(copilot);
    if (forCopilot?.trim()) scoped.push({ source: copilot, text: forCopilot, matches: below(root) });

    const listed = await workspace.snapshots(
      { kind: 'files', patterns: [`${root}.github/instructions/**/*.instructions.md`] },
      signal,
    );
    for (const { file, text } of listed.ok ? listed.value.snapshots : []) {
      const { applyTo, body } = frontMatter(text);
      // Without it the file is for whoever asks for it by hand.
      if (applyTo && body.trim()) scoped.push({ source: file, text: body, matches: globBelow(root, applyTo) });
    }
    for (const folder of foldersOf(inRoot, root)) {
      const path = `${folder}AGENTS.md`;
      const text = await read(path);
      if (text?.trim()) scoped.push({ source: path, text, matches: below(folder) });
    }
  }

  const forFile = new Map<string, ContextBlock[]>();
  for (const { source, text, matches } of scoped) {
    const wanting = files.filter(matches);
    if (wanting.length === 0) continue;
    applied.add(source);
    const block: ContextBlock = { title: `instructions of the project, ${source}`, text: shown(text) };
    if (wanting.length === files.length) general.push({ source, block });
    else for (const file of wanting) forFile.set(file, [...(forFile.get(file) ?? []), block]);
  }
  const room = sharedRoom - disputesRoom;
  const shared = fitting(
    general.map(({ block }) => block),
    room,
  );
  const used = new Set(general.slice(0, shared.length).map(({ source }) => source));
  for (const { source } of general.slice(shared.length)) {
    if (used.has(source)) continue;
    applied.delete(source);
    problems.push({ file: source, reason: `not used: what holds for all files has ${room} characters of room` });
  }
  const exclusions = [...reviewFiles].map(([root, { exclude }]) => {
    return { root, globs: exclude.map((glob) => globBelow(root, withInside(glob))) };
  });
  return {
    shared,
    of: (file) => forFile.get(file) ?? [],
    excluded: (file) => {
      const found = exclusions.find(({ root }) => file.startsWith(root));
      return found?.globs.some((matches) => matches(file)) ? `excluded by ${found.root}${reviewFileName}` : undefined;
    },
    disabled: (file, ruleId) => {
      return [...reviewFiles].some(([root, own]) => file.startsWith(root) && own.disabledRules.includes(ruleId));
    },
    applied: [...applied],
    problems,
  };
}

interface Scoped {
  readonly source: string;
  readonly text: string;
  readonly matches: (file: string) => boolean;
}

function below(folder: string): (file: string) => boolean {
  return (file) => file.startsWith(folder);
}

/** `globs`: one or several with commas between them, relative to the root. */
function globBelow(root: string, globs: string): (file: string) => boolean {
  const parts = parted(globs)
    // Each further wildcard in one segment multiplies what a pattern may try.
    .filter((glob) => glob.length <= 310 && wildcardsIn(glob) <= mostWildcards + 1)
    .slice(0, 100);
  if (parts.length === 0) return () => false;
  const matches = picomatch(parts, { dot: true, noextglob: true, nonegate: true });
  return (file) => file.startsWith(root) && matches(file.slice(root.length));
}

function parted(globs: string): readonly string[] {
  return globs
    .split(/,(?![^{]*\})/)
    .map((glob) => glob.trim().replace(/^(\.?\/)+/, ''))
    .filter((glob) => glob !== '');
}

/** Who leaves out a folder means what is in it. */
function withInside(globs: string): string {
  return `${globs},${parted(globs)
    .map((glob) => `${glob.replace(/\/+$/, '')}/**`)
    .join(',')}`;
}

/** Every folder on the way to a file, the root first, each once. */
function foldersOf(files: readonly string[], root: string): readonly string[] {
  const folders = new Set<string>([root]);
  for (const file of files) {
    const parts = file.slice(root.length).split('/').slice(0, -1);
    for (const [index] of parts.entries()) folders.add(`${root}${parts.slice(0, index + 1).join('/')}/`);
  }
  return [...folders]
    .sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))
    .slice(0, mostFolders);
}

function frontMatter(text: string): { readonly applyTo?: string; readonly body: string } {
  const found = /^---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)/s.exec(text);
  if (!found) return { body: text };
  const applyTo = /^applyTo:[ \t]*(?:"([^"\r\n]*)"|'([^'\r\n]*)'|([^\r\n#]*))/m.exec(found[1] ?? '');
  const globs = (applyTo?.[1] ?? applyTo?.[2] ?? applyTo?.[3] ?? '').trim();
  return { body: text.slice(found[0].length), ...(globs !== '' && { applyTo: globs }) };
}

/** Instructions can hold a secret as well as any file, and a mark that nobody sees. */
function shown(text: string): string {
  // Before it is cut: half a secret does not look like one.
  const masked = redact(text).text;
  return masked.length > longest ? `${masked.slice(0, longest)}\n(cut)` : masked;
}
