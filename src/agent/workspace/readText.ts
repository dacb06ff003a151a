import type { FileChange, Host } from '../host.ts';
import { deniedContent, deniedReason } from './denyList.ts';
import { type Checked, checkUnsaved, readInside } from './openInside.ts';
import type { Place } from './paths.ts';
import { secretName } from './secretName.ts';
import { binaryName, decodeText } from './skipReason.ts';

/** The text of a place: what the editor holds unsaved wins over the disk. At most `kilobytes` (1024 bytes each). */
export async function readText(host: Host, place: Place, kilobytes: number): Promise<Checked<string>> {
  const named = secretName(place.relative);
  if (named) return refused(named);
  const unsaved = host.unsavedText(place.absolutePath);
  if (unsaved === undefined) return readSaved(place, kilobytes);
  const allowed = await checkUnsaved(place);
  if (!allowed.ok) return allowed;
  const problem =
    Buffer.byteLength(unsaved) > kilobytes * 1024 ? tooLarge(kilobytes) : deniedContent(place.relative, unsaved);
  return problem === undefined ? { ok: true, value: unsaved } : refused(problem);
}

/** The same from the disk alone. */
export async function readSaved(place: Place, kilobytes: number): Promise<Checked<string>> {
  const binary = binaryName(place.relative);
  if (binary) return refused(binary);
  const bytes = await readInside(place, kilobytes * 1024, tooLarge(kilobytes));
  return bytes.ok ? textOf(place, bytes.value) : bytes;
}

/** The text that Git keeps of a place, under the same rules as the one on disk. */
export async function readRevision(
  place: Place,
  saved: NonNullable<FileChange['saved']>,
  kilobytes: number,
  signal: AbortSignal,
): Promise<Checked<string>> {
  const kept = deniedReason(place.relative) ?? secretName(place.relative) ?? binaryName(place.relative);
  if (kept) return refused(kept);
  const bytes = await saved(kilobytes * 1024, signal);
  if (!bytes.ok) return refused(bytes.failure.message);
  if (bytes.value === undefined) return refused(tooLarge(kilobytes));
  return textOf(place, bytes.value);
}

function textOf(place: Place, bytes: Uint8Array): Checked<string> {
  const decoded = decodeText(bytes);
  if ('reason' in decoded) return refused(decoded.reason);
  const denied = deniedContent(place.relative, decoded.text);
  return denied ? refused(denied) : { ok: true, value: decoded.text };
}

const tooLarge = (kilobytes: number) => `larger than ${kilobytes} kB`;
const refused = (reason: string) => ({ ok: false, problem: { kind: 'unreadable', reason } }) as const;
