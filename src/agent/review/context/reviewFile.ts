import * as z from 'zod/mini';

export const reviewFileName = '.developer-mesh/review.yaml';
const largest = 64_000;

/** `.developer-mesh/review.yaml`, which `media/schemas/review.json` describes for editors. */
export interface ReviewFile {
  readonly instructions: string;
  readonly paths: readonly { readonly match: string; readonly instructions: string }[];
  /** Globs of what is not reviewed. */
  readonly exclude: readonly string[];
  readonly disabledRules: readonly string[];
}

export const noReviewFile: ReviewFile = { instructions: '', paths: [], exclude: [], disabledRules: [] };

const text = (most: number) => z.string().check(z.maxLength(most));
/** Of one glob. A file with more is not used, and says so: an exclusion that is passed over in silence excludes nothing. */
export const mostWildcards = 8;
export function wildcardsIn(glob: string): number {
  return glob.match(/\*+/g)?.length ?? 0;
}
const glob = text(300).check(
  z.minLength(1),
  z.refine((globs) => globs.split(',').every((one) => wildcardsIn(one) <= mostWildcards)),
);
const format = z.strictObject({
  instructions: z._default(text(16_000), ''),
  paths: z._default(z.array(z.strictObject({ match: glob, instructions: text(16_000) })).check(z.maxLength(100)), []),
  exclude: z._default(z.array(glob).check(z.maxLength(200)), []),
  rules: z._default(z.strictObject({ disable: z._default(z.array(text(200)).check(z.maxLength(500)), []) }), {
    disable: [],
  }),
});

type Read = { readonly ok: true; readonly value: ReviewFile } | { readonly ok: false; readonly reason: string };

/** A file that is not as it should be is not used at all: half of it might say the opposite of the whole. */
export async function readReviewFile(source: string): Promise<Read> {
  if (source.length > largest) return { ok: false, reason: `not used: larger than ${largest / 1000} kB` };
  // Its default export: a chunk that is split off from a bundle has no other of a CommonJS package.
  const { parse } = (await import('yaml')).default;
  let value: unknown;
  try {
    // Aliases can multiply a small file into a huge one.
    value = parse(source, { maxAliasCount: 0, logLevel: 'error' }) ?? {};
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { ok: false, reason: `not used: ${first.slice(0, 200)}` };
  }
  const read = format.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.join('.') || 'the file';
    const what = issue?.code === 'unrecognized_keys' ? `has the unknown key ${issue.keys[0]}` : 'is not as expected';
    return { ok: false, reason: `not used: ${where.slice(0, 100)} ${what}`.slice(0, 300) };
  }
  const { rules, ...rest } = read.data;
  return { ok: true, value: { ...rest, disabledRules: rules.disable } };
}
