import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { failed, failures, type Outcome, succeeded } from '../failures.ts';
import { checkUnsaved, realInside } from '../workspace/openInside.ts';
import type { Place } from '../workspace/paths.ts';
import { longestQuote, type Suppression } from './suppression.ts';

const largestFile = 4 * 1024 * 1024;
const mostSuppressions = 10_000;

const text = (most: number) => z.string().check(z.maxLength(most));
const digest = z.string().check(z.regex(/^[0-9a-f]{32}$/));
const own = { reason: z.optional(text(2000)), added: z._default(text(40), '') };
const count = z.int().check(z.minimum(0), z.maximum(10_000));
const entry = z.discriminatedUnion('scope', [
  z.object({
    scope: z.literal('finding'),
    fingerprint: digest,
    movable: digest,
    place: z.optional(z.tuple([count, count])),
    file: text(1024),
    rule: text(200),
    title: text(400),
    quote: text(longestQuote),
    ...own,
  }),
  z.object({ scope: z.literal('rule'), rule: text(200), ...own }),
  z.object({ scope: z.literal('file'), file: text(1024), ...own }),
]);
const format = z.object({
  version: z.literal(1),
  suppressed: z.array(entry).check(z.maxLength(mostSuppressions)),
});

export interface SuppressionFile {
  /** Absolute. */
  readonly path: string;
  /** Its name for people. */
  readonly shown: string;
  /** Where it is in the workspace: it must not lead out of its folder. Absent for a file of our own storage. */
  readonly place?: Place;
}

/** Empty when there is no such file. Fails with `badSuppressions` when it is there and not as it should be. */
export async function readSuppressions(file: SuppressionFile): Promise<Outcome<readonly Suppression[]>> {
  const bad = (reason: string) => failed(failures.badSuppressions(file.shown, reason));
  try {
    if (!(await staysInside(file))) return bad('it leads out of the workspace');
    const { size } = await stat(file.path);
    if (size > largestFile) return bad('it is larger than 4 MB');
    const parsed = format.safeParse(JSON.parse(await readFile(file.path, 'utf8')));
    if (parsed.success) return succeeded(parsed.data.suppressed.map(withoutUndefined));
    return bad(`${parsed.error.issues[0]?.path.join('.') || 'the whole'} is not as expected`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return succeeded([]);
    return bad(error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error));
  }
}

/** In one step: a reader sees the old file or the new one. An empty list takes the file away. */
export async function writeSuppressions(
  file: SuppressionFile,
  suppressed: readonly Suppression[],
): Promise<Outcome<true>> {
  try {
    if (!(await staysInside(file))) return failed(failures.notKept(file.shown, 'it leads out of the workspace'));
    if (suppressed.length === 0) await rm(file.path, { force: true });
    else {
      await mkdir(dirname(file.path), { recursive: true });
      const draft = `${file.path}.new`;
      // One that was left behind, or that is a link to somewhere else.
      await rm(draft, { force: true });
      const kept = suppressed.slice(-mostSuppressions);
      await writeFile(draft, `${JSON.stringify({ version: 1, suppressed: kept }, undefined, 2)}\n`, { flag: 'wx' });
      await rename(draft, file.path);
    }
    return succeeded(true);
  } catch (error) {
    return failed(failures.notKept(file.shown, reasonOf(error)));
  }
}

/** Whether there is no file at a place any more. One that must not be looked at counts as there. */
export async function isMissing(place: Place): Promise<boolean> {
  const real = await realInside(place);
  return !real.ok && real.problem.kind === 'missing';
}

async function staysInside({ place }: SuppressionFile): Promise<boolean> {
  return place === undefined || (await checkUnsaved(place)).ok;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Given = z.output<typeof entry>;

function withoutUndefined(given: Given): Suppression {
  const { reason, added } = given;
  const own = { added, ...(reason !== undefined && { reason }) };
  if (given.scope === 'rule') return { scope: 'rule', rule: given.rule, ...own };
  if (given.scope === 'file') return { scope: 'file', file: given.file, ...own };
  const { place, reason: _, ...finding } = given;
  return { ...finding, ...own, ...(place && { place }) };
}
