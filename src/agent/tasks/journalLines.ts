import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type JournalRecord, JournalState } from './journalState.ts';
import { priorities } from './task.ts';

/*
 * One record a line: {"v":1,"sum":"0123456789abcdef","record":{...}}. `sum` is over the text of the record, so a line
 * that was torn, or written twice into one another, is told from a whole one.
 */
const opening = '{"v":1,"sum":"';
const middle = '","record":';
const sumLength = 16;

const id = z.string().check(z.minLength(1));
const status = z.enum(['completed', 'failed', 'cancelled', 'inconclusive']);
const count = z.number();

const taskSchema = z.object({
  id,
  type: z.string(),
  title: z.exactOptional(z.string()),
  priority: z.enum(priorities),
  deadline: z.exactOptional(z.number()),
  payload: z._default(z.unknown(), null),
  origin: z.literal('server'),
});

/** Its keys stand in the order in which a result is made: one that is sent again after a restart is the same text. */
const resultSchema = z.object({
  task_id: id,
  status,
  result: z._default(z.unknown(), null),
  metadata: z.object({
    static_issues: count,
    ai_suggestions: count,
    confidence: count,
    tokens: z.exactOptional(z.object({ input: count, output: count, cache_read: count, cache_write: count })),
    model: z.exactOptional(z.nullable(z.string())),
    not_reviewed: z.array(z.object({ file: z.string(), reason: z.string() })),
    duration_ms: count,
  }),
  error: z.exactOptional(z.string()),
  completed_at: z.string(),
});

const recordSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('received'), task: taskSchema }),
  z.object({ kind: z.literal('accepted'), id }),
  z.object({ kind: z.literal('running'), id, attempt: z.int().check(z.positive()) }),
  z.object({ kind: z.literal('stopped'), id, attempt: z.int().check(z.positive()) }),
  z.object({ kind: z.literal('result'), result: resultSchema }),
  z.object({
    kind: z.literal('ended'),
    id,
    how: z.enum(['delivered', 'dropped', 'refused', 'cancelled']),
    at: z.number(),
    status: z.exactOptional(status),
    reason: z.exactOptional(z.string()),
    result: z.exactOptional(resultSchema),
  }),
]);

/** Ends with a line feed. Throws when the record is not JSON. */
export function encodeLine(record: JournalRecord): string {
  const text = JSON.stringify(record);
  return `${opening}${checksum(text)}${middle}${text}}\n`;
}

const encodedInOneGo = 500;

/** In slices, so that ten thousand records do not hold up whatever else this process does. */
export async function encodeAll(records: readonly JournalRecord[]): Promise<string[]> {
  const lines: string[] = [];
  for (let from = 0; from < records.length; from += encodedInOneGo) {
    for (const record of records.slice(from, from + encodedInOneGo)) lines.push(encodeLine(record));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return lines;
}

export function byteLength(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
}

/** The record of one line without its line feed; undefined when the line is not whole, or not of this version. */
export function decodeLine(line: string): JournalRecord | undefined {
  const recordAt = opening.length + sumLength + middle.length;
  if (!line.startsWith(opening) || !line.endsWith('}')) return undefined;
  if (line.slice(opening.length + sumLength, recordAt) !== middle) return undefined;
  const text = line.slice(recordAt, -1);
  if (line.slice(opening.length, opening.length + sumLength) !== checksum(text)) return undefined;
  try {
    const parsed = recordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // A right checksum over something that is not JSON: not written by us.
    return undefined;
  }
}

/**
 * What a journal adds up to. Lines that cannot be read are skipped and counted; nothing is thrown. Any of them may have
 * been the end of a run, so what was begun before it counts for nothing, and what is begun after it counts.
 */
export function replay(text: string): { readonly state: JournalState; readonly skipped: number } {
  const state = new JournalState();
  let skipped = 0;
  let certain = true;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const record = decodeLine(line);
    if (record) state.apply(record);
    else skipped += 1;
    // Once for a stretch of them: a damaged file may hold millions.
    if (!record && certain) state.forgive();
    certain = record !== undefined;
  }
  return { state, skipped };
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, sumLength);
}
