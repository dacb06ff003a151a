import * as z from 'zod/mini';
import { hiddenCharacters } from '../workspace/clean.ts';
import { redact } from '../workspace/redact.ts';
import { commentWords, sameCode } from './codeTokens.ts';

/** Documentation for one symbol, as the model words it. `old` is quoted from the file, `new` is to stand in its place. */
export interface Edit {
  readonly symbol: string;
  readonly old: string;
  readonly new: string;
}

export type Checked =
  | { readonly ok: true; readonly edit: PlacedEdit }
  /** `changesCode`: applying it would do more than document. */
  | { readonly ok: false; readonly reason: string; readonly changesCode: boolean };

export interface PlacedEdit extends Edit {
  /** Offset of `old` in the text. */
  readonly start: number;
}

const code = z.string().check(z.minLength(1), z.maxLength(40_000));
const edit = z.object({ symbol: z.string().check(z.minLength(1), z.maxLength(256)), old: code, new: code });

export function readEdit(value: unknown): Edit | undefined {
  const read = edit.safeParse(value);
  return read.success ? read.data : undefined;
}

/**
 * Whether an edit may be proposed: what it replaces stands in the text, once or with the symbol's line in it, it adds
 * documentation, and it leaves every token of the code as it was, looked at by itself and in the whole text.
 */
export function checkEdit(given: Edit, text: string, language: string, symbolOffset: number | undefined): Checked {
  const no = (reason: string, changesCode = false): Checked => ({ ok: false, reason, changesCode });
  const lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  const native = (part: string) => part.replace(/\r\n|\r|\n/g, lineBreak);
  const edit = { symbol: given.symbol, old: native(given.old), new: native(given.new) };
  const start = placeOf(edit.old, text, symbolOffset);
  if (start === undefined) return no('the code it quotes does not stand in the file, or stands in several places');
  if (hiddenCharacters(edit.new).length > hiddenCharacters(edit.old).length)
    return no('it contains invisible characters');
  if (redact(edit.old).count > 0) return no('the code it quotes contains a secret');
  if (!sameCode(edit.old, edit.new, language)) return no('it would change the code', true);
  const changed = text.slice(0, start) + edit.new + text.slice(start + edit.old.length);
  if (!sameCode(text, changed, language)) return no('it would change the code', true);
  if (edit.old === edit.new || commentWords(edit.new, language) === 0) return no('it documents nothing');
  return { ok: true, edit: { ...edit, start } };
}

function placeOf(old: string, text: string, symbolOffset: number | undefined): number | undefined {
  const places: number[] = [];
  for (let at = text.indexOf(old); at !== -1; at = text.indexOf(old, at + 1)) places.push(at);
  if (places.length === 1) return places[0];
  if (symbolOffset === undefined) return undefined;
  const around = places.filter((at) => at <= symbolOffset && symbolOffset < at + old.length);
  return around.length === 1 ? around[0] : undefined;
}

/** The edits that do not overlap an earlier one, in the order of the text. */
export function withoutOverlaps(edits: readonly PlacedEdit[]): PlacedEdit[] {
  const kept: PlacedEdit[] = [];
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1);
    if (!last || edit.start >= last.start + last.old.length) kept.push(edit);
  }
  return kept;
}

/** `edits` as from `withoutOverlaps`. */
export function applied(text: string, edits: readonly PlacedEdit[]): string {
  return [...edits]
    .reverse()
    .reduce(
      (result, edit) => result.slice(0, edit.start) + edit.new + result.slice(edit.start + edit.old.length),
      text,
    );
}
