import type { Host } from '../host.ts';
import { deniedContent } from './denyList.ts';
import { type Checked, checkUnsaved, readInside } from './openInside.ts';
import type { Place } from './paths.ts';
import { binaryName, decodeText } from './skipReason.ts';

/** The text of a place: what the editor holds unsaved wins over the disk. At most `kilobytes` (1024 bytes each). */
export async function readText(host: Host, place: Place, kilobytes: number): Promise<Checked<string>> {
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
  if (!bytes.ok) return bytes;
  const decoded = decodeText(bytes.value);
  if ('reason' in decoded) return refused(decoded.reason);
  const denied = deniedContent(place.relative, decoded.text);
  return denied ? refused(denied) : { ok: true, value: decoded.text };
}

const tooLarge = (kilobytes: number) => `larger than ${kilobytes} kB`;
const refused = (reason: string) => ({ ok: false, problem: { kind: 'unreadable', reason } }) as const;
